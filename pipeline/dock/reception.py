"""What becomes of each thing that a docking station asks for? Everything here blocks: never call it on the event loop.

Each change is one transaction that holds the container's lock. Asking again for what was done changes nothing and is
answered alike; what would change a container that was called complete is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from pipeline.adapters.object_store import Arriving, ObjectStore
from pipeline.dock.handing_over import hand_over
from pipeline.domain import docking, keys
from pipeline.domain.docking import ContainerKind, DockObject
from pipeline.errors import NotPermittedError, RejectedInputError, UsageError
from pipeline.records import Database, Session
from pipeline.records import docking as records

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Expected:
    """An object that may be sent now."""

    container: str
    name: str
    is_over: bool
    """The container is complete: only what is there already may be sent again."""
    known: DockObject | None


@dataclass(frozen=True, slots=True)
class Reception:
    """The dock's books. Safe to share between threads."""

    bucket: str
    store: ObjectStore
    db: Database
    clock: Callable[[], datetime]

    def make_container(self, container: str, said: Mapping[str, str]) -> bool:
        """Make a container, or change what is said of it; whether it is new. Safe to repeat.

        Raises:
            RejectedInputError: it can never be stored: an unknown user or device, an impossible time.
            NotPermittedError: it is complete, and this would change it.
        """
        docking.require_plain(container)
        kind = docking.container_kind(container)
        with self.db.begin() as session:
            records.lock(session, container)
            if records.kind_of(session, container) is None and kind == "recording":
                self._require_known(session, container)
            new = records.add_container(session, container, kind, at=self.clock())
            if said:
                self._say_container(session, container, kind, said)
        return new

    def say_container(self, container: str, said: Mapping[str, str]) -> None:
        """Add to what is said of a container; when it is called complete, hand it over. Safe to repeat.

        Raises:
            UsageError: there is no such container.
            RejectedInputError, NotPermittedError: as `make_container`.
        """
        with self.db.begin() as session:
            records.lock(session, container)
            self._say_container(session, container, self._kind(session, container), said)

    def expect(self, container: str, name: str, said: Mapping[str, str], *, size_bytes: int | None) -> Expected:
        """Whether an object may be sent, before its bytes are.

        Raises:
            UsageError: there is no such container.
            RejectedInputError: it can never be stored.
            NotPermittedError: it is one of our own documents.
        """
        docking.require_plain(name)
        with self.db.begin() as session:
            kind = self._kind(session, container)
            is_over = records.is_complete(session, container)
            known = records.find_object(session, container, name)
        _require_possible(kind, name, said, now=self.clock())
        if kind == "recording" and docking.object_role(name) == "clip" and size_bytes == 0:
            raise RejectedInputError("expected a clip with bytes in it, found none: a clip without length")
        return Expected(container, name, is_over, known)

    def arriving(self, expected: Expected, media_type: str) -> Arriving:
        """Where its bytes go."""
        key = keys.dock_key(expected.container, expected.name)
        return self.store.receive(self.bucket, key, media_type=media_type)

    def keep(self, found: DockObject, said: Mapping[str, str]) -> None:
        """Record an object whose bytes are in the store, and what is said of it. Safe to repeat.

        Raises:
            NotPermittedError: the container was called complete in between; the bytes count for nothing.
        """
        with self.db.begin() as session:
            records.lock(session, found.container)
            known = records.find_object(session, found.container, found.name)
            same = known is not None and known.is_same(md5=found.md5, digest=found.digest, size_bytes=found.size_bytes)
            if records.is_complete(session, found.container):
                if not same or not _adds_nothing(session, found.container, found.name, said):
                    raise _over(found.container)
                return
            if not same:
                records.add_object(session, found)
            # Sent again without a word, the same bytes are not meant to take back what was said of them.
            if said or not same:
                records.say(session, found.container, found.name, said, at=self.clock())
        log.info("dock_object_kept", key=found.at.key, size_bytes=found.size_bytes, is_new=not same)

    def say_object(self, container: str, name: str, said: Mapping[str, str]) -> None:
        """Replace all that is said of an object. Safe to repeat.

        Raises:
            UsageError: there is no such container or object.
            RejectedInputError: what is said cannot be.
            NotPermittedError: the container is complete, and this would change it.
        """
        with self.db.begin() as session:
            records.lock(session, container)
            kind = self._kind(session, container)
            if records.find_object(session, container, name) is None:
                raise UsageError("no such object")
            if records.is_complete(session, container):
                if records.said_of(session, container, name) != said:
                    raise _over(container)
                return
            _require_possible(kind, name, said, now=self.clock())
            records.say(session, container, name, said, at=self.clock())

    def look_at_container(self, container: str) -> tuple[dict[str, str], int]:
        """What is said of a container, and how many objects it has.

        Raises:
            UsageError: there is no such container.
        """
        with self.db.begin() as session:
            self._kind(session, container)
            return records.said_of(session, container), len(records.objects_of(session, container))

    def look_at_object(self, container: str, name: str) -> tuple[DockObject, dict[str, str], ContainerKind]:
        """An object, what is said of it, and what its container is for.

        Raises:
            UsageError: there is no such container or object.
        """
        with self.db.begin() as session:
            kind = self._kind(session, container)
            found = records.find_object(session, container, name)
            if found is None:
                raise UsageError("no such object")
            return found, records.said_of(session, container, name), kind

    def read(self, found: DockObject, *, limit_bytes: int) -> bytes:
        """The bytes of a small object, of this very version.

        Raises:
            StoreUnavailableError: S3 did not answer.
        """
        return self.store.read(found.at.bucket, found.at.key, version_id=found.at.version_id, limit_bytes=limit_bytes)

    def _say_container(self, session: Session, container: str, kind: ContainerKind, said: Mapping[str, str]) -> None:
        before = records.said_of(session, container)
        # As in Swift: what is not named stays, and an empty value takes a name away.
        now = {name: value for name, value in {**before, **said}.items() if value}
        if records.is_complete(session, container):
            if now != before:
                raise _over(container)
            return
        if kind == "recording":
            docking.require_possible_recording(said, now=self.clock())
        at = self.clock()
        records.say(session, container, "", now, at=at)
        if kind in {"recording", "rejected"} and docking.is_complete(now):
            uploads = hand_over(session, container, kind, clock=self.clock)
            log.info("dock_recording_handed_over", uploads=uploads)

    def _kind(self, session: Session, container: str) -> ContainerKind:
        kind = records.kind_of(session, container)
        if kind is not None:
            return kind
        if container in {docking.SYSTEM, docking.USERS, docking.DEVICES}:
            kind = docking.container_kind(container)
            records.add_container(session, container, kind, at=self.clock())
            return kind
        raise UsageError("no such container")

    def _require_known(self, session: Session, container: str) -> None:
        named = docking.recording_name(container, now=self.clock())
        for registered, name, what in (
            (docking.USERS, named.user, "user"),
            (docking.DEVICES, str(named.camera_serial), "device"),
        ):
            if records.find_object(session, registered, name) is None:
                raise RejectedInputError(f"expected a {what} that was registered, found {name!r}")


def _require_possible(kind: ContainerKind, name: str, said: Mapping[str, str], *, now: datetime) -> None:
    if kind == "recording" and docking.object_role(name) == "clip":
        docking.require_possible_clip(said, now=now)


def _adds_nothing(session: Session, container: str, name: str, said: Mapping[str, str]) -> bool:
    return not said or records.said_of(session, container, name) == said


def _over(container: str) -> NotPermittedError:
    return NotPermittedError(f"container {container!r} was called complete: nothing in it changes any more")
