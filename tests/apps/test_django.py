"""Django: a handler in `LOGGING` is all it takes."""

from __future__ import annotations

from tests.apps.programs import SOON, Read, Start, get, read, start, wait_until_served
from tests.servers import HOST, free_port, wait_for

__all__ = ["read", "start"]


def test_records_and_failures_of_views_arrive_once(start: Start, read: Read) -> None:
    port = free_port()
    start("-m", "gunicorn", "--bind", f"{HOST}:{port}", "tests.apps.site:application")
    wait_until_served(port, "/say/1")
    assert get(port, "/fail").status_code == 500
    assert get(port, "/nowhere").status_code == 404
    wait_for(lambda: "Not Found: /nowhere" in read().messages, SOON, "the last record")
    found = read().all
    assert [record.message for record in found if record.logger == "site"] == ["said 1"]
    (failure,) = [record for record in found if "ValueError: it failed" in (record.exception or "")]
    assert (failure.logger, failure.level) == ("django.request", "ERROR")
