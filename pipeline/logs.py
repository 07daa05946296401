"""How events are logged: structlog, one line each, past-tense names, ids only.

A log line is never a custody event, and never holds a name, a collar number, a signed URL or a frame.
"""

import logging
import sys

import structlog


def configure_logs(*, level: int = logging.INFO) -> None:
    """Send events to standard error, so that standard output stays for results.

    The first call in a process decides: a command asks for warnings only, a flow run for everything.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("event"),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
