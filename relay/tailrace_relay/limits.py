"""What one address, one token's holder and one connection may ask of a gateway. Each gateway counts for itself."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from tailrace_relay.errors import TooMany
from tailrace_relay.settings import Settings

__all__ = ["TOO_FAST", "Bucket", "Limits", "Place", "network_of"]

# Seconds' worth that may come at once: a page that opens asks for a lot.
BURST = 10

# Addresses and holders whose requests are counted at one time. Beyond, the one that was silent the longest is
# forgotten, and begins anew: who comes from ever new addresses is for those in front of a gateway to stop.
MOST_COUNTED = 10_000

# Why a connection is closed whose client sends too much.
TOO_FAST = "too many messages; come again, and send fewer"

# Seconds after which a client with too many connections may try again.
CONNECTION_RETRY = 10

# One subscriber of IPv6 has as many addresses as this leaves free.
IPV6_NETWORK = 64


class Bucket:
    """Admits so many a second, and `BURST` seconds' worth at once; all at a rate of 0."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._left = float(rate * BURST)
        self._at = now

    def take(self, now: float) -> float:
        """Takes one; 0, or the seconds until there is one."""
        if not self._rate:
            return 0.0
        self._left = min(self._left + (now - self._at) * self._rate, self._rate * BURST)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / self._rate
        self._left -= 1
        return 0.0


class Limits:
    """Counts requests and open connections; each refusal is counted, too."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = {"address": settings.limit_address_requests, "token": settings.limit_token_requests}
        self._most = {
            "address": settings.limit_address_connections,
            "token": settings.limit_token_connections,
            "downloader": settings.limit_downloads,
        }
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()
        self._open: Counter[tuple[str, str]] = Counter()
        self.refused = 0

    def request(self, kind: str, who: str) -> None:
        """Count a request of an `address` or a `token`; who is nobody is not counted.

        Raises:
            TooMany: when there were too many.
        """
        if not who:
            return
        now = self._clock()
        bucket = self._buckets.get((kind, who))
        if bucket is None:
            bucket = self._buckets[kind, who] = Bucket(self._rates[kind], now)
            if len(self._buckets) > MOST_COUNTED:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end((kind, who))
        wait = bucket.take(now)
        if wait:
            self.refused += 1
            raise TooMany(f"more than {self._rates[kind]} requests a second of one {kind}", wait)

    def open(self, address: str, holder: str) -> Place:
        """Count a connection until its place is closed.

        Raises:
            TooMany: when there are too many.
        """
        return self._count([("address", address), ("token", holder)], "connections")

    def download(self, address: str, holder: str) -> Place:
        """Count a download until its place is closed.

        Raises:
            TooMany: when there are too many.
        """
        return self._count([("downloader", holder or address)], "downloads")

    def _count(self, asking: list[tuple[str, str]], what: str) -> Place:
        counted = [(kind, who) for kind, who in asking if who]
        for kind, who in counted:
            if self._most[kind] and self._open[kind, who] >= self._most[kind]:
                self.refused += 1
                raise TooMany(f"{self._most[kind]} {what} of one {kind} are open", CONNECTION_RETRY)
        self._open.update(counted)
        return Place(self._open, counted)


class Place:
    """An open connection, counted."""

    __slots__ = ("_counted", "_open")

    def __init__(self, open: Counter[tuple[str, str]], counted: list[tuple[str, str]]) -> None:
        self._open = open
        self._counted = counted

    def close(self) -> None:
        """Count it no more."""
        for each in self._counted:
            self._open[each] -= 1
            if not self._open[each]:
                del self._open[each]


def network_of(address: str) -> str:
    """By what an address is counted: itself, in IPv6 its network."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    # What listens on both kinds has those of IPv4 in this form.
    return str(found.ipv4_mapped or ipaddress.ip_network((found, IPV6_NETWORK), strict=False))
