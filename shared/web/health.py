"""Is the process alive, can it work, and what are its numbers."""

import structlog
from flask import Blueprint, Response, abort, request
from sqlalchemy import text
from werkzeug.exceptions import ServiceUnavailable

from shared.metrics import exposition
from shared.web.context import current

log = structlog.get_logger(__name__)


def health_blueprint(service: str) -> Blueprint:
    """`/healthz/<service>`, `/readyz/<service>`, `/metrics`."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get(f"/healthz/{service}")
    def healthz() -> dict[str, str]:
        return {"service": service, "status": "ok"}

    @blueprint.get(f"/readyz/{service}")
    def readyz() -> tuple[dict[str, str], int]:
        try:
            with current().db.read() as session:
                session.execute(text("SELECT 1"))
            for check in current().checks:
                check()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
            log.warning("not_ready", error=type(error).__name__)
            return {"service": service, "status": "unavailable"}, ServiceUnavailable.code
        return {"service": service, "status": "ready"}, 200

    @blueprint.get("/metrics")
    def metrics() -> Response:
        # Whoever came through the front door is an outsider.
        if "X-Forwarded-For" in request.headers:
            abort(404)
        body, content_type = exposition()
        return Response(body, content_type=content_type)

    return blueprint
