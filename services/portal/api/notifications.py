"""Where gateways tell what became of a payment. No token: the signature of the gateway is the proof."""

from typing import Any, NoReturn

import marshmallow as ma
import structlog
from flask import request
from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint

from services.portal.actions.notifications import LATER, is_counted_out, note_incident, take_notice
from services.portal.clients.gateways.choosing import Gateways
from services.portal.rules.gateways import BAD_SIGNATURE, UNREADABLE, BadSignature, Unreadable
from shared import clock
from shared.web import Problem, current

MOST_BYTES = 64 * 1024
AGAIN_AFTER = "600"
IGNORED = "ignored"
STATUS = {BAD_SIGNATURE: 401, UNREADABLE: 400}

log = structlog.get_logger(__name__)


class VerdictView(ma.Schema):
    """What a notification was taken for."""

    verdict = ma.fields.String(
        required=True, metadata={"description": "paid, pending, declined, nothing_new, repeated, ignored, …"}
    )


def notifications_blueprint(gateways: Gateways) -> Blueprint:
    """`/gateways/<gateway>/notifications` for each of these gateways."""
    notifications = Blueprint(
        "notifications", __name__, url_prefix="/gateways", description="Signed notifications of gateways"
    )

    @notifications.route("/<gateway>/notifications")
    class Notifications(MethodView):
        @notifications.doc(
            requestBody={
                "description": "As the gateway's own documentation says, with its signature; at most 64 KiB",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        )
        @notifications.response(200, VerdictView)
        @notifications.alt_response(401, description="The gateway did not sign it")
        def post(self, gateway: str) -> dict[str, Any]:
            """Take what a gateway tells: 200 for all that was understood, whatever its effect; else it tells again."""
            adapter = gateways.get(gateway)
            if adapter is None:
                raise Problem(404, gettext("There is no such gateway."))
            body = request.get_data()
            if not body:
                raise Problem(400, gettext("There is nothing in it."))
            try:
                notice = adapter.read_notice(dict(request.headers), body)
            except BadSignature:
                _refuse(gateway, BAD_SIGNATURE)
            except Unreadable:
                _refuse(gateway, UNREADABLE)
            if notice is None:
                return {"verdict": IGNORED}
            with current().db.write() as session:
                verdict = take_notice(session, notice, _today())
            log.info("gateway_notice", gateway=gateway, reference=notice.reference, state=notice.state, verdict=verdict)
            if verdict == LATER:
                raise Problem(503, headers={"Retry-After": AGAIN_AFTER})
            return {"verdict": verdict}

    return notifications


def _refuse(gateway: str, kind: str) -> NoReturn:
    """Count it for the agents; nothing of what was sent is kept or logged."""
    with current().db.read() as session:
        is_known = is_counted_out(session, gateway, kind, _today())
    if not is_known:
        with current().db.write() as session:
            note_incident(session, gateway, kind, _today())
    log.warning("gateway_notice_refused", gateway=gateway, kind=kind)
    raise Problem(STATUS[kind], gettext("This is no notification of the gateway."))


def _today() -> Any:
    return clock.today(current().settings.timezone)
