"""The relay's settings: one frozen object, from which environment, command line and docs follow."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from redis.connection import parse_url

from tailrace.wire import DEFAULT_PREFIX

__all__ = ["DIALECTS", "Settings"]

# The interfaces of existing front ends that a gateway can have (docs/DIALECTS.md).
DIALECTS = ("logs", "monitor", "services", "events", "runs")


class Settings(BaseSettings):
    """Read from `TAILRACE_*`; arguments win over the environment."""

    model_config = SettingsConfigDict(
        env_prefix="TAILRACE_", frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    url: str = Field(
        default="redis://127.0.0.1:6379/0",
        validation_alias=AliasChoices("TAILRACE_URL", "REDIS_URL"),
        description="Redis, as redis://[user:password@]host:port/db, rediss:// or unix://",
    )
    prefix: str = Field(
        default=DEFAULT_PREFIX, min_length=1, max_length=64, description="what all names in Redis begin with"
    )
    host: str = Field(default="127.0.0.1", description="the address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="the port to listen on; 0 takes a free one")
    gateway: str = Field(
        default="", max_length=64, description="this gateway's name in greetings; default: host name and pid"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="origins besides its own that browsers may connect from, separated by commas; * is any"
    )

    dialects: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description=f"existing front ends to serve: all, or some of {', '.join(DIALECTS)}"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="names, without ports, by which clients may call the gateway, separated by commas; none: any. "
        "`tailrace dev` takes those of this machine only",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("127.0.0.1",),
        description="addresses and networks of proxies whose X-Forwarded-For is believed, separated by commas",
    )
    token_key: SecretStr = Field(
        default=SecretStr(""),
        description="what tokens are verified with: a secret of 32 bytes or more, or a public key as PEM. "
        "As soon as this or one of the next two is set, nothing goes without a token",
    )
    token_key_file: str = Field(
        default="",
        description="a file of keys: secrets, one a line, public keys as PEM, or a JWK set; read again when it changes",
    )
    token_jwks: str = Field(default="", description="the address of a JWK set, whose keys may change")
    token_audience: str = Field(default="", description="the audience that tokens must be meant for")
    token_issuer: str = Field(default="", description="the issuer that tokens must be of")
    token_leeway: float = Field(
        default=10, ge=0, le=300, description="seconds that clocks may differ when a token's times are checked"
    )
    token_grace: float = Field(
        default=25, ge=0, le=300, description="seconds that a connection goes on when its token has expired"
    )
    token_cookie: str = Field(
        default="tailrace_token", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="the cookie that may hold a token"
    )
    limit_address_connections: int = Field(
        default=4096, ge=0, description="open WebSockets and event streams of one address; 0 is without limit"
    )
    limit_address_requests: int = Field(
        default=500,
        ge=0,
        description="requests a second of one address, ten seconds' worth at once; 0 is without limit",
    )
    limit_token_connections: int = Field(
        default=256, ge=0, description="open WebSockets and event streams of one token's subject; 0 is without limit"
    )
    limit_token_requests: int = Field(
        default=100, ge=0, description="requests a second of one token's subject; 0 is without limit"
    )
    limit_downloads: int = Field(
        default=4,
        ge=0,
        description="downloads at one time of one token's subject, of one address where none is asked for; "
        "0 is without limit, but for the 16 of a gateway",
    )
    limit_messages: int = Field(
        default=50, ge=0, description="messages a second from one WebSocket's client; 0 is without limit"
    )

    @field_validator("url")
    @classmethod
    def _usable(cls, value: str) -> str:
        try:
            parse_url(value)  # type: ignore[no-untyped-call]  # redis-py's own reading decides
        except ValueError as error:
            # The value may hold a password: it is not repeated.
            raise ValueError(
                "not a Redis URL; right would be redis://host:port/db, rediss:// or unix://path"
            ) from error
        return value

    @property
    def environment(self) -> dict[str, str]:
        """The variables that say the same."""
        found = {}
        for name, value in self:
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            found[f"TAILRACE_{name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
        return found

    @field_validator("allowed_hosts", "allowed_origins", "dialects", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(word.strip().rstrip("/") for word in value.split(",") if word.strip())
        return value

    @field_validator("dialects")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in (*DIALECTS, "all"):
                raise ValueError(f"there is no dialect {name!r}; right would be all, or some of {', '.join(DIALECTS)}")
        return DIALECTS if "all" in value else tuple(name for name in DIALECTS if name in value)
