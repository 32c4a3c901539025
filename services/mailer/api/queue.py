"""REST of the queue as a whole, and of the keys for which secrets are sealed."""

import base64
from typing import Any

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.mailer.actions.keys import ensure_sealing_key
from services.mailer.actions.queue import change_pace, pause_queue, resume_queue
from services.mailer.api.caller import caller
from services.mailer.models import Queue
from services.mailer.queries import count_by_state, list_sealing_keys, queue_of, window_of_queue
from services.mailer.rules.options import mail_options
from services.mailer.rules.window import clock_text, minute_of
from services.mailer.schemas import QueueIn, QueueOut, SealingKeysOut
from shared import clock
from shared.web import current, idempotent, require_scope

queue = Blueprint("queue_api", __name__, url_prefix="/queue", description="The queue as a whole")
COLUMNS = {"per_domain_per_second": "per_domain"}
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
        **_window(row),
        "counts": count_by_state(session),
    }


def _window(row: Queue) -> dict[str, Any]:
    now, window = clock.now(), window_of_queue(row, mail_options(current().settings).timezone)
    if window is None:
        return {"window": None, "opens_at": None}
    told = {
        "start": clock_text(window.start),
        "end": clock_text(window.end),
        "days": [int(day) for day in window.days],
    }
    return {"window": told, "opens_at": None if window.is_open(now) else window.opens_at(now)}


def _window_columns(wanted: dict[str, Any] | None) -> dict[str, Any]:
    if wanted is None:
        return {"window_from": None, "window_until": None, "window_days": None}
    days = "".join(str(day) for day in sorted(set(wanted["days"])))
    return {
        "window_from": minute_of(wanted["start"]),
        "window_until": minute_of(wanted["end"]),
        "window_days": days,
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
    """Change the delay before the first attempt, the limits, or the hours in which letters go out."""
    chosen = {COLUMNS.get(name, name): value for name, value in body.items() if name != "window"}
    if "window" in body:
        chosen |= _window_columns(body["window"])
    with current().db.write() as session:
        change_pace(session, caller(), **chosen)
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
