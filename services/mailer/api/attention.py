"""What of the mailer needs attention, for the start page of the back office."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask_babel import format_datetime, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from services.mailer.models import Queue
from services.mailer.queries import queue_of, window_of_queue
from services.mailer.queries.attention import (
    count_failed_lately,
    count_uncertain_lately,
    count_waiting_letters,
    count_waiting_long,
)
from services.mailer.queries.returned import count_guesses, count_suppressions
from services.mailer.queries.templates import list_broken_templates
from services.mailer.rules.options import mail_options
from services.mailer.rules.returned import Verdict
from services.mailer.rules.states import FAILED, UNCERTAIN
from services.mailer.rules.suppressing import BY_BOUNCE
from shared import clock
from shared.web import attention_blueprint, current
from shared.web.attention import Attention

HOME = "/backoffice/mailer"


def list_attention(session: Session) -> list[Attention]:
    """What somebody should act on, the most urgent first."""
    queue = queue_of(session)
    found = [*_of_queue(session, queue), *_of_letters(session, queue)]
    return sorted((one for one in found if one.count), key=lambda one: one.level != "bad")


def _of_queue(session: Session, queue: Queue) -> Iterator[Attention]:
    if queue.trouble and queue.trouble_since:
        since = format_datetime(queue.trouble_since, "short")
        text = _("The mail server can not be reached since %(since)s; letters wait.", since=since)
        yield Attention(text=text, count=max(count_waiting_letters(session), 1), level="bad", href=f"{HOME}/")
    if queue.paused:
        text = _("Sending is paused by %(who)s; letters wait.", who=queue.paused_by or "—")
        yield Attention(text=text, count=max(count_waiting_letters(session), 1), level="waiting", href=f"{HOME}/queue")
    if queue.mailbox_trouble and queue.mailbox_trouble_since:
        since = format_datetime(queue.mailbox_trouble_since, "short")
        text = _("The mailbox of returned letters can not be read since %(since)s.", since=since)
        yield Attention(text=text, count=1, level="bad", href=f"{HOME}/returned")


def _of_letters(session: Session, queue: Queue) -> Iterator[Attention]:
    options = mail_options(current().settings)
    yesterday = (clock.now() - timedelta(days=1)).astimezone(ZoneInfo(options.timezone)).date().isoformat()
    if number := len(list_broken_templates(session)):
        text = ngettext("template can not be used", "templates can not be used", number)
        yield Attention(text=text, count=number, level="bad", href=f"{HOME}/templates")
    if number := count_failed_lately(session):
        text = ngettext("letter failed in the last 24 hours", "letters failed in the last 24 hours", number)
        yield Attention(text=text, count=number, level="bad", href=_letters(state=FAILED, **{"from": yesterday}))
    if number := count_waiting_long(session, queue, window_of_queue(queue, options.timezone)):
        text = ngettext("letter waits unusually long", "letters wait unusually long", number)
        yield Attention(text=text, count=number, level="bad", href=f"{HOME}/")
    if number := count_uncertain_lately(session):
        text = ngettext(
            "letter of which nobody knows whether it arrived",
            "letters of which nobody knows whether they arrived",
            number,
        )
        yield Attention(text=text, count=number, level="waiting", href=_letters(state=UNCERTAIN))
    if number := count_guesses(session):
        text = ngettext(
            "returned message that needs your decision", "returned messages that need your decision", number
        )
        yield Attention(text=text, count=number, level="waiting", href=f"{HOME}/returned?verdict={Verdict.GUESS}")
    if number := count_suppressions(session, BY_BOUNCE):
        text = ngettext(
            "address from which letters came back: correct it",
            "addresses from which letters came back: correct them",
            number,
        )
        yield Attention(text=text, count=number, level="waiting", href=f"{HOME}/suppressions?reason={BY_BOUNCE}")


def _letters(**filters: str) -> str:
    return f"{HOME}/letters?{urlencode(filters)}"


attention = attention_blueprint(list_attention)
