"""What is asked of the dock over HTTP, and by whom? Requests in, answers out; the books are kept by `Reception`.

Paths are read as they were sent: a name may hold slashes and any script, percent-encoded.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_to_bytes

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.dock.answers import refusal, said
from pipeline.dock.headers import CONTAINER, OBJECT, as_headers, said_in
from pipeline.dock.incoming import Hands
from pipeline.dock.reception import Reception
from pipeline.dock.sending import Sending
from pipeline.dock.system import SystemDocuments
from pipeline.dock.tokens import Tokens
from pipeline.domain import docking
from pipeline.errors import FirsthandError, NotPermittedError, RejectedInputError, UsageError

log = structlog.get_logger()

ACCOUNT: Final = "firsthand"
READABLE_BYTES_MAX: Final = 1 << 20
READABLE: Final = frozenset({"system", "users", "devices"})
"""Footage goes in and never comes out here."""
WRONG_KEY_S: Final = 0.5
"""How long whoever gives a wrong key waits for the answer."""

_PARTS_MAX = 4


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names."""

    account: str
    container: str = ""
    name: str = ""


def build(
    reception: Reception, tokens: Tokens, *, categories: bytes | None = None, url: str | None = None
) -> Starlette:
    """The application, to be served by any ASGI server.

    Args:
        reception: the books.
        tokens: who may send.
        categories: the categories document, if bookmarks have categories.
        url: where stations reach us, when that is not the address they asked.
    """
    dock = _Dock(reception, tokens, SystemDocuments(categories), url)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        dock.hands = Hands()
        yield
        await asyncio.to_thread(dock.hands.close)

    return Starlette(
        routes=[
            Route("/auth/v1.0", dock.answering(dock.admit), methods=["GET"]),
            Route("/v1/{rest:path}", dock.answering(dock.serve), methods=["GET", "HEAD", "PUT", "POST"]),
        ],
        lifespan=lifespan,
    )


class _Dock:
    hands: Hands

    def __init__(self, reception: Reception, tokens: Tokens, documents: SystemDocuments, url: str | None) -> None:
        self._reception = reception
        self._tokens = tokens
        self._documents = documents
        self._url = url
        self._sending = Sending(reception)

    def answering(self, serve: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Turn every error into the answer that it amounts to."""

        async def answer(request: Request) -> Response:
            try:
                return await serve(request)
            except ClientDisconnect:
                return said(HTTPStatus.SERVICE_UNAVAILABLE)  # to nobody
            except FirsthandError as exc:
                found = refusal(exc)
                log.warning("dock_refused", method=request.method, status=found.status_code, kind=type(exc).__name__)
                return await self._after_the_body(request, found)

        return answer

    async def admit(self, request: Request) -> Response:
        """Give a token to whoever knows user and key."""
        user = request.headers.get("x-auth-user") or request.headers.get("x-storage-user") or ""
        keys = (request.headers.get(name, "") for name in ("x-auth-key", "auth-key", "x-storage-pass"))
        token = self._tokens.admit(user, next((key for key in keys if key), ""))
        if token is None:
            await asyncio.sleep(WRONG_KEY_S)
            log.warning("dock_key_refused")
            return said(HTTPStatus.UNAUTHORIZED, "unknown user or wrong key")
        base = self._url or f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}"
        headers = {
            "X-Auth-Token": token,
            "X-Storage-Token": token,
            "X-Auth-Token-Expires": str(int(self._tokens.lifetime.total_seconds())),
            "X-Storage-Url": f"{base.rstrip('/')}/v1/{ACCOUNT}",
        }
        return said(HTTPStatus.OK, headers=headers)

    async def serve(self, request: Request) -> Response:
        """Everything that needs a token."""
        token = request.headers.get("x-auth-token") or request.headers.get("x-storage-token") or ""
        if not self._tokens.knows(token):
            refused = said(HTTPStatus.UNAUTHORIZED, "no token, or one that has expired: ask /auth/v1.0 for one")
            return await self._after_the_body(request, refused)
        place = _place(request)
        if place.account != ACCOUNT:
            raise NotPermittedError(f"expected account {ACCOUNT}")
        if not place.container:
            raise UsageError("expected a container")
        if place.name:
            return await self._serve_object(request, place)
        return await self._serve_container(request, place.container)

    async def _serve_container(self, request: Request, container: str) -> Response:
        if request.method in {"GET", "HEAD"}:
            metadata, objects = await self.hands.do(self._reception.look_at_container, container)
            headers = as_headers(metadata, "X-Container-Meta-") | {"X-Container-Object-Count": str(objects)}
            return said(HTTPStatus.NO_CONTENT, headers=headers)
        metadata = said_in(request.headers.raw, CONTAINER)
        await _drain(request)
        if request.method == "POST":
            await self.hands.do(self._reception.say_container, container, metadata)
            return said(HTTPStatus.NO_CONTENT)
        new = await self.hands.do(self._reception.make_container, container, metadata)
        return said(HTTPStatus.CREATED if new else HTTPStatus.ACCEPTED)

    async def _serve_object(self, request: Request, place: Place) -> Response:
        is_ours = place.container == docking.SYSTEM and self._documents.is_ours(place.name)
        if request.method in {"GET", "HEAD"}:
            return self._documents.answer(place.name) if is_ours else await self._look(request, place)
        if is_ours:
            raise NotPermittedError("this document is the dock's own")
        metadata = said_in(request.headers.raw, OBJECT)
        if request.method == "POST":
            await _drain(request)
            await self.hands.do(self._reception.say_object, place.container, place.name, metadata)
            return said(HTTPStatus.ACCEPTED)
        return await self._sending.put(request, place.container, place.name, metadata, self.hands)

    async def _look(self, request: Request, place: Place) -> Response:
        found, metadata, kind = await self.hands.do(self._reception.look_at_object, place.container, place.name)
        headers = as_headers(metadata, "X-Object-Meta-") | {
            "ETag": found.md5,
            "Last-Modified": format_datetime(found.stored_at, usegmt=True),
        }
        if request.method == "HEAD":
            return Response(b"", HTTPStatus.OK, headers | {"Content-Length": str(found.size_bytes)}, found.media_type)
        if kind not in READABLE:
            raise NotPermittedError("footage goes into the dock and never comes out of it")
        content = await self.hands.do(self._reception.read, found, limit_bytes=READABLE_BYTES_MAX)
        return Response(content, HTTPStatus.OK, headers, found.media_type)

    async def _after_the_body(self, request: Request, answer: Response) -> Response:
        """Most clients read no answer before they have sent everything; those who wait for our word send nothing."""
        if "100-continue" in request.headers.get("expect", "").lower():
            return answer
        try:
            await _drain(request)
        except (ClientDisconnect, RuntimeError):
            return answer  # nobody is there, or the body was read before
        return answer


async def _drain(request: Request) -> None:
    async for _ in request.stream():
        pass


def _place(request: Request) -> Place:
    """What the path names, as it was sent.

    Raises:
        RejectedInputError: it is no UTF-8.
    """
    raw: bytes = request.scope["raw_path"]
    parts = raw.removeprefix(b"/v1/").split(b"/", _PARTS_MAX - 2)
    try:
        return Place(*(unquote_to_bytes(part).decode() for part in parts))
    except UnicodeDecodeError as exc:
        raise RejectedInputError("expected a path in percent-encoded UTF-8, found something else") from exc
