"""What every request leaves behind: its correlation id, a log line and two metrics."""

import re
import time
from contextlib import ExitStack

import structlog
from flask import Flask, Response, g, request
from opentelemetry.trace import SpanKind

from shared import tracing
from shared.audit import acting
from shared.correlation import correlated, correlation_id
from shared.metrics import observe_request

HEADER = "X-Correlation-Id"
ACCEPTABLE = re.compile(r"[A-Za-z0-9._:-]{8,128}")
QUIET = ("/healthz/", "/readyz/", "/metrics")

log = structlog.get_logger(__name__)


def init_observing(app: Flask, service: str) -> None:
    """Register the hooks; they must be the first ones of the application."""

    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.work = ExitStack()
        # An outsider's id is taken only if it cannot break a log line or a header.
        g.work.enter_context(correlated(given if ACCEPTABLE.fullmatch(given) else None))
        g.work.enter_context(acting())  # nobody yet: the guard of the view knows who it is
        if not request.path.startswith(QUIET):
            name = f"{request.method} {_route()}"
            asked_by = request.headers.get(tracing.HEADER)
            g.span = g.work.enter_context(tracing.span(name, SpanKind.SERVER, parent=asked_by))
        g.began = time.perf_counter()

    def finish(response: Response) -> Response:
        response.headers[HEADER] = correlation_id() or ""
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        route = _route()
        observe_request(service, request.method, route, response.status_code, seconds)
        if "span" in g:
            g.span.set_attributes(_facts(route, response.status_code))
        if not request.path.startswith(QUIET) and not (request.endpoint or "").endswith("static"):
            log.info(
                "request",
                method=request.method,
                route=route,
                status=response.status_code,
                milliseconds=round(seconds * 1000, 1),
                address=request.remote_addr,
            )
        return response

    def end(_error: BaseException | None) -> None:
        stack: ExitStack | None = g.pop("work", None)
        if stack is not None:
            stack.close()

    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)


def _route() -> str:
    # The rule, not the path: a path may hold a single-use link, and paths are endless as metric labels.
    return request.url_rule.rule if request.url_rule else "unmatched"


def _facts(route: str, status: int) -> dict[str, str | int]:
    """As OpenTelemetry's conventions for HTTP name them."""
    return {"http.request.method": request.method, "http.route": route, "http.response.status_code": status}
