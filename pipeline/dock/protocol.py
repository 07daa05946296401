"""How is HTTP read from whoever reaches the dock, before it is known who that is?

The parser of httptools is faster than that of h11, but keeps whatever head of a request it is sent, and waits for its
end for ever. A head has a length and a time here.
"""

from asyncio import TimerHandle, Transport
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX: Final = 64 << 10
"""Of request line and headers, beyond what came in one piece (256 KiB at most): what h11 allows."""
HEAD_S: Final = 30.0
"""From a connection's beginning, or that of a further request, to the end of the head."""


class BoundedHttp(HttpToolsProtocol):
    """One connection. Whoever sends no end of a head is told 400, and the connection is closed."""

    _head_bytes: int | None = 0
    """What came of a head that has no end yet; `None` while there is none."""
    _alarm: TimerHandle | None = None

    # type: uvicorn narrows asyncio's BaseTransport to Transport, as we do
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A connection begins, and with it a head."""
        super().connection_made(transport)
        self._alarm = self.loop.call_later(HEAD_S, self._refuse, "the head of the request took too long")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._head_ended()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came; of a head there must not be more than allowed."""
        was_in_head = self._head_bytes is not None
        super().data_received(data)
        if was_in_head and self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse("the head of the request is too long")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._alarm is None:
            self._alarm = self.loop.call_later(HEAD_S, self._refuse, "the head of the request took too long")

    def on_headers_complete(self) -> None:
        """Its head is over."""
        self._head_ended()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body: kept as it is when nothing else waits, for at this speed copying is half of the work."""
        cycle = self.cycle
        if cycle.body or cycle.response_complete:
            super().on_body(body)
        else:
            cycle.body = body  # type: ignore[assignment]  # which uvicorn replaces, and never changes in place
            super().on_body(b"")

    def _head_ended(self) -> None:
        self._head_bytes = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _refuse(self, why: str) -> None:
        self._head_ended()
        if not self.transport.is_closing():
            self.send_400_response(why)
