"""Redaction: what is obviously a secret is taken out of a record before it leaves the log call.

Every pattern takes linear time: no two neighbouring parts of one can match the same characters, what repeats is
possessive, and a run of characters is only tried from where it begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from tailrace.config import Config
from tailrace.interruption import is_interruption
from tailrace.wire.record import Record

__all__ = ["REDACTED", "Redactor"]

REDACTED = "[redacted]"

_Pattern = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str], tuple[str, ...]]

# Names whose value is a secret, as they stand before `=` or `:`, behind any prefix such as `DB_` or `x-`.
NAMES = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secret_access_key",
    "secret_key",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "credentials",
)

# One of these, all in lower case, is in every text that has a name with its value, or a token that is known by its
# beginning.
NAME_TRIGGERS = ("pass", "secret", "token", "key", "credential")
TOKEN_TRIGGERS = (
    *("akia", "asia", "eyj", "xox", "_live_", "aiza", "github_pat_"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
)

# ... and in every text that any of the patterns matches.
TRIGGERS = (*NAME_TRIGGERS, "auth", "cookie", "://", "bearer", *TOKEN_TRIGGERS)

# A value in quotes, also where its end was cut off, or up to white space or what ends an item. Python's bytes have a
# letter before the quote, and JSON within JSON a backslash.
_VALUE = (
    r"""(?:[bBrRuU]?"(?:[^"\\]++|\\[\s\S])*+"?|[bBrRuU]?'(?:[^'\\]++|\\[\s\S])*+'?"""
    r"""|\\{1,4}+["'][^"'\\]*+(?:\\{1,4}+["'])?+|\{[^{}\r\n]*+\}?+|[A-Za-z_.]{1,64}+\(["'][^"'\r\n]*+["']\)?+"""
    r"""|[^\s"'\\,;&)\]}<]++)"""
)
_RUN = r"(?<![A-Za-z0-9_-])"
_KEY = r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----"

# What stands between a name and its value: perhaps the quote that ends the name, a sign, and what opens a list.
_QUOTE = r"""\\{0,4}+["']?+"""
_SIGN = rf"""{_QUOTE}[ \t]{{0,32}}+(?:=>|:=|==|[=:>]|%3[dD])[ \t]{{0,32}}+(?:(?!\[redacted)[\[(]){{0,2}}+"""
_BYTES = r"""(?:[bB](?=["']))?+"""

# Credentials have a scheme before them; a colon takes the rest of the line, an equals sign one word.
_SCHEME = r"(?:(?:bearer|basic|digest|token|negotiate)(?:[ \t]{1,4}+|%20))?+"
_HEADER = re.compile(
    rf"(authorization{_QUOTE}[ \t]{{0,4}}+:[ \t]{{0,4}}+{_BYTES}{_QUOTE}{_SCHEME})"
    r"""(?!\[redacted)[^\r\n"'\\]++"""
    rf"|(authorization{_QUOTE}[ \t]{{0,4}}+=[ \t]{{0,4}}+{_BYTES}{_QUOTE}{_SCHEME})"
    r"""(?!\[redacted)[^\s"',;&)\]}\\]++""",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    rf"""(cookie["'][ \t]{{0,4}}+[=:][ \t]{{0,4}}+{_BYTES}["'])(?!\[redacted)[^\r\n"']++"""
    r"""|(cookie[ \t]{0,4}+[=:][ \t]{0,4}+)(?!\[redacted)[^\r\n]++""",
    re.IGNORECASE,
)
# A header as a pair: `(b'authorization', b'Basic …')`.
_PAIR = re.compile(
    r"""(\([bB]?["'][a-z0-9_-]{0,64}(?:authorization|cookie|token|secret|password|api[_-]?key)["'],[ \t]{0,4}+"""
    r"""[bB]?["'])(?!\[redacted)[^\r\n"']++""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(\bbearer[ \t]{1,4}+)[A-Za-z0-9._~+/=-]{16,}+", re.IGNORECASE)
# Up to the last @ of it: a password may have one.
_LOGIN = re.compile(r"(://[^\s/:@]{0,256}+:)[^\s/]{1,1024}(?=@)")
_PRIVATE_KEY = re.compile(rf"({_KEY}).*?(-----END [A-Z ]{{0,32}}PRIVATE KEY(?: BLOCK)?-----|\Z)", re.DOTALL)
_KEY_BEGIN = re.compile(rf"\s*{_KEY}(?:{re.escape(REDACTED)})?\s*")
_KEY_END = re.compile(r"-----END [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----")
# A line in the middle of one: base64, a header such as `Proc-Type: 4,ENCRYPTED`, or nothing.
_KEY_LINE = re.compile(r"\s*(?:=?[A-Za-z0-9+/]{1,128}={0,2}|[A-Za-z-]{1,32}: .{0,128})?\s*")
_KNOWN = re.compile(
    _RUN + r"(?:(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9_-])|AIza[A-Za-z0-9_-]{35,}+|gh[pousr]_[A-Za-z0-9]{20,}+"
    r"|github_pat_[A-Za-z0-9_]{20,}+|xox[abeoprs]-[A-Za-z0-9-]{10,}+|[sr]k_live_[A-Za-z0-9]{16,}+"
    r"|eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*+)"
)


def _replace_rest(found: re.Match[str]) -> str:
    return f"{found[1] or found[2]}{REDACTED}"


# A pattern, what takes its place, and what is in every text that it matches, in lower case.
_PATTERNS: tuple[_Pattern, ...] = (
    (_PRIVATE_KEY, rf"\1{REDACTED}\2", ("private key",)),
    (_PAIR, rf"\1{REDACTED}", ("('", '("', "(b'", '(b"')),
    (_HEADER, _replace_rest, ("authorization",)),
    (_COOKIE, _replace_rest, ("cookie",)),
    (_BEARER, rf"\1{REDACTED}", ("bearer",)),
    (_LOGIN, rf"\1{REDACTED}", ("://",)),
)

# Lines of a private key: of one with 16 384 bits, and whatever its header says.
LONGEST_KEY = 256

# Clean texts remembered, and how long one may be: names and paths that are logged again and again.
MOST_REMEMBERED, LONGEST_REMEMBERED = 4096, 64

# What is bound in so many contexts is remembered without its secrets: those that are busy at one time.
MOST_SHARED = 1024

# Maps and lists within each other that are looked into: as deep as `values.clean` goes, and beyond.
DEEPEST = 8


class Redactor:
    """Takes secrets out of texts and values.

    Args:
        names: more names whose value is a secret, such as `iban`.
        prefixes: what more tokens begin with, such as `acme_live_`; the letters, digits, `_` and `-` behind it go, too.
        custom: gets every text that is looked at, and gives it back changed or not. What it takes, each log call takes;
            an exception of it costs the text.
    """

    def __init__(
        self, names: Iterable[str] = (), prefixes: Iterable[str] = (), custom: Callable[[str], str] | None = None
    ) -> None:
        names = tuple(name.lower() for name in names)
        prefixes = tuple(prefixes)
        self._names = frozenset(_plain(name) for name in (*NAMES, "authorization", "cookie", *names))
        self._custom = custom
        # A name may be written `card_number`, `card-number` or `cardNumber`: what is before that is in all of them.
        beginnings = tuple(re.split("[-_]", name, maxsplit=1)[0] or name for name in names)
        self._triggers = TRIGGERS + beginnings + tuple(prefix.lower() for prefix in prefixes)
        assigned: _Pattern = (_assignment((*NAMES, *names)), _replace_value, (*NAME_TRIGGERS, *beginnings))
        self._patterns = (*_PATTERNS, assigned, (_KNOWN, REDACTED, TOKEN_TRIGGERS))
        self._prefixed = (
            re.compile(f"{_RUN}(?:{'|'.join(map(re.escape, prefixes))})[A-Za-z0-9_-]++") if prefixes else None
        )
        self._clean: set[str] = set()
        # Lines that may still be of a private key, by where they come from.
        self._keys: dict[Hashable, int] = {}
        self._shared: dict[int, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}

    @classmethod
    def of(cls, config: Config) -> Redactor | None:
        """As the settings say; None when nothing is to be taken out."""
        if config.redact is False:
            return None
        return cls(config.redact_names, config.redact_prefixes, None if config.redact is True else config.redact)

    def is_clean(self, text: str) -> bool:
        """Whether nothing in it could be a secret. Quick; when it is not sure it says no."""
        if text in self._clean:
            return True
        low = text.lower()
        for trigger in self._triggers:
            if trigger in low:
                return False
        if self._custom is not None:
            return False
        if len(text) <= LONGEST_REMEMBERED:
            if len(self._clean) >= MOST_REMEMBERED:
                self._clean.clear()
            self._clean.add(text)
        return True

    def text(self, text: str) -> str:
        """The text without secrets; the same object when there were none."""
        if self.is_clean(text):
            return text
        found, low = text, text.lower()
        for pattern, replacement, triggers in self._patterns:
            for trigger in triggers:
                if trigger in low:
                    found = pattern.sub(replacement, found)
                    break
        if self._prefixed is not None:
            found = self._prefixed.sub(REDACTED, found)
        return self._by_custom(text if found == text else found)

    def is_secret(self, name: str) -> bool:
        """Whether the value under this name is a secret."""
        plain = _plain(name)
        return plain in self._names or plain.endswith(tuple(self._names))

    def record(self, record: Record, place: Hashable = None) -> Record:
        """The record without secrets in its texts and values.

        Args:
            place: where lines come from that follow one another, such as a file: a private key may be many of them.
        """
        message = self.text(record.message)
        if place is not None and (place in self._keys or "PRIVATE KEY" in message):
            message = self._line_of_key(place, message)
        return replace(
            record,
            message=message,
            exception=self.value(record.exception),
            action=self.value(record.action),
            metadata=self.value(record.metadata),
            fields=self.value(record.fields),
        )

    def value(self, value: Any, depth: int = DEEPEST) -> Any:
        """A plain value, as `values.clean` makes it, without secrets."""
        if isinstance(value, str):
            return self.text(value)
        if depth <= 0:
            return value
        if isinstance(value, Mapping):
            return {
                key: REDACTED if item is not None and self.is_secret(str(key)) else self.value(item, depth - 1)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self._item(item, depth - 1) for item in value]
        return value

    def _item(self, item: Any, depth: int) -> Any:
        """An item of a list, which may be a pair of a name and its value, as headers are."""
        pair = isinstance(item, list) and len(item) == 2 and isinstance(item[0], str)
        if pair and item[1] is not None and self.is_secret(item[0]):
            return [item[0], REDACTED]
        return self.value(item, depth)

    def shared(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same of fields that many records share, and that never change."""
        # The mapping is kept with its result, so that its id stays its own.
        known = self._shared.get(id(fields))
        if known is None:
            if len(self._shared) >= MOST_SHARED:
                self._shared.clear()
            known = self._shared[id(fields)] = fields, self.value(fields)
        return known[1]

    def _line_of_key(self, place: Hashable, message: str) -> str:
        """A line that begins a private key, is in the middle of one, or ends it."""
        left = self._keys.pop(place, 0)
        if left and _KEY_END.search(message) is None and _KEY_LINE.fullmatch(message):
            if left > 1:
                self._keys[place] = left - 1
            return REDACTED
        if not left and _KEY_BEGIN.fullmatch(message) and len(self._keys) < MOST_SHARED:
            self._keys[place] = LONGEST_KEY
        return message

    def _by_custom(self, text: str) -> str:
        if self._custom is None:
            return text
        try:
            return str(self._custom(text))
        except Exception as error:  # a stranger's code; what it would have taken out must not go out
            if is_interruption(error):
                raise
            return "[tailrace: this text was left out, its redaction failed]"


def _assignment(names: Iterable[str]) -> re.Pattern[str]:
    """Matches a name, what separates it from its value, and the value."""
    plain = (re.escape(name).replace("_", "[_-]?").replace(r"\-", "[_-]?") for name in names)
    forms = "|".join(sorted(plain, key=len, reverse=True))
    # The name has to end there: `tokens=`, `secretary:`. As an option of a command, white space is all that follows.
    option = rf"--[a-z-]{{0,32}}(?:{forms})[ \t]{{1,4}}+(?!-)"
    return re.compile(rf"((?:{forms}){_SIGN}|{option})({_VALUE})", re.IGNORECASE)


_SEPARATORS = str.maketrans("", "", "-_'\" ")
_OPENING = re.compile(r"""(?:[bBrRuU]?(["'])|(\\{1,4}["']))""")


def _replace_value(found: re.Match[str]) -> str:
    value = found[2]
    if value.startswith(REDACTED[:-1]):
        return found[0]
    opening = _OPENING.match(value)
    quote = (opening[1] or opening[2]) if opening else ""
    closes = len(value) > len(opening[0]) and value.endswith(quote) if opening else False
    return f"{found[1]}{opening[0] if opening else ''}{REDACTED}{quote if closes else ''}"


def _plain(name: str) -> str:
    """The name as those are that it is compared with: of bytes, too, which `values.clean` writes as Python does."""
    return name.lower().translate(_SEPARATORS)
