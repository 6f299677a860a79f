"""Telling good tokens from bad ones (RFC 7519)."""

from __future__ import annotations

from typing import Any

import jwt

from tailrace_relay.auth.claims import read_claims
from tailrace_relay.auth.grant import Grant
from tailrace_relay.auth.keys import ALGORITHMS, FixedKeys, Key, KeyFile, KeySource, RemoteKeys, read_keys
from tailrace_relay.errors import Unauthorized, Unavailable
from tailrace_relay.settings import Settings

__all__ = ["MAX_TOKEN", "Verifier"]

# Characters of a token: what servers and proxies take as one header.
MAX_TOKEN = 8192

_REASONS = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidIssuedAtError: "the token is not issued yet",
    jwt.InvalidAudienceError: "the token is meant for another audience",
    jwt.InvalidIssuerError: "the token is of another issuer",
    jwt.MissingRequiredClaimError: "the token lacks a claim that this gateway asks for: aud or iss",
}


class Verifier:
    """Verifies tokens by the keys that are set.

    Raises:
        KeysError: from the constructor, when what is set holds no usable key.
    """

    def __init__(self, settings: Settings) -> None:
        self._sources = _sources(settings)
        self._audience = settings.token_audience or None
        self._issuer = settings.token_issuer or None
        self._leeway = settings.token_leeway

    @property
    def required(self) -> bool:
        """Whether a token is needed: as soon as a key is set."""
        return bool(self._sources)

    async def verify(self, token: str) -> Grant:
        """What a token grants. No text of an error repeats any of it.

        Raises:
            Unauthorized: when it is not good; says why.
            Unavailable: when the keys cannot be had at the moment.
        """
        if len(token) > MAX_TOKEN:
            raise Unauthorized(f"a token of more than {MAX_TOKEN} characters")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise Unauthorized("not a JSON web token") from error
        algorithm, id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise Unauthorized(f"the token is not signed with one of {', '.join(ALGORITHMS)}")
        unavailable: Unavailable | None = None
        for source in self._sources:
            try:
                claims = self._claims(token, await source.candidates(id, algorithm))
            except Unavailable as error:
                unavailable = error  # another source may have the key
                continue
            if claims is not None:
                return read_claims(claims, token)
        raise unavailable or Unauthorized("the token is signed with a key that this gateway does not know")

    def _claims(self, token: str, keys: list[Key]) -> dict[str, Any] | None:
        """What a token says that one of the keys has signed; None where none has."""
        for key in keys:
            try:
                return jwt.decode(
                    token,
                    key.material,
                    algorithms=[key.algorithm],
                    audience=self._audience,
                    issuer=self._issuer,
                    leeway=self._leeway,
                )
            except jwt.InvalidSignatureError:
                continue  # of another key, perhaps of the next
            except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
                raise Unauthorized(_REASONS.get(type(error), "the token's claims are not valid")) from error
        return None


def _sources(settings: Settings) -> list[KeySource]:
    sources: list[KeySource] = []
    if key := settings.token_key.get_secret_value():
        sources.append(FixedKeys(read_keys(key, "TAILRACE_TOKEN_KEY")))
    if settings.token_key_file:
        sources.append(KeyFile(settings.token_key_file))
    if settings.token_jwks:
        sources.append(RemoteKeys(settings.token_jwks))
    return sources
