"""How do we speak to a Label Studio server, and what do its failures mean to us?

The only lip of the SDK: its errors, and those of HTTP, become ours here. Nothing is tried twice at this level, although
the SDK offers it: an import that was answered with an error may have been done, and a second one makes tasks twice.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx
from label_studio_sdk import LabelStudio as Sdk
from label_studio_sdk.core.api_error import ApiError

from pipeline.errors import AccessDeniedError, FirsthandError, LabelStudioUnavailableError, SettingsError

_TRY_LATER: Final = frozenset({408, 425, 429})
_NOT_FOUND: Final = 404
_SERVER_AT_FAULT: Final = 500
_DETAIL_MAX_CHARS: Final = 300


class Connection:
    """One server, one account. Opens nothing until it is used."""

    def __init__(self, url: str, token: str, *, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        self._http = httpx.Client(timeout=timeout_s, follow_redirects=True)
        with self.asking("read the token"):
            self._sdk = Sdk(  # type: ignore[no-untyped-call]  # the SDK types its methods, but not this
                base_url=self.url, api_key=token, httpx_client=self._http, max_retries=0
            )

    @contextmanager
    def asking(self, purpose: str) -> Iterator[None]:
        """Do something with the SDK or with HTTP, and let only our errors out.

        Args:
            purpose: what is being done, as it would follow "could not".
        """
        try:
            yield
        except ApiError as exc:
            raise self._ours(exc.status_code, exc.body, purpose) from exc
        except httpx.HTTPStatusError as exc:
            raise self._ours(exc.response.status_code, exc.response.text, purpose) from exc
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as exc:
            raise SettingsError(f"expected the URL of a Label Studio, found {self.url!r}: {exc}") from exc
        except httpx.HTTPError as exc:
            raise LabelStudioUnavailableError(
                f"could not {purpose}: Label Studio at {self.url} did not answer ({type(exc).__name__}: {exc})"
            ) from exc
        except (ValueError, TypeError, AttributeError) as exc:
            # The SDK trips over JSON that has not the shape it expects.
            raise SettingsError(f"could not {purpose}: expected a Label Studio at {self.url}, found {exc}") from exc

    @contextmanager
    def sdk(self, purpose: str) -> Iterator[Sdk]:
        """The SDK's client; `purpose` as in `asking`."""
        with self.asking(purpose):
            yield self._sdk

    def get(self, path: str, params: Mapping[str, str | int], *, purpose: str) -> Any:
        """The JSON at a path, as Python's own types.

        The SDK's models are passed by where results are read: they took eight times as long, and what they give back
        is not what the server sent.
        """
        with self.asking(purpose):
            return self._get(path, params).raise_for_status().json()

    def exists(self, path: str, *, purpose: str) -> bool:
        """Whether there is anything at a path."""
        with self.asking(purpose):
            response = self._get(path, {})
            if response.status_code == _NOT_FOUND:
                return False
            response.raise_for_status()
            return True

    def post(self, path: str, *, purpose: str) -> None:
        """Do what a path does when something is posted to it."""
        with self.asking(purpose):
            self._http.post(f"{self.url}{path}", headers=self._headers()).raise_for_status()

    def delete(self, path: str, *, purpose: str) -> None:
        """Delete what is at a path; that there is nothing is as good."""
        with self.asking(purpose):
            response = self._http.delete(f"{self.url}{path}", headers=self._headers())
            if response.status_code != _NOT_FOUND:
                response.raise_for_status()

    def _headers(self) -> Mapping[str, str]:
        # The SDK alone knows how to renew a personal access token, and has no public way to ask for the header.
        headers: Mapping[str, str] = self._sdk._client_wrapper.get_headers()  # noqa: SLF001  # see above
        return headers

    def _get(self, path: str, params: Mapping[str, str | int]) -> httpx.Response:
        return self._http.get(f"{self.url}{path}", params=params, headers=self._headers())

    def close(self) -> None:
        """Close all sockets. Safe to repeat."""
        self._http.close()

    def _ours(self, status: int | None, body: object, purpose: str) -> FirsthandError:
        detail = " ".join(str(body).split())[:_DETAIL_MAX_CHARS]
        if status in {401, 403}:
            return AccessDeniedError(
                f"could not {purpose}: Label Studio at {self.url} refused the token ({status}); "
                "expected the API token of an account that may do this"
            )
        if status is None or status >= _SERVER_AT_FAULT or status in _TRY_LATER:
            return LabelStudioUnavailableError(
                f"could not {purpose}: Label Studio at {self.url} answered {status}: {detail}"
            )
        return SettingsError(f"could not {purpose}: Label Studio at {self.url} answered {status}: {detail}")
