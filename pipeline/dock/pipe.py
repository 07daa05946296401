"""How do bytes get from the event loop to a thread that sends them, with few of them in memory?"""

import asyncio
from queue import SimpleQueue
from typing import Final

from pipeline.errors import UnavailableError

BLOCKS_MAX: Final = 8
"""Blocks in a pipe, the one that is being sent included."""


class Pipe:
    """Blocks go in on the event loop and come out, in order, in a thread: a readable body of known length."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._free = asyncio.Semaphore(BLOCKS_MAX)
        self._blocks: SimpleQueue[bytes | bytearray | None] = SimpleQueue()

    async def put(self, block: bytes | bytearray) -> None:
        """Put a block in, when there is room."""
        await self._free.acquire()
        self._blocks.put(block)

    def end(self) -> None:
        """Nothing more comes: the reader has everything."""
        self._blocks.put(b"")

    def give_up(self) -> None:
        """Nothing more comes, and what came is not all: the reader fails, and so does its request."""
        self._blocks.put(None)

    def close(self) -> None:
        """Nobody reads any more: whoever puts does not wait for room."""
        for _ in range(BLOCKS_MAX):
            self._free.release()

    def read(self, _: int = -1) -> bytes | bytearray:
        """The next block, of its own size; empty at the end. Called by the HTTP client, in its thread.

        Raises:
            UnavailableError: the sender gave up.
        """
        block = self._blocks.get()
        if block is None:
            raise UnavailableError("the body broke off")
        self._loop.call_soon_threadsafe(self._free.release)
        return block
