"""Log lines as JSON on stderr: journald keeps them. What people looked at or decided is data, not a log line."""

from __future__ import annotations

import logging
import sys

import structlog

PROCESSORS: list[structlog.typing.Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
RENDER = structlog.processors.JSONRenderer(ensure_ascii=False)


def logger() -> structlog.stdlib.BoundLogger:
    """Set logging up for the service and return its logger."""
    _others()
    structlog.configure(
        processors=[*PROCESSORS, RENDER],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    found: structlog.stdlib.BoundLogger = structlog.get_logger()
    return found


def _others() -> None:
    """What the web server, other libraries and Python's own warnings say goes the same way."""
    handler = logging.StreamHandler(sys.stderr)
    last: list[structlog.typing.Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, RENDER]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=PROCESSORS))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
