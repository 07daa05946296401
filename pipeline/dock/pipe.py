"""How do bytes get from the event loop to a thread that sends them, with few of them in memory?"""

import asyncio
from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from typing import Final

from pipeline.errors import UnavailableError

BLOCKS_MAX: Final = 6
"""Blocks in a pipe, the one that is being sent included."""


class Pipe:
    """Blocks of chunks go in on the event loop; chunks come out, in order, in a thread: a body of known length."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._free = asyncio.Semaphore(BLOCKS_MAX)
        self._blocks: SimpleQueue[Sequence[bytes] | None] = SimpleQueue()
        self._chunks: Iterator[bytes] = iter(())
        """Of the block that is being read."""

    async def put(self, block: Sequence[bytes]) -> None:
        """Put a block in, when there is room."""
        await self._free.acquire()
        self._blocks.put(block)

    def end(self) -> None:
        """Nothing more comes: the reader has everything."""
        self._blocks.put(())

    def give_up(self) -> None:
        """Nothing more comes, and what came is not all: the reader fails, and so does its request."""
        self._blocks.put(None)

    def close(self) -> None:
        """Nobody reads any more: whoever puts does not wait for room."""
        for _ in range(BLOCKS_MAX):
            self._free.release()

    def read(self, _: int = -1) -> bytes:
        """The next chunk, of its own size; empty at the end. Called by the HTTP client, in its thread.

        Raises:
            UnavailableError: the sender gave up.
        """
        while True:
            for chunk in self._chunks:
                if chunk:  # an empty one would be the end
                    return chunk
            block = self._blocks.get()
            if block is None:
                raise UnavailableError("the body broke off")
            if not block:
                return b""
            self._chunks = iter(block)
            self._loop.call_soon_threadsafe(self._free.release)
