"""The relay's settings: one frozen object, from which environment, command line and docs follow."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from redis.connection import parse_url

from tailrace.wire import DEFAULT_PREFIX

__all__ = ["Settings"]


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

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(word.strip().rstrip("/") for word in value.split(",") if word.strip())
        return value
