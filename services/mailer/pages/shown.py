"""How times, outcomes and troubles are told to people."""

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_time, format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from services.mailer.models import Letter, Queue
from services.mailer.queries import queue_of, window_of_queue
from services.mailer.rules.attachments import without_remark
from services.mailer.rules.options import mail_options
from services.mailer.rules.states import BOUNCED, CANCELLED, SENT, UNCERTAIN, Verdict
from services.mailer.rules.suppressing import SUPPRESSED
from services.mailer.rules.window import URGENT_KINDS
from services.mailer.rules.withdrawing import (
    CREDENTIAL_REVOKED,
    DISPUTED,
    INVITATION_ENDED,
    OUTRUN,
    PAID,
    PARTY_DEACTIVATED,
    STOPPED,
    TAKEN_OVER,
    VOIDED,
    WITHDRAWN,
)
from shared import clock
from shared.web import current, current_staff, has_role

REASONS = {
    "staff": _l("cancelled"),
    CREDENTIAL_REVOKED: _l("its key was revoked"),
    PARTY_DEACTIVATED: _l("the third party was deactivated"),
    TAKEN_OVER: _l("a newer letter takes its place"),
    OUTRUN: _l("not needed: an earlier letter about it had gone out, or was not to go out"),
    PAID: _l("it was paid before the letter went out"),
    VOIDED: _l("the invoice was voided"),
    DISPUTED: _l("the invoice is in dispute"),
    INVITATION_ENDED: _l("the invitation ended"),
    STOPPED: _l("the recipient does not want such letters any more"),
    WITHDRAWN: _l("what it says is not so any more"),
    SUPPRESSED: _l("not sent: the address is on the list of suppressed addresses"),
}
VERDICTS = {
    Verdict.ACCEPTED: (_l("Accepted"), "good", "check-circle"),
    Verdict.REFUSED: (_l("Refused for good"), "bad", "x-circle"),
    Verdict.DEFERRED: (_l("Refused for now"), "waiting", "hourglass-split"),
    Verdict.INTERRUPTED: (_l("Connection broke before the end"), "waiting", "plug"),
    Verdict.UNKNOWN: (_l("No answer after the end"), "bad", "question-circle"),
}


def age(moment: datetime) -> str:
    """How long ago something was, in words."""
    return str(format_timedelta(clock.now() - moment, granularity="second", threshold=1.2))


def effective_delay(session: Session) -> float:
    """Seconds before the first attempt, as chosen or as the settings say."""
    chosen = queue_of(session).delay
    return mail_options(current().settings).mail_delay if chosen is None else chosen


def first_attempt_at(letter: Letter, delay: float) -> datetime:
    """When a waiting letter is tried next, at the earliest."""
    return letter.due_at + timedelta(seconds=delay) if letter.delayed else letter.due_at


def goes_out_at(letter: Letter, queue: Queue, delay: float) -> datetime:
    """When a waiting letter is tried next, at the earliest, the hours in which letters go out considered."""
    at = max(first_attempt_at(letter, delay), clock.now())
    window = window_of_queue(queue, mail_options(current().settings).timezone)
    return at if window is None or letter.kind in URGENT_KINDS else window.opens_at(at)


def day_and_time(moment: datetime) -> str:
    """`goes out tomorrow at 8:00`, in the agency's zone."""
    zone = ZoneInfo(mail_options(current().settings).timezone)
    local, today = moment.astimezone(zone), clock.now().astimezone(zone).date()
    time = format_time(moment, "short")
    if local.date() == today:
        return _("goes out today at %(time)s", time=time)
    if local.date() == today + timedelta(days=1):
        return _("goes out tomorrow at %(time)s", time=time)
    return _("goes out on %(day)s at %(time)s", day=format_date(moment, _("EEEE d MMMM")), time=time)


def outcome_text(letter: Letter) -> str:
    """What happened last, in the reader's language where the words are ours."""
    known = REASONS.get(letter.outcome or "")
    if letter.state == CANCELLED and letter.ended_by:
        return _("cancelled by %(who)s", who=letter.ended_by)
    if letter.state == BOUNCED and not letter.ended_by:
        return _("it came back: %(what)s", what=letter.outcome)
    if letter.state == BOUNCED:
        return _("it came back, says %(who)s: %(what)s", who=letter.ended_by, what=letter.outcome)
    if letter.state == UNCERTAIN:
        return _("It may have arrived or not: %(what)s.", what=letter.outcome)
    if letter.state == SENT:
        answer, names = without_remark(letter.outcome or "")
        return _("%(answer)s — it went without %(names)s", answer=answer, names=names) if names else answer
    return str(known or letter.outcome or "")


def verdict_text(verdict: str) -> tuple[str, str, str]:
    """Label, kind and icon of an attempt's verdict."""
    label, kind, symbol = VERDICTS[Verdict(verdict)]
    return str(label), kind, symbol


def short_id(identifier: uuid.UUID) -> str:
    """The end of an id: its beginning is a time, which is the same for all of a day."""
    return identifier.hex[-8:]


def trouble_text(queue: Queue) -> str:
    """Why nothing leaves, with the moment of the next try."""
    return _("The mail server can not be reached: %(why)s.", why=queue.trouble)


def sees_passwords() -> bool:
    """Whether the reader may open the local sink, in which letters lie with their passwords."""
    return has_role(current_staff(), "administrator")
