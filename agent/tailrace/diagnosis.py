"""The diagnosis: is everything there that an agent needs, and what is to be done where it is not."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.retry import Retry

from tailrace.adoption import orphans
from tailrace.config import Config
from tailrace.diagnostics import without_password
from tailrace.spool.directory import candidates, check_place, open_file
from tailrace.wire.append import SCRIPT, Answer, Publication, append_call, new_epoch, new_producer
from tailrace.wire.frame import Frame, join_frame
from tailrace.wire.keys import Keys
from tailrace.wire.presence import Announcement, announce_commands
from tailrace.wire.record import Facts, Record, pack_record

__all__ = ["Finding", "acl_line", "examine"]

OK, WARNING, FAILURE = "ok", "warning", "failure"

OLDEST_REDIS = (6, 2)

# Seconds: to connect and for an answer; beyond which clocks disagree; for a message to come back.
PATIENCE, CLOCK_LIMIT = 3.0, 1.0

# The stream that is written to and removed again.
SCRATCH = "tailrace-doctor"

# Commands of the agent, those within the append script included.
COMMANDS = (
    "ping",
    "time",
    "info",
    "evalsha",
    "script|load",
    "get",
    "set",
    "del",
    "unlink",
    "pexpire",
    "hget",
    "hmget",
    "hset",
    "hdel",
    "xadd",
    "xlen",
    "xdel",
    "xinfo|stream",
    "xrange",
    "xtrim",
    "publish",
    "zadd",
    "zremrangebyscore",
)

# File systems on which a mapped spool is slow or not safe.
UNFIT = frozenset(("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "overlay", "btrfs", "zfs", "ceph", "glusterfs"))

SMALLEST_DISK = 64 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        state: `ok`, `warning` or `failure`.
        advice: what to do; empty where nothing is to be done.
    """

    check: str
    state: str
    text: str
    advice: str = ""


def acl_line(prefix: str, user: str = "tailrace") -> str:
    """The smallest rights with which an agent works."""
    commands = " ".join(f"+{command}" for command in COMMANDS)
    return f"ACL SETUSER {user} on >PASSWORD ~{prefix}:* &{prefix}:* {commands}"


def examine(config: Config) -> Iterator[Finding]:
    """Look at Redis and at this machine; the findings as they come. No password is in any of them."""
    yield from _examine_spool(config)
    client = redis.Redis.from_url(
        config.url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
    )
    with client:
        reached = _guarded("connection", config, lambda: _reach(client, config))
        yield reached
        if reached.state == FAILURE:
            return
        for check, look in (
            ("version", _version),
            ("memory policy", _memory_policy),
            ("persistence", _persistence),
            ("clock", _clock),
        ):
            yield _guarded(check, config, lambda look=look: look(client))  # type: ignore[misc]
        yield _guarded("rights", config, lambda: _rights(client, config))
        yield _guarded("presence", config, lambda: _presence(client, config))
        yield _guarded("round trip", config, lambda: _round_trip(client, config))


def _guarded(check: str, config: Config, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except NoPermissionError as error:
        text, advice = f"this user may not: {error}", f"as an administrator of Redis: {acl_line(config.prefix)}"
        return Finding(check, FAILURE, without_password(text), advice)
    except (RedisError, OSError) as error:
        return Finding(check, FAILURE, without_password(f"{type(error).__name__}: {error}"), "look at the server's log")


# Redis.


def _reach(client: redis.Redis, config: Config) -> Finding:
    place = without_password(config.url)
    try:
        client.ping()
    except AuthenticationError as error:
        return Finding("connection", FAILURE, f"{place}: {error}", "give user and password: redis://user:password@host")
    except ResponseError as error:
        if not str(error).startswith("NOAUTH"):
            raise
        return Finding("connection", FAILURE, f"{place}: {error}", "give a password: redis://:password@host")
    except (RedisError, OSError) as error:
        advice = "is it running, is the port open, does TLS want rediss:// in place of redis://?"
        return Finding("connection", FAILURE, without_password(f"{place}: {error}"), advice)
    return Finding("connection", OK, f"{place} answers")


def _version(client: redis.Redis) -> Finding:
    text = str(_info(client, "server").get("redis_version", "unknown"))
    numbers = tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
    if numbers < OLDEST_REDIS:
        return Finding("version", FAILURE, f"Redis {text}", "install Redis 6.2 or newer")
    return Finding("version", OK, f"Redis {text}")


def _memory_policy(client: redis.Redis) -> Finding:
    policy = str(_info(client, "memory").get("maxmemory_policy", "unknown"))
    if policy != "noeviction":
        advice = "CONFIG SET maxmemory-policy noeviction: another policy throws away streams and their numbering"
        return Finding("memory policy", FAILURE, policy, advice)
    return Finding("memory policy", OK, policy)


def _persistence(client: redis.Redis) -> Finding:
    if _info(client, "persistence").get("aof_enabled"):
        return Finding("persistence", OK, "appendonly yes")
    advice = "CONFIG SET appendonly yes, unless history may go with the server's process"
    return Finding("persistence", WARNING, "appendonly no", advice)


def _clock(client: redis.Redis) -> Finding:
    before = time.time()
    seconds, micros = client.time()
    ahead = int(seconds) + int(micros) / 1e6 - (before + time.time()) / 2
    text = f"Redis is {round(ahead * 1000):+d} ms ahead"
    if abs(ahead) > CLOCK_LIMIT:
        return Finding("clock", WARNING, text, "let both machines follow the same time server; no record depends on it")
    return Finding("clock", OK, text)


def _rights(client: redis.Redis, config: Config) -> Finding:
    """Run the whole script as this user, on a stream that is removed again."""
    keys = Keys(config.prefix)
    producer = new_producer()
    try:
        # The first takes all ways but trimming, the second, with a limit of one byte, that too.
        warnings = [_append(client, keys, producer, seq, size).warning for seq, size in ((1, 0), (2, 1))]
        denied = _denied(client, keys) if any(warnings) else []
    except ResponseError as error:
        denied = _denied(client, keys)
        if not denied:
            raise
        warnings = [str(error)]
    client.delete(keys.stream(SCRATCH), keys.meta(SCRATCH), keys.mark(SCRATCH, producer))
    if any(warnings):
        text = f"this user may not: {', '.join(denied)}" if denied else "; ".join(filter(None, warnings))
        return Finding("rights", FAILURE, text, f"as an administrator of Redis: {acl_line(config.prefix)}")
    client.zadd(keys.streams, {SCRATCH: 0})
    client.zremrangebyscore(keys.streams, 0, 0)
    return Finding("rights", OK, "the append script runs, with all of its commands")


def _denied(client: redis.Redis, keys: Keys) -> list[str]:
    """The commands that this user may not give, tried one by one: Redis does not say which it missed in a script."""
    stream, meta, mark = keys.stream(SCRATCH), keys.meta(SCRATCH), keys.mark(SCRATCH, bytes(16))
    tries: dict[str, tuple[Any, ...]] = {
        "get": (mark,),
        "set": (mark, "x", "PX", 1),
        "hmget": (meta, "x"),
        "hset": (meta, "x", "x"),
        "hdel": (meta, "x"),
        "time": (),
        "info": ("replication",),
        "xlen": (stream,),
        "xadd": (stream, "*", "f", "x"),
        "xinfo|stream": (stream,),
        "xrange": (stream, "-", "+", "COUNT", 1),
        "xtrim": (stream, "MAXLEN", 1),
        "xdel": (stream, "0-1"),
        "publish": (stream, "x"),
        "unlink": (stream,),
        "del": (stream,),
    }
    denied = []
    for command, arguments in tries.items():
        try:
            client.execute_command(*command.upper().split("|"), *arguments)  # type: ignore[no-untyped-call]
        except NoPermissionError:
            denied.append(command)
        except ResponseError:
            continue  # allowed, and for another reason without effect: the stream may not be there
    return denied


def _presence(client: redis.Redis, config: Config) -> Finding:
    now = time.time_ns() // 1_000_000
    said = Announcement(instance="doctor", service=SCRATCH, host="", pid=0, version="", started=now, at=0, ended=True)
    keys = Keys(config.prefix)
    for command in announce_commands(keys, said):
        client.execute_command(*command)  # type: ignore[no-untyped-call]
    client.delete(keys.agent("doctor"))
    client.zremrangebyscore(keys.agents, 0, 0)
    return Finding("presence", OK, "this process can be listed")


def _round_trip(client: redis.Redis, config: Config) -> Finding:
    """A record goes through pub/sub, as it would to a gateway. An agent itself needs no right to subscribe."""
    keys, producer = Keys(config.prefix), new_producer()
    listener: Any = client.pubsub()  # type: ignore[no-untyped-call]
    try:
        listener.subscribe(keys.stream(SCRATCH))
        if listener.get_message(timeout=PATIENCE) is None:
            return Finding("round trip", FAILURE, "no answer to SUBSCRIBE", "look at the server's log")
        began = time.monotonic()
        _append(client, keys, producer, 1, 0)
        message = listener.get_message(timeout=PATIENCE)
        took = 1000 * (time.monotonic() - began)
        if message is None:
            return Finding(
                "round trip", FAILURE, "pub/sub did not deliver", "look at client-output-buffer-limit pubsub"
            )
        Publication.parse(message["data"])
        return Finding("round trip", OK, f"appended and delivered in {took:.1f} ms")
    except NoPermissionError:
        return Finding("round trip", OK, "not tried: this user may not subscribe, and an agent need not")
    finally:
        listener.close()
        client.delete(keys.stream(SCRATCH), keys.meta(SCRATCH), keys.mark(SCRATCH, producer))


def _append(client: redis.Redis, keys: Keys, producer: bytes, seq: int, size: int) -> Answer:
    now = time.time_ns() // 1000
    payload = pack_record(Record(time=now, level_number=20, logger="tailrace", message="doctor", kind="notice"))
    frame = join_frame(producer, seq, Facts().pack(), [payload], highest_level=20, earliest=now, latest=now)
    Frame.parse(frame)
    names, arguments = append_call(
        keys, SCRATCH, frame, producer=producer, count=1, first_seq=seq, shed=0, epoch=new_epoch(), size=size
    )
    sha = client.script_load(SCRIPT)
    return Answer.parse(client.evalsha(str(sha), len(names), *names, *arguments))


def _info(client: redis.Redis, section: str) -> dict[str, Any]:
    found: Any = client.info(section)
    return found if isinstance(found, dict) else {}


# This machine.


def _examine_spool(config: Config) -> Iterator[Finding]:
    reasons = []
    for place in candidates(config.spool_dir):
        try:
            check_place(place)
            _try_file(place)
        except OSError as error:
            reasons.append(f"{place}: {error.strerror or error}")
            continue
        yield _place(place, reasons)
        break
    else:
        advice = "set TAILRACE_SPOOL_DIR to a directory of a local file system that this user may write to"
        yield Finding("spool", FAILURE, "; ".join(reasons), advice)
    left = list(orphans(config))
    if left:
        yield Finding("dead processes", WARNING, f"{len(left)} have left records: {left[0]}", "run: tailrace drain")


def _place(place: str, reasons: list[str]) -> Finding:
    kind, free = _file_system(place), shutil.disk_usage(place).free
    text = f"{place} ({kind}, {free >> 20} MiB free)" + "".join(f"; not {reason}" for reason in reasons)
    if kind in UNFIT:
        advice = "use tmpfs, ext4 or xfs: on network and copy-on-write file systems a mapped file is slow or not safe"
        return Finding("spool", WARNING, text, advice)
    if free < SMALLEST_DISK:
        return Finding("spool", WARNING, text, "make room: beyond it, unsent records are kept in memory")
    return Finding("spool", OK, text)


def _try_file(place: str) -> None:
    with tempfile.TemporaryDirectory(prefix="doctor-", dir=place) as folder:
        os.close(open_file(os.path.join(folder, "file"), 1 << 16))


def _file_system(place: str) -> str:
    """The type of the file system that holds this folder; `unknown` where the machine does not tell."""
    try:
        with open("/proc/mounts", encoding="utf-8", errors="replace") as mounts:
            found = [line.split()[1:3] for line in mounts]
    except OSError:
        return "unknown"
    real = os.path.realpath(place)
    holding = [(point, kind) for point, kind in found if real == point or real.startswith(point.rstrip("/") + "/")]
    return max(holding, key=lambda each: len(each[0]), default=("", "unknown"))[1]
