"""Log lines as JSON on stderr: journald keeps them. What people looked at or decided is data, not a log line."""

from __future__ import annotations

import logging
import sys

import structlog


def logger() -> structlog.stdlib.BoundLogger:
    """Set logging up for the service and return its logger."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    found: structlog.stdlib.BoundLogger = structlog.get_logger()
    return found
