"""Log lines: one JSON object each on standard error, or readable text on a terminal.

Values whose names say that they are secret never appear, whoever logs them.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from shared.correlation import correlation_id

SECRET = re.compile(r"password|secret|token|authorization|cookie|contrase|clave|ciphertext", re.IGNORECASE)


def _redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {name: "[redacted]" if SECRET.search(name) else value for name, value in line.items()}


def _correlate(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    if current := correlation_id():
        line.setdefault("correlation_id", current)
    return line


def configure_logs(service: str) -> None:
    """Set up structlog for this process, and let the libraries' own warnings pass through it."""
    readable = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _correlate,
            _redact,
            # Plain tracebacks: a rich one would print local variables, and with them secrets.
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message") if not readable else _keep,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if readable
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s", force=True)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # the bus itself tells when a broker is away
    for noisy in ("kombu", "amqp", "urllib3", "mail.log", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _keep(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return line
