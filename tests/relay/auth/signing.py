"""Keys of each kind, and tokens signed with them."""

from __future__ import annotations

import base64
import json
import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import get_default_algorithms

SECRET = "0123456789abcdef0123456789abcdef"
OTHER_SECRET = "another secret, as long as it has to be"

ASYMMETRIC = ("RS256", "ES256", "EdDSA")


def private_key(algorithm: str, name: str = "") -> Any:
    """One key for each algorithm and name."""
    return _made(algorithm, name)


@cache
def _made(algorithm: str, name: str) -> Any:
    # Once: RSA keys take their time.
    if algorithm == "RS256":
        return generate_rsa(65537, 2048)
    return generate_private_key(SECP256R1()) if algorithm == "ES256" else Ed25519PrivateKey.generate()


def private_pem(algorithm: str) -> str:
    key = private_key(algorithm)
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def public_pem(algorithm: str, name: str = "") -> str:
    key = private_key(algorithm, name).public_key()
    return str(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def public_jwk(algorithm: str, kid: str, name: str = "") -> dict[str, Any]:
    public = private_key(algorithm, name).public_key()
    made = get_default_algorithms()[algorithm].to_jwk(public, as_dict=True)
    return {**made, "kid": kid, "use": "sig", "alg": algorithm}


def signed(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    """A token for reading `api`, unless the claims say otherwise; None takes a claim away."""
    content = {"streams": ["api"], "actions": ["read"], "exp": int(time.time()) + 3600, **claims}
    content = {name: value for name, value in content.items() if value is not None}
    return jwt.encode(content, key, algorithm, headers={"kid": kid} if kid else None)


def unsigned(**claims: Any) -> str:
    """A token of the algorithm `none`."""
    parts = ({"alg": "none", "typ": "JWT"}, {"streams": ["*"], "actions": ["read"], **claims})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."
