"""A shipment in a thread of the test, to be stopped, started again and looked at."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from tailrace.config import Config
from tailrace.docker.announcer import Announcer
from tailrace.docker.container import Selection, StreamName
from tailrace.docker.engine import Engine
from tailrace.docker.follower import Outlet
from tailrace.docker.roster import Choice, Roster
from tailrace.docker.shipment import MOST_FOLLOWED, Shipment
from tailrace.source.checkpoint import Job
from tailrace.source.sender import Sender
from tailrace.wire import Record
from tailrace.wire.keys import Keys
from tailrace.wire.presence import Announcement
from tests.agent.delivered import Delivered, delivered, wait_for_records
from tests.agent.docker.engine import FakeEngine
from tests.servers import RedisServer, wait_for

# Seconds; generous, since other tests share the machine.
TIMEOUT = 30.0


class Shipping:
    """Attributes:
    said: what a person at the terminal would have read.
    """

    def __init__(self, engine: FakeEngine, redis: RedisServer, prefix: str, folder: Path) -> None:
        self.said: list[str] = []
        self.folder = folder
        self._engine = engine
        self._redis = redis
        self._prefix = prefix
        self._client = redis.client()
        self._thread: threading.Thread | None = None
        self._shipment: Shipment | None = None
        self._error: BaseException | None = None

    def start(
        self,
        *,
        names: tuple[str, ...] = (),
        labels: tuple[str, ...] = (),
        stream: str = "docker:{name}",
        since: int = 0,
        label_fields: tuple[str, ...] = (),
        most: int = MOST_FOLLOWED,
        **settings: Any,
    ) -> None:
        config = Config.load({}, url=self._redis.url, prefix=self._prefix, service="docker", **settings)
        job = Job(str(self.folder))
        stopped = threading.Event()
        sender = Sender(config, stopped=stopped, say=self.said.append)
        outlet = Outlet(sender, self.said.append, label_fields, config.level or 0)
        roster = Roster(job, outlet, Choice(Selection(names, labels), StreamName(stream), since))
        engine = Engine(str(self._engine.path))
        self._shipment = Shipment(engine, roster, outlet, Announcer(config), stopped, most)
        self._thread = threading.Thread(target=self._run, args=(self._shipment, sender, job), daemon=True)
        self._thread.start()
        # Until then an engine that goes is an error.
        wait_for(self._is_begun, TIMEOUT, "the shipment to begin, or to fail")

    def stop(self) -> None:
        """Stop as at a signal; raises what has ended it before."""
        thread, self._thread = self._thread, None
        if thread is not None and self._shipment is not None:
            self._shipment.stop()
            thread.join(TIMEOUT)
            assert not thread.is_alive(), "the shipment stops when it is told to"
        error, self._error = self._error, None
        if error is not None:
            raise error

    def close(self) -> None:
        """Stop, and let go of all."""
        try:
            self.stop()
        finally:
            self._client.close()

    def records(self, number: int, stream: str = "docker:web") -> list[Record]:
        """The stream's records, once there are so many; no more and no fewer, each once."""
        found = wait_for_records(self._client, self._prefix, stream, number, TIMEOUT)
        assert found.numbered == len(found.all) == number, found.messages
        return found.all

    def messages(self, number: int, stream: str = "docker:web") -> list[str]:
        return [record.message for record in self.records(number, stream)]

    def now(self, stream: str = "docker:web") -> Delivered:
        """What has arrived so far."""
        return delivered(self._client, self._prefix, stream)

    def announcements(self) -> dict[str, Announcement]:
        """What was last said of the containers, by name of the stream."""
        keys = Keys(self._prefix)
        instances: Any = self._client.zrange(keys.agents, 0, -1)
        packed = [self._client.get(keys.agent(each.decode())) for each in instances]
        found = [Announcement.parse(each) for each in packed if isinstance(each, bytes)]
        return {each.streams[0]: each for each in found if each.streams and each.command == "app"}

    def attributes(self, stream: str = "docker:web") -> dict[str, str]:
        """What was last said of one container."""
        found = self.announcements().get(stream)
        return {} if found is None else dict(found.attributes)

    def checkpoints(self) -> int:
        return len(list(self.folder.glob("*.checkpoint")))

    def _is_begun(self) -> bool:
        assert self._thread is not None
        return not self._thread.is_alive() or (self._shipment is not None and self._shipment.watch.answer is not None)

    def _run(self, shipment: Shipment, sender: Sender, job: Job) -> None:
        try:
            shipment.run()
        except BaseException as error:  # told to the test's own thread
            self._error = error
        finally:
            sender.close()
            job.close()
