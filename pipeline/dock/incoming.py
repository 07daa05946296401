"""How does a body of any length go to the store while it arrives, in little memory?

Rules kept here:

* A body of known length flows through a pipe of a few blocks into one request to the store; the thread that sends them
  digests them. Its MD5 is the store's, where the way there changes no byte unseen or the sender said what it will be.
  One of unknown length, or too long for one request, is cut into parts of one size that are sent while the next one
  arrives. Where pipe or parts are full, nothing more is read, and the sender is slowed by TCP.
* Whatever goes wrong, the request is broken off and the parts are given back before the error goes on. Nothing is ever
  half there.
* A sender that is silent for a minute is gone.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from pipeline.adapters.object_store import Arriving, StoredObject
from pipeline.dock.pipe import Pipe
from pipeline.domain.digest import Sha256
from pipeline.errors import UnavailableError

if TYPE_CHECKING:
    from hashlib import _Hash

BLOCK_BYTES: Final = 1 << 19
PART_BYTES: Final = 8 << 20
PARTS_MAX: Final = 9_999
"""S3's limit for one object, less the last part."""
PARTS_UNDER_WAY: Final = 3
"""In this process, whoever sends them; each is in memory."""
BODIES_UNDER_WAY: Final = 6
"""Large bodies at once; each holds up to one part while it arrives."""
SILENCE_S: Final = 60.0
ALARM_LATE_S: Final = 1.0
"""How late the alarm about silence may be put off: it rings up to this much early, after a chunk that came since."""

P = ParamSpec("P")
R = TypeVar("R")


class Hands:
    """The threads of this dock, and how much they may hold."""

    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(8, thread_name_prefix="dock")
        # A body that flows keeps a thread until it ends: digests must not wait behind it.
        self._senders = ThreadPoolExecutor(BODIES_UNDER_WAY + PARTS_UNDER_WAY, thread_name_prefix="sender")
        self._digesters = ThreadPoolExecutor(4, thread_name_prefix="digester")
        self.parts = asyncio.Semaphore(PARTS_UNDER_WAY)
        self.bodies = asyncio.Semaphore(BODIES_UNDER_WAY)

    async def do(self, work: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        """Run what blocks: books and small requests."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, lambda: work(*args, **named))

    def send(self, work: Callable[P, R], *args: P.args, **named: P.kwargs) -> "asyncio.Future[R]":
        """Run what blocks for long: bytes on their way to the store."""
        return asyncio.get_running_loop().run_in_executor(self._senders, lambda: work(*args, **named))

    def digest(self, digests: "Digests", block: bytes | bytearray) -> "asyncio.Future[Any]":
        """Digest bytes, both ways at once."""
        loop = asyncio.get_running_loop()
        digests.size_bytes += len(block)
        return asyncio.gather(
            loop.run_in_executor(self._digesters, digests.md5.update, block),
            loop.run_in_executor(self._digesters, digests.sha256.update, block),
        )

    def close(self) -> None:
        """Wait for what is running."""
        self._senders.shutdown()
        self._digesters.shutdown()
        self._workers.shutdown()


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A whole body."""

    md5: str
    digest: Sha256
    size_bytes: int
    finish: Callable[[], StoredObject] | None
    """Lets the object come into being; it blocks. `None` where the bytes were only looked at."""


@dataclass(slots=True)
class Digests:
    """What is known of a body so far."""

    md5: "_Hash" = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))
    sha256: "_Hash" = field(default_factory=hashlib.sha256)
    size_bytes: int = 0

    def taken(self, finish: Callable[[], StoredObject] | None) -> "TakenIn":
        """The body that all of this was."""
        return TakenIn(self.md5.hexdigest(), Sha256(self.sha256.hexdigest()), self.size_bytes, finish)


async def take_in(chunks: AsyncIterator[bytes], arriving: Arriving | None, hands: Hands) -> TakenIn:
    """Read a body to its end, sending it on in parts; without `arriving`, only digest it.

    Raises:
        UnavailableError: the sender fell silent, or the store does not answer; nothing is left in it.
        Exception: whatever `chunks` raises; likewise.
    """
    taking = _Taking(arriving, hands)
    try:
        part = bytearray()
        async for block in _blocks(chunks):
            for chunk in block:
                view = memoryview(chunk)
                while len(part) + len(view) >= PART_BYTES:
                    taken = PART_BYTES - len(part)
                    part += view[:taken]
                    view = view[taken:]
                    await taking.start(part)
                    part = bytearray()
                part += view
        return await taking.end(part)
    except BaseException:
        await asyncio.shield(taking.give_up())
        raise


async def pass_through(
    chunks: AsyncIterator[bytes], arriving: Arriving, hands: Hands, *, size_bytes: int, md5: str | None
) -> TakenIn:
    """Pass a body of known length on to the store while it is read.

    Args:
        chunks: the body.
        arriving: where it goes.
        hands: the threads.
        size_bytes: how long it will be.
        md5: what it will have, where that was announced: the store refuses anything else.

    Raises:
        UnavailableError: the sender fell silent or sent less than announced, or the store does not answer; nothing is
            left in it.
        Exception: whatever `chunks` raises; likewise.
    """
    is_vouched_for = await hands.send(arriving.begin, md5=md5)
    pipe = Pipe()
    body = _Digested(pipe, None if is_vouched_for else hashlib.md5(usedforsecurity=False))
    storing = hands.send(arriving.add_stream, body, size_bytes=size_bytes, md5=md5)
    storing.add_done_callback(lambda _: pipe.close())
    read_bytes = 0
    try:
        async for block in _blocks(chunks):
            if storing.done():
                break  # the store gave up: it says below why
            await pipe.put(block)
            read_bytes += sum(len(chunk) for chunk in block)
        if read_bytes < size_bytes:
            pipe.give_up()  # the request fails, and says so
        pipe.end()
        await storing
    except BaseException:
        pipe.give_up()
        await asyncio.shield(asyncio.gather(storing, return_exceptions=True))
        await asyncio.shield(hands.do(arriving.abort))
        raise
    found_md5 = arriving.stream_md5() if body.md5 is None else body.md5.hexdigest()
    return TakenIn(
        found_md5,
        Sha256(body.sha256.hexdigest()),
        body.size_bytes,
        lambda: arriving.finish_stream(size_bytes=body.size_bytes, md5=md5 or found_md5),
    )


class _Digested:
    """What comes out of a pipe, digested by the thread that takes it: no other has to be woken for each block."""

    def __init__(self, pipe: Pipe, md5: "_Hash | None") -> None:
        self._pipe = pipe
        self.md5 = md5
        """`None` where the store's is relied on: it takes more than all else that is done with a byte here."""
        self.sha256 = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """The next chunk, as `Pipe.read`."""
        chunk = self._pipe.read(size)
        self.sha256.update(chunk)
        if self.md5 is not None:
            self.md5.update(chunk)
        self.size_bytes += len(chunk)
        return chunk


class _Taking:
    """One body under way."""

    def __init__(self, arriving: Arriving | None, hands: Hands) -> None:
        self._arriving = arriving
        self._hands = hands
        self._digests = Digests()
        self._digesting: asyncio.Future[Any] | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._count = 0

    async def start(self, part: bytearray) -> None:
        """Digest and send one part, as soon as there are hands for it."""
        self._count += 1
        if self._count > PARTS_MAX:
            raise UnavailableError(f"expected at most {PARTS_MAX * PART_BYTES} bytes in one object, found more")
        await self._hands.parts.acquire()
        if self._digesting is not None:
            await self._digesting  # digests go over the parts in order
        self._digesting = self._hands.digest(self._digests, part)
        self._under_way.add(asyncio.create_task(self._carry(self._count, part, self._digesting)))
        for done in [task for task in self._under_way if task.done()]:
            self._under_way.remove(done)
            done.result()

    async def end(self, last: bytearray) -> TakenIn:
        """Digest and send what is left."""
        arriving = self._arriving
        if self._count == 0 or arriving is None:
            await self._settle()
            await self._hands.digest(self._digests, last)
            digest = Sha256(self._digests.sha256.hexdigest())
            finish = None if arriving is None else lambda: arriving.store_whole(last, digest=digest)
            return self._digests.taken(finish)
        if last:
            await self.start(last)
        await self._settle()
        size_bytes = self._digests.size_bytes
        return self._digests.taken(lambda: arriving.finish(size_bytes=size_bytes))

    async def give_up(self) -> None:
        """Wait for the threads, then give the parts back."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._arriving is not None:
            await self._hands.do(self._arriving.abort)

    async def _settle(self) -> None:
        under_way, self._under_way = self._under_way, set()
        results = await asyncio.gather(*under_way, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _carry(self, number: int, part: bytearray, digesting: "asyncio.Future[Any]") -> None:
        try:
            if self._arriving is not None:
                await self._hands.send(self._arriving.add_part, number, part)
            await digesting
        finally:
            self._hands.parts.release()


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """Chunks in blocks of `BLOCK_BYTES` or a little more, as long as they keep coming; the last block may be shorter.

    They are not put together: at this speed, copying is half of the work.

    Raises:
        UnavailableError: nothing came for a minute.
    """
    clock = asyncio.get_running_loop().time
    is_over = False
    while not is_over:
        block: list[bytes] = []
        size_bytes = 0
        try:
            # One alarm for a block and not for each of its chunks; while they come it is put off.
            async with asyncio.timeout(SILENCE_S) as alarm:
                set_at = clock()
                while size_bytes < BLOCK_BYTES:
                    block.append(chunk := await anext(chunks))
                    size_bytes += len(chunk)
                    if clock() - set_at > ALARM_LATE_S:
                        set_at = clock()
                        alarm.reschedule(set_at + SILENCE_S)
        except StopAsyncIteration:
            is_over = True
        except TimeoutError as exc:
            raise UnavailableError(f"the sender was silent for {SILENCE_S:.0f} s: send it again") from exc
        if block:
            yield block
