"""REST of the mailer: letters, the queue, and the keys for which secrets are sealed."""

import base64
import uuid
from typing import Any

from flask_babel import gettext as _
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.mailer.actions.bouncing import mark_bounced
from services.mailer.actions.ending import Cancellation, cancel_all, cancel_batch, cancel_selected
from services.mailer.actions.keys import ensure_sealing_key
from services.mailer.actions.queue import change_pace, pause_queue, resume_queue
from services.mailer.queries import (
    LetterFilter,
    count_by_state,
    find_letter,
    list_attempts,
    list_letters,
    list_sealing_keys,
    queue_of,
)
from services.mailer.rules.options import mail_options
from services.mailer.schemas import (
    BouncedIn,
    CancelIn,
    CancellationOut,
    LetterDetailOut,
    LetterOut,
    LetterPage,
    LetterQuery,
    QueueIn,
    QueueOut,
    SealingKeysOut,
)
from shared.web import Problem, acting_staff, answer_page, current, current_client, idempotent, require_scope

letters = Blueprint("letters_api", __name__, url_prefix="/letters", description="Letters")
queue = Blueprint("queue_api", __name__, url_prefix="/queue", description="The queue as a whole")
keys = Blueprint("keys_api", __name__, url_prefix="/sealing-keys", description="Keys for sealing")
BLUEPRINTS = (letters, queue, keys)


def _caller() -> str:
    """Who stands behind the request: the staff member in whose name a service calls, else the client."""
    actor, client = acting_staff(), current_client()
    return actor.name if actor else client.id if client else ""


@letters.get("")
@require_scope("letters:read")
@letters.arguments(LetterQuery, location="query")
@letters.response(200, LetterPage)
def index(query: dict[str, Any]) -> Any:
    """Letters, the newest first."""
    wanted = LetterFilter(
        state=query["state"],
        kind=query["kind"],
        batch_id=query["batch_id"],
        party_id=query["party_id"],
        text=query["q"],
    )
    with current().db.read() as session:
        return answer_page(list_letters(session, wanted, cursor=query["cursor"], limit=query["limit"]))


@letters.get("/<uuid:letter_id>")
@require_scope("letters:read")
@letters.response(200, LetterDetailOut)
def show(letter_id: uuid.UUID) -> Any:
    """A letter with its attempts."""
    with current().db.read() as session:
        letter = find_letter(session, letter_id)
        if letter is None:
            raise Problem(404, _("There is no such letter."))
        letter.attempt_list = list_attempts(session, letter_id)  # type: ignore[attr-defined]
        return letter


@letters.post("/cancel")
@require_scope("letters:cancel")
@idempotent
@letters.arguments(CancelIn)
@letters.response(200, CancellationOut)
def cancel(session: Session, body: dict[str, Any]) -> Cancellation:
    """Cancel letters that wait: some by their ids, a batch, or all. What is being sent can not be cancelled."""
    if "ids" in body:
        return cancel_selected(session, body["ids"], _caller())
    if "batch_id" in body:
        return cancel_batch(session, body["batch_id"], _caller())
    return cancel_all(session, _caller())


@letters.post("/<uuid:letter_id>/bounced")
@require_scope("letters:cancel")
@idempotent
@letters.arguments(BouncedIn)
@letters.response(200, LetterOut)
@letters.alt_response(409, description="It is not a letter that was sent, or it came back already")
def bounced(session: Session, body: dict[str, Any], letter_id: uuid.UUID) -> Any:
    """Say that a sent letter came back: unless somebody used its key, the former one is valid again."""
    marked = mark_bounced(session, letter_id, body["answer"], _caller())
    letter = find_letter(session, letter_id)
    if letter is None:
        raise Problem(404, _("There is no such letter."))
    if not marked:
        raise Problem(409, _("Only a letter that was sent can come back."), state=letter.state)
    return letter


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
            _caller(),
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
    pause_queue(session, _caller())
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
