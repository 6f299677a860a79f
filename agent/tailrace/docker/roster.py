"""The roster: the containers whose logs are shipped, each with its follower and its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tailrace.docker.container import Container, Selection, StreamName
from tailrace.docker.follower import Follower, Outlet
from tailrace.docker.position import Position
from tailrace.source.checkpoint import Checkpoint, Job

__all__ = ["Choice", "Roster"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user has asked for.

    Attributes:
        since: of containers that nobody has read so far, what is older is left out; ns since 1970.
    """

    selection: Selection = Selection()  # noqa: RUF009  # it never changes
    stream: StreamName = StreamName()  # noqa: RUF009  # it never changes
    since: int = 0


class Roster:
    """Containers come and go.

    Attributes:
        followers: by the container's ID.
        wanting: those among them that have something to say and nobody reads, in the order in which they came.
    """

    def __init__(self, job: Job, outlet: Outlet, choice: Choice) -> None:
        self.followers: dict[str, Follower] = {}
        self.wanting: dict[str, Follower] = {}
        self._job = job
        self._outlet = outlet
        self._choice = choice
        # What an earlier run has left, by container.
        self._left: dict[str, Checkpoint] = {}
        self._find_checkpoints()

    @property
    def statuses(self) -> Mapping[str, str]:
        """What was last known of each container that has been read, now or by an earlier run; may be empty."""
        found = dict.fromkeys(self._left, "")
        return found | {id: each.container.status for id, each in self.followers.items()}

    def seen(self, container: Container) -> None:
        """The engine has described a container.

        Raises:
            Stopped, RedisStaysAway: as `Sender.resume`.
            OSError: when there can be no checkpoint.
        """
        follower = self.followers.get(container.id)
        if follower is not None:
            follower.container = container
        elif container.status != "created" and self._choice.selection.takes(container):
            follower = self.followers[container.id] = self._new_follower(container)
        if follower is not None:
            self.want(follower)

    def gone(self, id: str) -> None:
        """There is no such container any more. What is being read of it is read to its end.

        Raises:
            Stopped, RedisStaysAway: as `Sender.send`.
        """
        checkpoint = self._left.pop(id, None)
        if checkpoint is not None:
            checkpoint.remove()
        follower = self.followers.get(id)
        if follower is not None:
            follower.gone = True
            self.wanting.pop(id, None)
            if follower.answer is None:
                self.forget(follower)

    def want(self, follower: Follower) -> None:
        """Note that a follower wants to read, if it does."""
        if follower.wants_to_read:
            self.wanting[follower.container.id] = follower

    def forget(self, follower: Follower) -> None:
        """All is read of a container that is gone.

        Raises:
            Stopped, RedisStaysAway: as `Sender.send`.
        """
        del self.followers[follower.container.id]
        follower.finish()

    def close(self) -> None:
        """Let go of all. The checkpoints stay."""
        for follower in self.followers.values():
            follower.close()
        for checkpoint in self._left.values():
            checkpoint.close()

    def _find_checkpoints(self) -> None:
        # Of two for one container, the one with this template is the younger.
        template = self._choice.stream.template
        for checkpoint in sorted(self._job.checkpoints(), key=lambda each: bool(each.position["template"] == template)):
            before = self._left.pop(checkpoint.position["container"], None)
            if before is not None:
                before.remove()
            self._left[checkpoint.position["container"]] = checkpoint

    def _new_follower(self, container: Container) -> Follower:
        checkpoint, skip = self._left.get(container.id), 0
        if checkpoint is None:
            checkpoint = self._new_checkpoint(container, Position(since=self._choice.since))
        else:
            skip = self._outlet.sender.resume(checkpoint)
            if checkpoint.position["template"] != self._choice.stream.template:
                checkpoint, skip = self._moved(checkpoint, container, skip), 0
        self._left.pop(container.id, None)
        return Follower(container, checkpoint, skip, self._outlet)

    def _new_checkpoint(self, container: Container, position: Position) -> Checkpoint:
        own = {"container": container.id, "template": self._choice.stream.template}
        return self._job.new({**own, **position.pack()}, self._choice.stream.of(container))

    def _moved(self, checkpoint: Checkpoint, container: Container, skip: int) -> Checkpoint:
        """The user wants another stream from now on: it goes on there."""
        position = Position.unpack(checkpoint.position)
        moved = self._new_checkpoint(container, replace(position, skip=position.skip + skip))
        checkpoint.remove()
        return moved
