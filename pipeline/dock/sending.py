"""How is one object taken in over HTTP, however often and however badly it is sent?

Rules kept here:

* What can be refused is refused before the body is asked for.
* Under one name there is one sender: whoever comes later is the station's second try, and the first is given up.
* The answer 201 is given when the bytes are in the store and the books say so, and carries the MD5 of the bytes. A body
  that is shorter than announced, or has another MD5, leaves nothing and may be sent again.
"""

import asyncio
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from pipeline.adapters.object_store import StoredObject
from pipeline.dock.answers import said
from pipeline.dock.incoming import PART_BYTES, Hands, TakenIn, take_in
from pipeline.dock.reception import Expected, Reception
from pipeline.domain.docking import DockObject
from pipeline.domain.footage import Location
from pipeline.errors import NotPermittedError, UnavailableError

DEFAULT_MEDIA_TYPE = "application/octet-stream"


class Sending:
    """The objects that are arriving now."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._under_way: dict[tuple[str, str], asyncio.Task[DockObject]] = {}

    async def put(
        self, request: Request, container: str, name: str, metadata: Mapping[str, str], hands: Hands
    ) -> Response:
        """Take one object in and answer."""
        announced = request.headers.get("content-length", "")
        size_bytes = int(announced) if announced.isdecimal() else None
        expected = await hands.do(self._reception.expect, container, name, metadata, size_bytes=size_bytes)
        task = asyncio.create_task(self._one_at_a_time(request, expected, metadata, hands, size_bytes))
        try:
            found = await task
        except asyncio.CancelledError as exc:
            if task.done():
                raise UnavailableError("the same object is being sent again") from exc
            task.cancel()
            await asyncio.wait({task})
            raise
        headers = {"ETag": found.md5, "Last-Modified": format_datetime(found.stored_at, usegmt=True)}
        return said(HTTPStatus.CREATED, headers=headers)

    async def _one_at_a_time(
        self, request: Request, expected: Expected, metadata: Mapping[str, str], hands: Hands, size_bytes: int | None
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
            if size_bytes is not None and size_bytes < PART_BYTES:
                return await self._take_in(request, expected, metadata, hands, size_bytes)
            if hands.bodies.locked():
                raise UnavailableError("as many large objects are arriving as this dock can hold")
            async with hands.bodies:
                return await self._take_in(request, expected, metadata, hands, size_bytes)
        finally:
            if self._under_way.get(place) is me:
                del self._under_way[place]

    async def _take_in(
        self, request: Request, expected: Expected, metadata: Mapping[str, str], hands: Hands, size_bytes: int | None
    ) -> DockObject:
        media_type = request.headers.get("content-type", "")[:200] or DEFAULT_MEDIA_TYPE
        arriving = None if expected.is_over else self._reception.arriving(expected, media_type)
        taken = await take_in(request.stream(), arriving, hands)
        if not _is_whole(taken, size_bytes, request.headers.get("etag")):
            if arriving is not None:
                await hands.do(arriving.abort)
            raise UnavailableError("what arrived is not what was announced (its length or its MD5): send it again")
        known = expected.known
        if known is not None and known.is_same(md5=taken.md5, digest=taken.digest, size_bytes=taken.size_bytes):
            if arriving is not None:
                await hands.do(arriving.abort)
            found = known
        elif taken.finish is None:
            raise NotPermittedError("this container was called complete: nothing in it changes any more")
        else:
            try:
                stored = await hands.do(taken.finish)
            except BaseException:
                if arriving is not None:
                    await asyncio.shield(hands.do(arriving.abort))
                raise
            found = _object(expected, taken, stored)
        await hands.do(self._reception.keep, found, metadata)
        return found


def _is_whole(taken: TakenIn, size_bytes: int | None, etag: str | None) -> bool:
    if size_bytes is not None and taken.size_bytes != size_bytes:
        return False
    return not etag or etag.strip().strip('"').lower() == taken.md5


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
