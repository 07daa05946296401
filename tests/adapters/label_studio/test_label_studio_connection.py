import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.adapters.label_studio import LabelStudio
from pipeline.errors import AccessDeniedError, FirsthandError, LabelStudioUnavailableError, SettingsError
from tests.stack_fixtures import SessionStack

TOKEN = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class OtherServer:
    """Something that answers every request with the same words."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def a_server_that_says(status: int, body: str, media_type: str = "application/json") -> Iterator[OtherServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said.asked.append(f"{self.command} {self.path}")
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said = OtherServer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield said
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def refusal_of(url: str, token: str = TOKEN) -> FirsthandError:
    with pytest.raises(FirsthandError) as caught, LabelStudio(url, token, timeout_s=5) as labelling:
        labelling.whoami()
    assert token not in str(caught.value)
    return caught.value


def test_the_right_token_is_somebody(label_studio_stack: SessionStack) -> None:
    settings = label_studio_stack.settings
    url, token = settings["FIRSTHAND_LABEL_STUDIO_URL"], settings["FIRSTHAND_LABEL_STUDIO_TOKEN"]
    with LabelStudio(f"{url}/", token) as labelling:
        assert labelling.whoami() == 1


def test_a_wrong_token_is_refused_and_not_repeated_in_the_message(label_studio_stack: SessionStack) -> None:
    refusal = refusal_of(label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"])
    assert isinstance(refusal, AccessDeniedError)
    assert "could not ask who we are" in str(refusal)
    assert "refused the token (401)" in str(refusal)


def test_a_server_that_is_down_may_come_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refusal = refusal_of(f"http://127.0.0.1:{port}")
    assert isinstance(refusal, LabelStudioUnavailableError)
    assert f"Label Studio at http://127.0.0.1:{port} did not answer" in str(refusal)


def test_a_server_that_is_silent_may_come_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with LabelStudio(url, TOKEN, timeout_s=0.2) as labelling, pytest.raises(LabelStudioUnavailableError):
            labelling.whoami()


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (401, AccessDeniedError),
        (403, AccessDeniedError),
        (404, SettingsError),
        (400, SettingsError),
        (408, LabelStudioUnavailableError),
        (429, LabelStudioUnavailableError),
        (500, LabelStudioUnavailableError),
        (503, LabelStudioUnavailableError),
    ],
)
def test_each_refusal_has_its_family_and_nothing_is_asked_twice(status: int, family: type[FirsthandError]) -> None:
    with a_server_that_says(status, json.dumps({"detail": "not\n today"})) as server:
        refusal = refusal_of(server.url)
        assert type(refusal) is family
        assert len(server.asked) == 1
        with LabelStudio(server.url, TOKEN, timeout_s=5) as labelling, pytest.raises(family):
            labelling.read(1, updated_since=None)
        assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("body", "media_type"),
    [("<html>Welcome</html>", "text/html"), ("[]", "application/json"), ("{}", "application/json"), ("", "text/plain")],
)
def test_a_server_that_is_no_label_studio_is_a_wrong_setting(body: str, media_type: str) -> None:
    with a_server_that_says(200, body, media_type) as server:
        refusal = refusal_of(server.url)
        assert type(refusal) is SettingsError
        assert server.url in str(refusal)
        with LabelStudio(server.url, TOKEN) as labelling, pytest.raises(SettingsError, match=server.url):
            labelling.read(1, updated_since=None)


@pytest.mark.parametrize("url", ["", "localhost:8080", "ftp://127.0.0.1", "http://[::1"])
def test_an_address_that_is_none_is_a_wrong_setting(url: str) -> None:
    assert isinstance(refusal_of(url), SettingsError)


def test_a_token_that_ran_out_is_refused() -> None:
    # A personal access token whose `exp` lies in 2001; the SDK reads it before it asks anybody.
    spent = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjEwMDAwMDAwMDB9.c2lnbmF0dXJl"
    assert isinstance(refusal_of("http://127.0.0.1:9", spent), AccessDeniedError)
