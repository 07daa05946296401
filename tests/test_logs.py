import logging
from collections.abc import Iterator

import pytest
import structlog

from pipeline.logs import configure_logs


@pytest.fixture(autouse=True)
def _unconfigured() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def test_an_event_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    structlog.get_logger().info("clip_cut", clip_id="1f0c", note="two\nlines")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "level=info event=clip_cut clip_id=1f0c note=two\\nlines" in err
    assert err.startswith("timestamp=20")
    assert err.split()[0].endswith("Z")


def test_a_command_that_asks_for_warnings_hears_nothing_else_from_flows(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level=logging.WARNING)
    configure_logs()
    structlog.get_logger().info("clip_cut")
    structlog.get_logger().warning("upload_quarantined", upload_id="1")
    assert "clip_cut" not in (err := capsys.readouterr().err)
    assert "event=upload_quarantined upload_id=1" in err


def test_what_is_bound_for_a_while_is_in_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    with structlog.contextvars.bound_contextvars(flow_run_id="7"):
        structlog.get_logger().info("clip_cut")
    structlog.get_logger().info("clip_cut")
    first, second = capsys.readouterr().err.splitlines()
    assert "flow_run_id=7" in first
    assert "flow_run_id" not in second
