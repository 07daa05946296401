"""Which status does a docking station get, and what does it do about it?

| status | what it means to the station | when |
| --- | --- | --- |
| 400 | never: keep the recording, tell a person | `RejectedInputError` |
| 401 | get another token | no token, or one that has expired |
| 403 | not permitted | `NotPermittedError` |
| 404 | there is no such thing | `UsageError` |
| 500 | a fault of ours | anything else |
| 503 | try again soon | `UnavailableError`, `SettingsError`: whatever an operator can mend |
| 507 | out of space | `StoreFullError` |
"""

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from pipeline.errors import (
    FirsthandError,
    NotPermittedError,
    RejectedInputError,
    SettingsError,
    StoreFullError,
    UnavailableError,
    UsageError,
)

RETRY_AFTER_S: Final = 5

_STATUSES: Final[tuple[tuple[type[FirsthandError], HTTPStatus], ...]] = (
    (StoreFullError, HTTPStatus.INSUFFICIENT_STORAGE),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (SettingsError, HTTPStatus.SERVICE_UNAVAILABLE),
    (RejectedInputError, HTTPStatus.BAD_REQUEST),
    (NotPermittedError, HTTPStatus.FORBIDDEN),
    (UsageError, HTTPStatus.NOT_FOUND),
)


def status_of(error: Exception) -> HTTPStatus:
    """The status that an error amounts to."""
    return next((status for family, status in _STATUSES if isinstance(error, family)), HTTPStatus.INTERNAL_SERVER_ERROR)


def refusal(error: Exception) -> Response:
    """The answer that an error amounts to; why the store or the database is away is nobody's business but ours."""
    status = status_of(error)
    is_theirs = status < HTTPStatus.INTERNAL_SERVER_ERROR
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return said(status, f"{error}" if is_theirs else status.description, headers)


def said(status: HTTPStatus, text: str = "", headers: dict[str, str] | None = None) -> Response:
    """A plain answer."""
    return Response(f"{text}\n" if text else b"", status, headers, "text/plain")
