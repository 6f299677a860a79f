"""Four processes of a small shop: `python workers.py api`. They log as any program does and know of no relay."""

from __future__ import annotations

import logging
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import tailrace

MS = 0.001

BURST = 2_000

# Seconds from the start to the first burst, and between two of them.
FIRST_BURST = 15.0
BURST_INTERVAL = 60.0

Deed = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What a process does: deeds with their weights, so many a second."""

    deeds: Sequence[tuple[int, Deed]]
    rate: float

    def do_one(self) -> None:
        """Do a deed, the heavier ones more often."""
        weights, deeds = zip(*self.deeds, strict=True)
        random.choices(deeds, weights)[0]()


# api: requests, orders, slow queries

http = logging.getLogger("api.http")
orders = logging.getLogger("api.orders")
database = logging.getLogger("api.database")
audit = logging.getLogger("audit")

PATHS = ("/", "/products/{}", "/products/{}/reviews", "/cart", "/search?q=teapot&page={}", "/health")

SLOW_QUERY = """slow query: {:.0f} ms
SELECT o.id, o.total, c.name
  FROM orders o JOIN customers c ON c.id = o.customer
 WHERE o.paid IS NULL AND o.created < now() - interval '30 days'
 ORDER BY o.created"""


def answer_request() -> None:
    path = random.choice(PATHS).format(random.randint(1, 999))
    status = random.choices((200, 304, 404, 429), (90, 6, 3, 1))[0]
    level = logging.INFO if status < 400 else logging.WARNING
    facts = {"ms": round(random.lognormvariate(2.7, 0.7), 1), "user": f"u-{random.randint(1, 80)}"}
    http.log(level, "GET %s %d", path, status, extra=facts)


def look_into_cache() -> None:
    database.debug("cache %s for product:%d", random.choice(("hit", "hit", "miss")), random.randint(1, 999))


def place_order() -> None:
    order, total = random.randint(10_000, 99_999), random.randint(5, 400)
    orders.info("order %d placed: %d.00 €", order, total, extra={"order": order, "total": total})
    details = {"action": "order.place", "metadata": {"order": order, "total": total, "currency": "EUR"}}
    audit.info("customer c-%d placed order %d", random.randint(1, 500), order, extra=details)


def query_slowly() -> None:
    database.warning(SLOW_QUERY.format(random.uniform(800, 4000)), extra={"rows": random.randint(0, 5000)})


def fail_request() -> None:
    try:
        _price_of({"id": random.randint(1, 999)})
    except KeyError:
        http.exception("POST /cart 500", extra={"ms": round(random.uniform(3, 30), 1)})


def _price_of(product: dict[str, int]) -> int:
    return product["price"]


# worker.billing: charges that fail and are tried again

billing = logging.getLogger("billing.charges")


class PaymentError(Exception):
    """A charge did not go through."""


def charge_card() -> None:
    facts = {"invoice": random.randint(1000, 9999), "amount": f"{random.uniform(5, 400):.2f}"}
    attempts = random.choices((1, 2, 3, 4), (80, 10, 6, 4))[0]
    for attempt in range(1, attempts):
        billing.warning("card declined, retry %d of 3", attempt, extra=facts)
        time.sleep(random.uniform(20, 200) * MS)
    if attempts < 4:
        billing.info("invoice %d charged", facts["invoice"], extra=facts)
        return
    try:
        _charge()
    except PaymentError:
        billing.exception("giving up on invoice %d", facts["invoice"], extra=facts)


def _charge() -> None:
    try:
        raise TimeoutError("pay.example.com did not answer within 3 s")
    except TimeoutError as error:
        raise PaymentError("charge failed after 3 retries") from error


def refund() -> None:
    invoice = random.randint(1000, 9999)
    details = {"action": "invoice.refund", "metadata": {"invoice": invoice, "by": "support-7"}}
    audit.info("invoice %d refunded", invoice, extra=details)


def close_the_books() -> None:
    billing.critical("the ledger does not balance: 12 cents are missing", extra={"ledger": "2026-11"})


# worker.mail: every script there is, and what mail servers say

mail = logging.getLogger("mail.outbox")

SUBJECTS = (
    "Your order is on its way 📦",
    "Ihre Rechnung für Tee & Gebäck",
    "ご注文ありがとうございます 🍵",
    "您的订单已发货",
    "طلبك في الطريق إليك",
    "ההזמנה שלך נשלחה",
    "Ваш заказ отправлен",
    "आपका ऑर्डर भेज दिया गया है",
    "Votre théière arrive demain 🫖✨",
)

BOUNCE = """delivery failed: mailbox is full
  550 5.2.2 <someone@example.org>: quota exceeded
  Reporting-MTA: dns; mx.example.org
  Action: failed
  Status: 5.2.2"""


def send_mail() -> None:
    mail.info("sent “%s”", random.choice(SUBJECTS), extra={"to": f"customer-{random.randint(1, 500)}@example.org"})


def bounce() -> None:
    mail.error(BOUNCE, extra={"code": 550})


def talk_to_server() -> None:
    mail.debug("smtp: \x1b[32m250\x1b[0m 2.1.0 Ok")


# scheduler: reports, and the burst

scheduler = logging.getLogger("scheduler")


def tick() -> None:
    scheduler.debug("tick: %d jobs due", random.choices((0, 1, 2), (80, 15, 5))[0])


def run_job() -> None:
    job = random.choice(("reindex search", "expire carts", "rotate coupons", "refresh exchange rates"))
    scheduler.info("%s: done", job, extra={"job": job, "seconds": round(random.uniform(0.1, 9), 2)})


def report() -> None:
    rows = (f"  {name:<10}{random.randint(10, 900):>6}" for name in ("orders", "refunds", "mails", "visitors"))
    scheduler.info("hourly report\n%s", "\n".join(rows))


def import_catalogue() -> None:
    """The burst: as fast as it goes."""
    scheduler.info("importing the catalogue: %d products", BURST)
    for number in range(1, BURST + 1):
        scheduler.debug("product %d of %d updated", number, BURST, extra={"product": number})
    scheduler.info("catalogue imported")


JOBS = {
    "api": Job(
        [(60, answer_request), (25, look_into_cache), (8, place_order), (2, query_slowly), (2, fail_request)], rate=12
    ),
    "worker.billing": Job([(90, charge_card), (8, refund), (1, close_the_books)], rate=2),
    "worker.mail": Job([(70, send_mail), (8, bounce), (22, talk_to_server)], rate=3),
    "scheduler": Job([(80, tick), (15, run_job), (5, report)], rate=1.5),
}


def work(name: str, stop: SimpleQueue[int]) -> None:
    """Do the job until something is put into the queue."""
    job = JOBS[name]
    next_burst = time.monotonic() + FIRST_BURST
    while not is_stopped_within(random.expovariate(job.rate), stop):
        job.do_one()
        if name == "scheduler" and time.monotonic() > next_burst:
            import_catalogue()
            next_burst += BURST_INTERVAL


def is_stopped_within(seconds: float, stop: SimpleQueue[int]) -> bool:
    """Wait; True as soon as the process is to stop."""
    try:
        stop.get(timeout=seconds)
    except Empty:
        return False
    return True


def main(arguments: Iterable[str]) -> None:
    """Be the worker of that name until SIGTERM; what it has logged is shipped at its exit."""
    [name] = arguments
    # Of all that wakes a waiting thread, this queue alone may be used by a signal's handler.
    stop: SimpleQueue[int] = SimpleQueue()
    signal.signal(signal.SIGTERM, lambda number, _: stop.put(number))
    tailrace.install(service=name, stream=name, level=logging.DEBUG)
    logging.getLogger(name).info("%s starts", name)
    work(name, stop)
    logging.getLogger(name).info("%s stops", name)


if __name__ == "__main__":
    main(sys.argv[1:])
