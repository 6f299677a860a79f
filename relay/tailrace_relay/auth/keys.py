"""Keys that tokens are signed with: from a setting, a file that may change, or a JWKS address."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from tailrace_relay.errors import KeysError, Unavailable

__all__ = ["ALGORITHMS", "FixedKeys", "Key", "KeyFile", "KeySource", "RemoteKeys", "read_keys"]

logger = logging.getLogger("tailrace.relay")

ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")

# Bytes of a shared secret: RFC 7518, 3.2, asks for as many as the hash has.
SHORTEST_SECRET = 32

# Bits of an RSA key: RFC 7518, 3.3.
SMALLEST_RSA = 2048

# Keys of one source; more are no rotation.
MAX_KEYS = 64

SECONDS = 1.0

# How often a key file is looked at.
LOOK = 1 * SECONDS

# How long keys of an address are believed, and how soon one asks again there for a key that is not known: whoever
# makes up key IDs must not make us ask for each.
LIFESPAN = 300 * SECONDS
COOLDOWN = 10 * SECONDS
FETCH_TIMEOUT = 5 * SECONDS

PEM = re.compile(r"-----BEGIN [A-Z ]+-----[^-]*-----END [A-Z ]+-----")


class Key(NamedTuple):
    """A key, and the one algorithm that it is for: which one never is the token's choice.

    Attributes:
        id: its `kid`; None where it has none.
    """

    id: str | None
    algorithm: str
    material: Any

    def may_have_signed(self, id: str | None, algorithm: str) -> bool:
        """Whether a token with this header can be of this key."""
        return algorithm == self.algorithm and (id is None or self.id is None or id == self.id)


class KeySource(Protocol):
    """Where keys come from."""

    async def candidates(self, id: str | None, algorithm: str) -> list[Key]:
        """Keys that may have signed a token with this header.

        Raises:
            Unavailable: when that cannot be known at the moment.
        """


class FixedKeys:
    """Keys that stay as they are."""

    def __init__(self, keys: list[Key]) -> None:
        self._keys = keys

    async def candidates(self, id: str | None, algorithm: str) -> list[Key]:
        return [key for key in self._keys if key.may_have_signed(id, algorithm)]


class KeyFile:
    """Keys of a file, which is read again when it changes: so they are rotated.

    Raises:
        KeysError: from the constructor, when there is no such file or it holds no keys.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._looked = 0.0
        self._seen: tuple[int, int, int] | None = None
        self._keys = self._read()

    async def candidates(self, id: str | None, algorithm: str) -> list[Key]:
        if time.monotonic() - self._looked >= LOOK:
            try:
                self._keys = self._read()
            except KeysError as error:
                logger.warning("the keys stay as they were: %s", error)
        return [key for key in self._keys if key.may_have_signed(id, algorithm)]

    def _read(self) -> list[Key]:
        self._looked = time.monotonic()
        try:
            found = os.stat(self._path)
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen == self._seen:
                return self._keys
            text = self._path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise KeysError(f"{self._path} cannot be read: {error}") from error
        keys = read_keys(text, str(self._path))
        self._seen = seen
        return keys


class RemoteKeys:
    """Keys of a JWKS address (RFC 7517), asked for anew now and then, and when a token names one that is not known."""

    def __init__(self, url: str) -> None:
        try:
            # Its own cache would hold back what we ask for.
            self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=FETCH_TIMEOUT)
        except jwt.PyJWTError as error:
            raise KeysError(f"{url!r} is no address of keys: {error}") from error
        self._keys: list[Key] | None = None
        self._asked = float("-inf")
        self._asking = asyncio.Lock()

    async def candidates(self, id: str | None, algorithm: str) -> list[Key]:
        found = self._known(id, algorithm)
        if time.monotonic() - self._asked < (LIFESPAN if found else COOLDOWN):
            return self._given(found)
        async with self._asking:
            found = self._known(id, algorithm)
            if time.monotonic() - self._asked >= (LIFESPAN if found else COOLDOWN):
                await self._ask()
        return self._given(self._known(id, algorithm))

    def _known(self, id: str | None, algorithm: str) -> list[Key]:
        return [key for key in self._keys or () if key.may_have_signed(id, algorithm)]

    def _given(self, found: list[Key]) -> list[Key]:
        if self._keys is None:
            raise Unavailable("the keys of tokens cannot be fetched at the moment; come again")
        return found

    async def _ask(self) -> None:
        self._asked = time.monotonic()
        try:
            answer = await asyncio.to_thread(self._client.fetch_data)
        except (jwt.PyJWTError, ValueError, OSError, RecursionError) as error:
            logger.warning("the keys at TAILRACE_TOKEN_JWKS cannot be fetched: %s", error)
            return
        # A secret that lies at an address is none.
        self._keys = [key for key in _of_set(answer) if key.algorithm != "HS256"]


def read_keys(text: str, where: str) -> list[Key]:
    """The keys of a text: a JWK set, or public keys as PEM and secrets, one a line; lines with # are passed over.

    Args:
        where: the text is from, for the error; the text itself is never repeated.

    Raises:
        KeysError: when it holds none, or one that is too weak.
    """
    text = text.strip()
    if text.startswith("{"):
        try:
            keys = _of_set(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise KeysError(f"{where}: not a JWK set: {type(error).__name__}") from error
    else:
        blocks = PEM.findall(text)
        lines = [line.strip() for line in PEM.sub("", text).splitlines()]
        secrets = [line for line in lines if line and not line.startswith("#")]
        keys = [_of_pem(block, where) for block in blocks] + [_of_secret(line, where) for line in secrets]
    if not keys or len(keys) > MAX_KEYS:
        raise KeysError(f"{where}: {len(keys)} keys for {', '.join(ALGORITHMS)}; right would be 1 to {MAX_KEYS}")
    return keys


def _of_secret(line: str, where: str) -> Key:
    secret = line.encode()
    if len(secret) < SHORTEST_SECRET:
        raise KeysError(
            f"{where}: a secret of {len(secret)} bytes; right would be {SHORTEST_SECRET} or more, "
            "as from: openssl rand -hex 32"
        )
    if line.startswith("-----") or _is_public(secret):
        # What everybody may know would be a secret to nobody.
        raise KeysError(f"{where}: part of a key in PEM; right would be all of it, from -----BEGIN PUBLIC KEY----- on")
    return Key(None, "HS256", secret)


def _is_public(secret: bytes) -> bool:
    try:
        load_der_public_key(base64.b64decode(secret, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _of_pem(block: str, where: str) -> Key:
    try:
        material = load_pem_public_key(block.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeysError(f"{where}: no public key in PEM (a gateway needs no private one)") from error
    algorithm = _algorithm(material)
    if algorithm is None:
        raise KeysError(f"{where}: not a key for {', '.join(ALGORITHMS)}; RSA keys have {SMALLEST_RSA} bits or more")
    return Key(None, algorithm, material)


def _of_set(value: Any) -> list[Key]:
    """The keys of a JWK set that are for signatures that we know; others are passed over, as RFC 7517 says."""
    members = value.get("keys") if isinstance(value, dict) else None
    return [key for member in _dicts(members) if (key := _of_jwk(member)) is not None]


def _dicts(members: Any) -> Iterable[dict[str, Any]]:
    return [each for each in members[:MAX_KEYS] if isinstance(each, dict)] if isinstance(members, list) else []


def _of_jwk(member: dict[str, Any]) -> Key | None:
    if member.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(member)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    material = key.key
    if member.get("kty") == "oct":
        algorithm = "HS256" if isinstance(material, bytes) and len(material) >= SHORTEST_SECRET else None
    else:
        algorithm = _algorithm(material)
    if algorithm is None or algorithm != member.get("alg", algorithm):
        return None
    return Key(key.key_id, algorithm, material)


def _algorithm(material: object) -> str | None:
    if isinstance(material, RSAPublicKey) and material.key_size >= SMALLEST_RSA:
        return "RS256"
    if isinstance(material, EllipticCurvePublicKey) and isinstance(material.curve, SECP256R1):
        return "ES256"
    return "EdDSA" if isinstance(material, Ed25519PublicKey) else None
