"""Making tokens, for trying out and for scripts; in production whoever knows the users makes them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tailrace_relay.auth.claims import read_claims
from tailrace_relay.auth.keys import read_keys
from tailrace_relay.errors import KeysError, ParameterError, Unauthorized
from tailrace_relay.query.quantity import TIME, parse_quantity
from tailrace_relay.settings import Settings

__all__ = ["mint", "parse_lifetime"]

NANOSECONDS = 1_000_000_000


def mint(
    settings: Settings,
    *,
    streams: Sequence[str],
    actions: Sequence[str],
    query: str = "",
    subject: str = "",
    lifetime: int | None = None,
    private_key: str = "",
    key_id: str = "",
) -> str:
    """A token that a gateway of these settings takes.

    Args:
        lifetime: in seconds; None: for ever.
        private_key: as PEM, for RS256, ES256 and EdDSA; without it the secret of the settings signs.

    Raises:
        KeysError: when there is nothing to sign with.
        ParameterError: when what it is to allow makes no sense.
    """
    now = int(time.time())
    claims: dict[str, Any] = {"iat": now, "streams": list(streams), "actions": list(actions)}
    more = {
        "query": query,
        "sub": subject,
        "exp": None if lifetime is None else now + lifetime,
        "aud": settings.token_audience,
        "iss": settings.token_issuer,
    }
    claims |= {name: value for name, value in more.items() if value}
    try:
        read_claims(claims, "")
    except Unauthorized as error:
        raise ParameterError("token", str(error)) from error
    key, algorithm = _private(private_key) if private_key else (_secret(settings), "HS256")
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id} if key_id else None)


def parse_lifetime(text: str) -> int:
    """Seconds of a time such as `90s`, `15m` or `12h`.

    Raises:
        ParameterError: when it is none.
    """
    quantity = parse_quantity(text)
    if quantity is None or quantity.dimension != TIME or quantity.value < NANOSECONDS:
        raise ParameterError("expires", f"{text[:64]!r} is no time; right would be 15m, 12h or 30d")
    return int(quantity.value // NANOSECONDS)


def _secret(settings: Settings) -> bytes:
    text, where = settings.token_key.get_secret_value(), "TAILRACE_TOKEN_KEY"
    if not text and settings.token_key_file:
        where = settings.token_key_file
        try:
            with open(where, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise KeysError(f"{where} cannot be read: {error}") from error
    found = read_keys(text, where) if text else []
    secret = next((key.material for key in found if key.algorithm == "HS256"), None)
    if secret is None:
        raise KeysError(
            "there is no secret to sign with; set TAILRACE_TOKEN_KEY, as to the output of: openssl rand -hex 32, "
            "or give --private-key"
        )
    return bytes(secret)


def _private(pem: str) -> tuple[Any, str]:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise KeysError("not a private key in PEM without a passphrase") from error
    for kind, algorithm in ((RSAPrivateKey, "RS256"), (EllipticCurvePrivateKey, "ES256"), (Ed25519PrivateKey, "EdDSA")):
        if isinstance(key, kind):
            return key, algorithm
    raise KeysError("not a key of RSA, EC or Ed25519")
