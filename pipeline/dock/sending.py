"""How is one object taken in over HTTP, however often and however badly it is sent?

Rules kept here:

* What can be refused is refused before the body is asked for.
* Under one name there is one sender: whoever comes later is the station's second try, and the first is given up.
* The answer 201 is given when the bytes are in the store and the books say so, and carries the MD5 of the bytes. A body
  that is shorter than announced, or has another MD5, leaves nothing and may be sent again.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from pipeline.adapters.object_store import PART_BYTES_MAX, StoredObject
from pipeline.dock.answers import said
from pipeline.dock.incoming import PART_BYTES, Hands, TakenIn, pass_through, take_in
from pipeline.dock.reception import Expected, Reception
from pipeline.domain.docking import DockObject
from pipeline.domain.footage import Location
from pipeline.errors import NotPermittedError, RejectedInputError, UnavailableError

_MD5 = re.compile(r"[0-9a-f]{32}")

DEFAULT_MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a request says of its body before it comes."""

    size_bytes: int | None
    md5: str | None
    media_type: str

    @classmethod
    def by(cls, request: Request) -> Self:
        """Read the headers.

        Raises:
            RejectedInputError: the ETag is no MD5.
        """
        length = request.headers.get("content-length", "")
        media_type = request.headers.get("content-type", "")[:200] or DEFAULT_MEDIA_TYPE
        return cls(int(length) if length.isdecimal() else None, _md5(request.headers.get("etag")), media_type)

    def fits(self, taken: TakenIn) -> bool:
        """Whether what came is what was announced."""
        return self.size_bytes in {None, taken.size_bytes} and self.md5 in {None, taken.md5}


class Sending:
    """The objects that are arriving now."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._under_way: dict[tuple[str, str], asyncio.Task[DockObject]] = {}

    async def put(
        self, request: Request, container: str, name: str, metadata: Mapping[str, str], hands: Hands
    ) -> Response:
        """Take one object in and answer."""
        announced = Announced.by(request)
        expected = await hands.do(self._reception.expect, container, name, metadata, size_bytes=announced.size_bytes)
        task = asyncio.create_task(self._one_at_a_time(request.stream(), expected, announced, hands))
        try:
            found = await task
            await hands.do(self._reception.keep, found, metadata)
        except asyncio.CancelledError as exc:
            if task.done():
                raise UnavailableError("the same object is being sent again") from exc
            task.cancel()
            await asyncio.wait({task})
            raise
        headers = {"ETag": found.md5, "Last-Modified": format_datetime(found.stored_at, usegmt=True)}
        return said(HTTPStatus.CREATED, headers=headers)

    async def _one_at_a_time(
        self, body: AsyncIterator[bytes], expected: Expected, announced: Announced, hands: Hands
    ) -> DockObject:
        place = (expected.container, expected.name)
        me = asyncio.current_task()
        while (earlier := self._under_way.get(place)) is not None:
            earlier.cancel()
            await asyncio.wait({earlier})
            if self._under_way.get(place) is earlier:
                del self._under_way[place]
        if me is not None:
            self._under_way[place] = me
        try:
            if announced.size_bytes is not None and announced.size_bytes < PART_BYTES:
                return await self._take_in(body, expected, announced, hands)
            if hands.bodies.locked():
                raise UnavailableError("as many large objects are arriving as this dock can hold")
            async with hands.bodies:
                return await self._take_in(body, expected, announced, hands)
        finally:
            if self._under_way.get(place) is me:
                del self._under_way[place]

    async def _take_in(
        self, body: AsyncIterator[bytes], expected: Expected, announced: Announced, hands: Hands
    ) -> DockObject:
        known, arriving = expected.known, None
        is_there = known is not None and (known.md5, known.size_bytes) == (announced.md5, announced.size_bytes)
        if not expected.is_over and not is_there:
            arriving = self._reception.arriving(expected, announced.media_type)
        size_bytes = announced.size_bytes
        if arriving is not None and size_bytes is not None and PART_BYTES <= size_bytes <= PART_BYTES_MAX:
            taken = await pass_through(body, arriving, hands, size_bytes=size_bytes, md5=announced.md5)
        else:
            taken = await take_in(body, arriving, hands)
        try:
            if not announced.fits(taken):
                raise _not_as_announced()  # whatever is raised here gives the parts back
            if known is not None and known.is_same(md5=taken.md5, digest=taken.digest, size_bytes=taken.size_bytes):
                return known
            return _object(expected, taken, await hands.do(_finishing(taken, expected)))
        finally:
            if arriving is not None:
                await asyncio.shield(hands.do(arriving.abort))  # nothing, when they became an object


def _finishing(taken: TakenIn, expected: Expected) -> Callable[[], StoredObject]:
    """What lets the parts become an object.

    Raises:
        NotPermittedError: the container is complete.
        UnavailableError: the bytes are not those of the announced MD5, which was that of the object there.
    """
    if taken.finish is not None:
        return taken.finish
    if expected.is_over:
        raise NotPermittedError("this container was called complete: nothing in it changes any more")
    raise _not_as_announced()


def _md5(etag: str | None) -> str | None:
    found = (etag or "").strip().strip('"').lower()
    if not found:
        return None
    if not _MD5.fullmatch(found):
        raise RejectedInputError(f"ETag: expected an MD5 of 32 hexadecimal digits, found {found[:40]!r}")
    return found


def _not_as_announced() -> UnavailableError:
    return UnavailableError("what arrived is not what was announced (its length or its MD5): send it again")


def _object(expected: Expected, taken: TakenIn, stored: StoredObject) -> DockObject:
    return DockObject(
        container=expected.container,
        name=expected.name,
        at=Location(stored.bucket, stored.key, stored.version_id),
        size_bytes=taken.size_bytes,
        md5=taken.md5,
        digest=taken.digest,
        media_type=stored.media_type,
        stored_at=stored.stored_at,
    )
