"""Letters about PQRS, in the language of whoever reads them."""

import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path

from babel.dates import format_date
from sqlalchemy.orm import Session

from services.portal.actions.notices import WORTH, News, raise_direct_notice, tell
from services.portal.models import Agency, Case, Party
from services.portal.rules.case_words import CLOSING_NAMES, KIND_NAMES
from services.portal.rules.notices import CASE_ANSWERED, CASE_CLOSED, CASE_EXTENDED, CASE_OPENED
from shared import clock
from shared.events.portal import Reader
from shared.i18n import LANGUAGES, catalog

TEXTS = Path(__file__).parent.parent / "translations"


def tell_opened(session: Session, case: Case, party: Party, message_id: uuid.UUID) -> None:
    """The request arrived: its number, and until when it is answered."""

    def values(language: str) -> dict[str, str]:
        return {"kind": _said(KIND_NAMES[case.kind], language), "due": _day(case.due_on, language)}

    _tell(session, CASE_OPENED, case, party, message_id, values)


def tell_answered(session: Session, case: Case, party: Party, message_id: uuid.UUID) -> None:
    """There is something of the agency to read."""
    _tell(session, CASE_ANSWERED, case, party, message_id, lambda _language: {})


def tell_extended(session: Session, case: Case, party: Party, message_id: uuid.UUID) -> None:
    """The answer takes longer, why, and until when."""

    def values(language: str) -> dict[str, str]:
        return {"due": _day(case.due_on, language), "reason": case.extension_reason}

    _tell(session, CASE_EXTENDED, case, party, message_id, values)


def tell_closed(session: Session, case: Case, party: Party, message_id: uuid.UUID) -> None:
    """The request is closed, and why."""

    def values(language: str) -> dict[str, str]:
        reason = _said(CLOSING_NAMES[case.closing_reason], language)
        return {"reason": f"{reason}. {case.closing_note}" if case.closing_note else reason}

    _tell(session, CASE_CLOSED, case, party, message_id, values)


def remind_agency(session: Session, case: Case, party: Party, agency: Agency, language: str) -> None:
    """The deadline of a request comes near."""
    values = {
        "number": case.number,
        "subject": case.subject,
        "due": _day(case.due_on, language),
        "client": party.name,
    }
    path = f"/backoffice/portal/cases/{case.id}"
    reader = Reader(name=agency.name, address=agency.email, language=language)
    raise_direct_notice(session, "case_reminder", reader, path, values)


def _tell(
    session: Session,
    kind: str,
    case: Case,
    party: Party,
    message_id: uuid.UUID,
    values_in: Callable[[str], dict[str, str]],
) -> None:
    known = {"number": case.number, "subject": case.subject}
    news = News(
        kind=kind,
        party_id=party.id,
        about=message_id,
        path=f"/customerarea/cases/{case.id}",
        label=case.number,
        values_in=lambda language: known | values_in(language),
        until=clock.now() + WORTH,
    )
    tell(session, party, news)


def _said(text: str, language: str) -> str:
    return catalog(_known(language), TEXTS).gettext(text)


def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=_known(language))


def _known(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]
