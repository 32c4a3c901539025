"""REST of the queue as a whole, and of the keys for which secrets are sealed."""

import base64
from typing import Any

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.mailer.actions.keys import ensure_sealing_key
from services.mailer.actions.queue import change_pace, pause_queue, resume_queue
from services.mailer.api.caller import caller
from services.mailer.queries import count_by_state, list_sealing_keys, queue_of
from services.mailer.rules.options import mail_options
from services.mailer.schemas import QueueIn, QueueOut, SealingKeysOut
from shared.web import current, idempotent, require_scope

queue = Blueprint("queue_api", __name__, url_prefix="/queue", description="The queue as a whole")
keys = Blueprint("keys_api", __name__, url_prefix="/sealing-keys", description="Keys for sealing")


def _queue(session: Session) -> dict[str, Any]:
    row, options = queue_of(session), mail_options(current().settings)
    state = "paused" if row.paused else "unreachable" if row.trouble else "running"
    return {
        "state": state,
        "paused": row.paused,
        "paused_by": row.paused_by,
        "paused_at": row.paused_at,
        "delay": options.mail_delay if row.delay is None else row.delay,
        "per_second": options.mail_per_second if row.per_second is None else row.per_second,
        "per_domain_per_second": options.mail_per_domain if row.per_domain is None else row.per_domain,
        "trouble": row.trouble,
        "trouble_since": row.trouble_since,
        "counts": count_by_state(session),
    }


@queue.get("")
@require_scope("letters:read")
@queue.response(200, QueueOut)
def show_queue() -> Any:
    """The state of the queue and the counts."""
    with current().db.read() as session:
        return _queue(session)


@queue.patch("")
@require_scope("queue:control")
@queue.arguments(QueueIn)
@queue.response(200, QueueOut)
def change_queue(body: dict[str, Any]) -> Any:
    """Change the delay before the first attempt, or the limits."""
    with current().db.write() as session:
        row = queue_of(session)
        change_pace(
            session,
            caller(),
            delay=body.get("delay", row.delay),
            per_second=body.get("per_second", row.per_second),
            per_domain=body.get("per_domain_per_second", row.per_domain),
        )
        session.expire_all()
        return _queue(session)


@queue.post("/pause")
@require_scope("queue:control")
@idempotent
@queue.response(200, QueueOut)
def pause(session: Session) -> Any:
    """Stop sending at once. Letters under way end, nothing else begins until it is resumed."""
    pause_queue(session, caller())
    session.expire_all()
    return _queue(session)


@queue.post("/resume")
@require_scope("queue:control")
@idempotent
@queue.response(200, QueueOut)
def resume(session: Session) -> Any:
    """Go on sending."""
    resume_queue(session)
    session.expire_all()
    return _queue(session)


@keys.get("")
@require_scope("keys:read")
@keys.response(200, SealingKeysOut)
def sealing_keys() -> Any:
    """The public keys for which secrets of letters are sealed, the newest first."""
    with current().db.read() as session:
        found = list_sealing_keys(session)
    if not found:  # asked before the worker's first start
        with current().db.write() as session:
            ensure_sealing_key(session, current().keyring.encrypt)
            found = list_sealing_keys(session)
    return {"items": [{"id": key.id, "public_key": base64.b64encode(key.public_key).decode()} for key in found]}
