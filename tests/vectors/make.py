"""Writes the shared vectors: `python tests/vectors/make.py`.

A second writing of docs/PROTOCOL.md part A, by hand and without `tailrace.wire`, so that an error in the one shows in
the other. The result is the same on every machine: compressed bodies stand here as bytes, since not every zlib
compresses alike.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import msgpack

HERE = Path(__file__).parent
PRODUCER = bytes(range(16))
NOON = 1_763_683_200_000_000
HEADER = struct.Struct(">2sBBI16sQHBBIQQ5I")
LARGEST = 2**53 - 1
LAST_OF_9999 = 253_402_300_799_999_999

Vectors = dict[str, Any]


def packed(value: object) -> bytes:
    data: bytes = msgpack.packb(value)
    return data


# Records.

PLAIN = {"time": NOON, "level_number": 20, "logger": "app", "message": "hello"}
EVERYTHING = {
    "time": NOON + 123_456,
    "level_number": 25,
    "logger": "app.billing",
    "message": "Grüße, 世界 🌊\nsecond line\x00\x1b[31m",
    "module": "views",
    "function": "charge",
    "line": 42,
    "thread": "MainThread",
    "level": "NOTICE",
    "source": "sdk",
    "kind": "audit",
    "line_number": 7,
    "exception": "Traceback (most recent call last):\n  …\nValueError: x",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "span_id": "b7ad6b7169203331",
    "action": "invoice.charge",
    "metadata": ["a", 1, -1, 1.5, True, False, None, {"deep": [[]]}],
    "fields": {"amount": 12.25, "größte": LARGEST, "kleinste": -LARGEST, "": "empty key", "nested": {"a": {"b": []}}},
}
PLACES = ("time", "level_number", "logger", "message", "module", "function", "line", "thread")


def array(record: Vectors, **rest: Any) -> list[Any]:
    """A record as it is packed; `rest` adds to the map at the end."""
    items: list[Any] = [record.get(name) for name in PLACES]
    rest = {name: value for name, value in record.items() if name not in PLACES} | rest
    return [*items, rest] if rest else items


def with_place(place: int, value: object) -> list[Any]:
    items = array(PLAIN)
    items[place] = value
    return items


def read(record: Vectors) -> Vectors:
    """What a reader makes of a record: the level, source and kind it has when it does not say."""
    names = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
    number = record["level_number"]
    return {"level": names.get(number, f"Level {number}"), "source": "logging", "kind": "log"} | record


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def records() -> Vectors:
    valid = [
        ("the least", array(PLAIN), PLAIN),
        ("everything", array(EVERYTHING), EVERYTHING),
        ("empty texts", with_place(2, ""), PLAIN | {"logger": ""}),
        ("zeros", [0, 0, *array(PLAIN)[2:]], PLAIN | {"time": 0, "level_number": 0}),
        ("empty is not absent", [*with_place(4, ""), {"exception": ""}], PLAIN | {"module": "", "exception": ""}),
        ("a standard level by another name", array(PLAIN, level="NOTE"), PLAIN | {"level": "NOTE"}),
        ("a level without a name", with_place(1, 25), PLAIN | {"level_number": 25}),
        ("a level below zero", with_place(1, -3), PLAIN | {"level_number": -3}),
        ("a level beyond one byte", with_place(1, 1000), PLAIN | {"level_number": 1000}),
        ("nil for the rest", [*array(PLAIN), None], PLAIN),
        ("an empty rest", [*array(PLAIN), {}], PLAIN),
        ("nil within the rest", array(PLAIN, action=None, metadata=None), PLAIN),
        ("unknown fields are passed over", array(PLAIN, mood="calm", action="login"), PLAIN | {"action": "login"}),
        ("unknown fields of any type", array(PLAIN, blob=b"\x00", numbers={"a": [1]}), PLAIN),
        ("further elements are passed over", [*array(PLAIN), {}, "tenth", 11], PLAIN),
        ("empty fields", array(PLAIN, fields={}), PLAIN | {"fields": {}}),
        ("false metadata", array(PLAIN, metadata=False), PLAIN | {"metadata": False}),
        ("nested 100 deep", array(PLAIN, metadata=nested(100)), PLAIN | {"metadata": nested(100)}),
    ]  # fmt: skip
    invalid = [
        ("nil", None, "array"),
        ("a map", {"message": "x"}, "array"),
        ("a text", "hello", "array"),
        ("no elements", [], "elements"),
        ("seven elements", array(PLAIN)[:7], "elements"),
        *[(f"{name} is nil", with_place(place, None), name) for place, name in enumerate(PLACES[:4])],
        *[(f"{name} is a boolean", with_place(place, True), name) for place, name in enumerate(PLACES)],
        ("time is a float", with_place(0, 1.5), "time"),
        ("time before 1970", with_place(0, -1), "time"),
        ("time beyond the year 9999", with_place(0, LAST_OF_9999 + 1), "time"),
        ("message is bytes", with_place(3, b"hello"), "message"),
        ("the rest is a text", [*array(PLAIN), "rest"], "rest"),
        ("level is a number", array(PLAIN, level=20), "level"),
        ("line_number is a text", array(PLAIN, line_number="7"), "line_number"),
        ("fields is an array", array(PLAIN, fields=[]), "fields"),
        ("fields has a key of bytes", array(PLAIN, fields={b"k": 1}), "fields"),
        ("metadata holds bytes", array(PLAIN, metadata=[b"\x00"]), "metadata"),
        ("metadata holds a timestamp", array(PLAIN, metadata=msgpack.Timestamp(1)), "metadata"),
        ("metadata is nested 101 deep", array(PLAIN, metadata=nested(101)), "metadata"),
    ]
    return {
        "about": "Packed records. valid: hex, as msgpack, reads as record; what is absent there is absent. "
        "invalid: refused, and the reason stands in the error's text.",
        "valid": [{"name": name, "hex": packed(value).hex(), "record": read(record)} for name, value, record in valid],
        "invalid": [{"name": name, "hex": packed(value).hex(), "reason": reason} for name, value, reason in invalid],
    }


# Frames.


def frame(
    body: bytes,
    *,
    inflated: int | None = None,
    magic: bytes = b"TR",
    version: int = 1,
    codec: int | None = None,
    first: int = 1,
    count: int = 1,
    level: int = 20,
    reserved: int = 0,
    size: int | None = None,
    times: tuple[int, int] = (NOON, NOON),
    shed: tuple[int, ...] = (0, 0, 0, 0, 0),
) -> bytes:
    """A frame with a right checksum, whatever else is wrong. `inflated`: the body is deflated and was this long."""
    codec = (0 if inflated is None else 1) if codec is None else codec
    size = (len(body) if inflated is None else inflated) if size is None else size
    header = HEADER.pack(magic, version, codec, 0, PRODUCER, first, count, level, reserved, size, *times, *shed)
    return header[:4] + zlib.crc32(header[8:] + body).to_bytes(4) + header[8:] + body


FACTS = {"service": "api", "host": "web-1", "pid": 4711, "process": "gunicorn"}
ONE = packed([{}, array(PLAIN)])
THREE_RECORDS = [PLAIN, PLAIN | {"time": NOON + 5, "level_number": 40}, PLAIN | {"time": NOON - 5}]
THREE = packed([FACTS, *map(array, THREE_RECORDS)])
# THREE through zlib at level 1.
DEFLATED = bytes.fromhex(
    "78019bd2b2bc38b5a82c333975716241e6928cfce292a5e5a949ba868b0b3253ce0aa52f2f28ca4f4e2d2e5e915e9a97999c"
    "5f9437e33c039b0b7fddc2070c22401d054b33527372f20f00015c825503bbc4fddf683a009c57396d"
)
FIFTEEN_RECORDS = [PLAIN | {"message": str(number)} for number in range(15)]


def stored(body: bytes) -> bytes:
    """The body as one uncompressed deflate block in zlib format: what every zlib reads, and all write alike."""
    size = len(body).to_bytes(2, "little")
    inverse = bytes(byte ^ 0xFF for byte in size)
    return b"\x78\x01\x01" + size + inverse + body + zlib.adler32(body).to_bytes(4)


def said(
    records: list[Vectors],
    *,
    facts: Vectors | None = None,
    codec: int = 0,
    first: int = 1,
    level: int = 20,
    times: tuple[int, int] = (NOON, NOON),
    shed: tuple[int, ...] = (0, 0, 0, 0, 0),
    size: int = len(ONE),
) -> Vectors:
    """What a reader makes of a frame."""
    return {
        "producer": PRODUCER.hex(),
        "first_seq": first,
        "last_seq": first + len(records) - 1,
        "count": len(records),
        "highest_level": level,
        "earliest": times[0],
        "latest": times[1],
        "shed": sum(shed),
        "shed_by_class": list(shed),
        "codec": codec,
        "body_size": size,
        "facts": {"service": "", "host": "", "pid": 0, "process": ""} | (facts or {}),
        "records": [read(record) for record in records],
    }


def frames() -> Vectors:
    assert zlib.decompress(DEFLATED) == THREE
    span = (NOON - 5, NOON + 5)
    wide: Vectors = {"first": 16, "level": 255, "times": (0, LARGEST), "shed": (1, 2, 3, 4, 5)}
    everything = packed([FACTS, array(EVERYTHING)])
    large = packed([{}, with_place(1, 1000)])
    fifteen = packed([{}, *map(array, FIFTEEN_RECORDS)])
    extra = packed([FACTS | {"cloud": ["eu", 1]}, array(PLAIN)])
    shed_most: Vectors = {"first": LARGEST, "shed": (2**32 - 1,) * 5}
    valid: list[tuple[str, bytes, Vectors]] = [
        ("the least", frame(ONE), said([PLAIN])),
        ("three records, not compressed",
         frame(THREE, count=3, level=40, times=span, first=10),
         said(THREE_RECORDS, facts=FACTS, first=10, level=40, times=span, size=len(THREE))),
        ("three records, deflated",
         frame(DEFLATED, inflated=len(THREE), count=3, level=40, times=span, first=10),
         said(THREE_RECORDS, facts=FACTS, codec=1, first=10, level=40, times=span, size=len(THREE))),
        ("deflate without compression", frame(stored(ONE), inflated=len(ONE)), said([PLAIN], codec=1)),
        ("shed records and looser bounds", frame(ONE, **wide), said([PLAIN], **wide)),
        ("the most shed records and the last seq", frame(ONE, **shed_most), said([PLAIN], **shed_most)),
        ("everything that a record carries",
         frame(everything, level=25, times=(NOON + 123_456,) * 2),
         said([EVERYTHING], facts=FACTS, level=25, times=(NOON + 123_456,) * 2, size=len(everything))),
        ("a level beyond one byte",
         frame(large, level=255),
         said([PLAIN | {"level_number": 1000}], level=255, size=len(large))),
        ("fifteen records: a longer array header",
         frame(fifteen, count=15),
         said(FIFTEEN_RECORDS, size=len(fifteen))),
        ("unknown facts are passed over", frame(extra), said([PLAIN], facts=FACTS, size=len(extra))),
    ]  # fmt: skip
    whole = frame(ONE)
    invalid: list[tuple[str, bytes, str]] = [
        ("empty", b"", "too few"),
        ("a header without its last byte", whole[:75], "too few"),
        ("wrong magic", frame(ONE, magic=b"RT"), "magic"),
        ("version 0", frame(ONE, version=0), "version"),
        ("version 2", frame(ONE, version=2), "version"),
        ("a flipped bit in the body", whole[:-1] + bytes([whole[-1] ^ 1]), "checksum"),
        ("a flipped bit in the checksum", whole[:4] + bytes([whole[4] ^ 1]) + whole[5:], "checksum"),
        ("cut by one byte", whole[:-1], "checksum"),
        ("extended by one byte", whole + b"\x00", "checksum"),
        ("codec 2", frame(ONE, codec=2), "codec"),
        ("count 0", frame(ONE, count=0), "count"),
        ("count 513", frame(ONE, count=513), "count"),
        ("first seq 0", frame(ONE, first=0), "first seq"),
        ("first seq beyond 2^53 - 1", frame(ONE, first=LARGEST + 1), "first seq"),
        ("a reserved byte", frame(ONE, reserved=1), "reserved"),
        ("a body beyond the limit", frame(ONE, size=(8 << 20) + 1), "limit"),
        ("earliest after latest", frame(ONE, times=(NOON + 1, NOON)), "times"),
        ("latest beyond the year 9999", frame(ONE, times=(NOON, LAST_OF_9999 + 1)), "times"),
        ("more shed than fit before", frame(ONE, first=3, shed=(1, 1, 1, 0, 0)), "shed"),
        ("size too small", frame(ONE, size=len(ONE) - 1), "bytes"),
        ("size too large", frame(ONE, size=len(ONE) + 1), "bytes"),
        ("deflated, it says, but is not", frame(ONE, codec=1), "inflate"),
        ("not deflated, it says, but is", frame(DEFLATED, inflated=len(THREE), codec=0, count=3), "bytes"),
        ("a deflated body cut short", frame(DEFLATED[:-1], inflated=len(THREE), count=3), "inflate"),
        ("bytes after a deflated body", frame(DEFLATED + b"\x00", inflated=len(THREE), count=3), "inflate"),
        ("inflates to more than it says", frame(stored(ONE * 20), inflated=len(ONE)), "inflate"),
        ("inflates to less than it says", frame(stored(ONE), inflated=len(ONE) + 1), "bytes"),
        ("more records than the header says", frame(THREE, count=2, level=40, times=span), "elements"),
        ("fewer records than the header says", frame(THREE, count=4, level=40, times=span), "elements"),
        ("a level above the highest", frame(ONE, level=19), "level"),
        ("a time before the earliest", frame(ONE, times=(NOON + 1, NOON + 1)), "time"),
        ("a time after the latest", frame(ONE, times=(NOON - 1, NOON - 1)), "time"),
        ("no msgpack", frame(b"\xc1"), "msgpack"),
        ("msgpack cut short", frame(ONE[:-1]), "msgpack"),
        ("bytes after the msgpack", frame(ONE + b"\xc0"), "msgpack"),
        ("a text that is no UTF-8", frame(ONE.replace(b"hello", b"hell\xff")), "msgpack"),
        ("an array that claims 2^32 - 1 elements", frame(b"\xdd\xff\xff\xff\xff"), "msgpack"),
        ("arrays 2 000 deep", frame(b"\x91" * 2000 + b"\xc0"), "msgpack"),
        ("a map key that is a number", frame(packed([{}, array(PLAIN, fields={1: 2})])), "msgpack"),
        ("a body that is a map", frame(packed({"facts": {}})), "elements"),
        ("facts that are an array", frame(packed([[], array(PLAIN)])), "facts"),
        ("a pid that is a text", frame(packed([{"pid": "1"}, array(PLAIN)])), "pid"),
        ("a record that is a text", frame(packed([{}, "hello"])), "record"),
    ]  # fmt: skip
    return {
        "about": "Whole frames. valid: hex reads as frame. invalid: refused, at the header or when the records are "
        "read, and the reason stands in the error's text. A writer may order maps and compress otherwise.",
        "valid": [{"name": name, "hex": data.hex(), "frame": value} for name, data, value in valid],
        "invalid": [{"name": name, "hex": data.hex(), "reason": reason} for name, data, reason in invalid],
    }


# Text: stream IDs, names, levels.


def stream_ids() -> Vectors:
    valid = [(0, 0), (0, 1), (1, 0), (1_763_683_200_000, 42), (LARGEST, 0), (LARGEST, LARGEST)]
    invalid = ["-", "1", "1-", "-1", "1-2-3", "01-2", "1-02", "+1-2", "1--2", "1_0-2", "1.0-2", "1e3-2", "0x1-2"]
    invalid += ["1-*", "$", "١-٢"]
    invalid += ["", " 1-2", "1-2 ", "1-2\n", f"{LARGEST + 1}-1", f"1-{LARGEST + 1}", f"{2**64 - 1}-{2**64 - 1}"]
    return {
        "about": "Stream IDs. valid: text reads as ms and n, and they are written so. ordered: from first to last.",
        "valid": [{"text": f"{ms}-{n}", "ms": ms, "n": n} for ms, n in valid],
        "invalid": [{"text": text, "reason": "not a stream ID"} for text in [*invalid, "9" * 400 + "-1"]],
        "ordered": ["0-0", "0-1", "5-9", "10-2", "10-10", "100-1", f"{LARGEST}-1", f"{LARGEST}-{LARGEST}"],
    }


def names() -> Vectors:
    valid = ["api", "worker.billing", "run:8f3a", "A-Z_0", "-", ":", "a" * 128]
    invalid = ["", "a" * 129, "a b", "a/b", "a*", "{a}", "a}", "a\n", "a\0", "ä", "a,b", "a~b", "١"]
    channels = ["tailrace:{}", "tailrace:{api", "tailrace:{api}:meta", "tailrace:{a b}", "tailrace:{api}x", "x:{api}"]
    return {
        "about": "Stream names and the names in Redis under the prefix tailrace. channels: those of no stream.",
        "valid": [redis_names(stream) for stream in valid],
        "invalid": [{"text": text, "reason": "not a stream name"} for text in invalid],
        "channels": channels,
    }


def redis_names(stream: str) -> Vectors:
    key, producer = f"tailrace:{{{stream}}}", PRODUCER.hex()
    return {"stream": stream, "key": key, "meta": f"{key}:meta", "producer": producer, "mark": f"{key}:p:{producer}"}


def levels() -> Vectors:
    standard = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
    valid = standard | {"WARN": 30, "FATAL": 50, "NOTSET": 0, "warning": 30, " Error ": 40}
    valid |= {"25": 25, "0": 0, "999999999": 999_999_999}
    invalid = ["", " ", "LOUD", "-1", "+1", "1.5", "1e3", "٢٠", "9999999999", "Level 25"]
    between = {-5: "DEBUG", 0: "DEBUG", 19: "DEBUG", 25: "INFO", 49: "ERROR", 1000: "CRITICAL"}
    return {
        "about": "Levels. valid: text, from a user, means number. names: a number's name and the class it counts in.",
        "valid": [{"text": text, "number": number} for text, number in valid.items()],
        "invalid": [{"text": text, "reason": "not a level"} for text in invalid],
        "names": [{"number": number, "name": name, "class": name} for name, number in standard.items()]
        + [{"number": number, "name": f"Level {number}", "class": counted} for number, counted in between.items()],
    }


# What the append script answers and publishes.


def answers() -> Vectors:
    ok = ["ok", "1763683200000-42", "40", "4f1c09aa31", "0", "1763683200000-42", ""]
    behind = ["behind", "", "", "", "0", "0-0", ""]
    largest = f"{LARGEST}-{LARGEST}"

    def answer(reply: list[str]) -> Vectors:
        status, id, mark, epoch, generation, last, warning = reply
        return {"status": status, "id": id or None, "mark": int(mark) if mark else None, "epoch": epoch,
                "generation": int(generation), "last": last, "warning": warning}  # fmt: skip

    def but(place: int, text: str) -> list[str]:
        return [*ok[:place], text, *ok[place + 1 :]]

    valid = [
        ("appended", ok),
        ("appended by a later generation", but(4, "1763683200000")),
        ("appended, with a warning", but(6, "not trimmed: NOPERM")),
        ("accepted before", ["old", "1763683100000-40", "38", "4f1c09aa31", "2", "1763683200000-42", ""]),
        ("overlap", ["overlap", "1763683100000-40", "38", "4f1c09aa31", "2", "1763683200000-42", ""]),
        ("behind its mark", ["behind", "1763683100000-40", "38", "4f1c09aa31", "2", "1763683200000-42", ""]),
        ("behind without a mark", ["behind", "", "", "4f1c09aa31", "2", "1763683200000-42", ""]),
        ("behind in a stream without numbering", behind),
        ("the largest numbers", ["ok", largest, str(LARGEST), "a", str(LARGEST), largest, ""]),
    ]
    invalid = [("no elements", []), ("six elements", ok[:6]), ("eight elements", [*ok, ""])]
    for place, what, texts in [
        (0, "status", ["", "OK", "fine"]),
        (1, "ID", ["42", "1-x"]),
        (2, "mark", ["-1", "1.0", "x", "9" * 400]),
        (3, "epoch", ["two words", "a" * 33, "ä"]),
        (4, "generation", ["", "-1", "x"]),
        (5, "last ID", ["", "42"]),
    ]:
        invalid += [(f"{what} {text[:40]!r}", but(place, text)) for text in texts]
    return {
        "about": "Replies of the append script. valid: reply, bulk strings in UTF-8, reads as answer; null is none.",
        "valid": [{"name": name, "reply": reply, "answer": answer(reply)} for name, reply in valid],
        "invalid": [{"name": name, "reply": reply, "reason": "answer"} for name, reply in invalid],
    }


def publications() -> Vectors:
    whole = frame(ONE)
    valid = [("1763683200000-42", "4f1c09aa31", 0), (f"{LARGEST}-{LARGEST}", "a" * 32, 1_763_683_200_000)]
    heads = ["", "1-1", "1-1 a", "1-1 a ", "1-1 a -1", "1-1 a 0 0", " 1-1 a 0", "1-1  0", "1-1 a.b 0", "1-x a 0"]
    heads += ["1-1 ä 0", "1-1 a " + "9" * 17, "1-1 " + "a" * 33 + " 0"]
    invalid = [(f"head {head[:40]!r}", head.encode() + b"\n" + whole, "publication") for head in heads]
    invalid += [
        ("no line feed", b"1-1 a 0", "line feed"),
        ("no frame", b"1-1 a 0\n", "too few"),
        ("a damaged frame", b"1-1 a 0\n" + whole[:-1], "checksum"),
    ]

    def publication(id: str, epoch: str, generation: int) -> Vectors:
        data = f"{id} {epoch} {generation}\n".encode() + whole
        return {"hex": data.hex(), "id": id, "epoch": epoch, "generation": generation, "frame": whole.hex()}

    return {
        "about": "Payloads of a stream's channel. valid: hex reads as id, epoch, generation and the frame, in hex.",
        "valid": [publication(*said) for said in valid],
        "invalid": [{"name": name, "hex": data.hex(), "reason": reason} for name, data, reason in invalid],
    }


def vectors() -> dict[str, str]:
    """The files' names and texts."""
    made = {
        "answers": answers(),
        "frames": frames(),
        "levels": levels(),
        "names": names(),
        "publications": publications(),
        "records": records(),
        "stream_ids": stream_ids(),
    }
    return {f"{name}.json": text(value) for name, value in made.items()}


def text(value: Vectors) -> str:
    """JSON with one vector a line."""
    parts = []
    for name, part in value.items():
        if isinstance(part, list):
            lines = ",\n".join(f"    {json.dumps(vector, ensure_ascii=False)}" for vector in part)
            parts.append(f"  {json.dumps(name)}: [\n{lines}\n  ]")
        else:
            parts.append(f"  {json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    for name, content in vectors().items():
        (HERE / name).write_text(content, encoding="utf-8")
