"""Letters about PQRS, in the language of whoever reads them."""

from datetime import date
from pathlib import Path

from babel.dates import format_date
from sqlalchemy.orm import Session

from services.portal.actions.notices import raise_notice, raise_staff_notice
from services.portal.models import Agency, Case, Party
from services.portal.rules.case_words import CLOSING_NAMES, KIND_NAMES
from shared.i18n import LANGUAGES, catalog

TEXTS = Path(__file__).parent.parent / "translations"


def tell_opened(session: Session, case: Case, party: Party) -> None:
    """The request arrived: its number, and until when it is answered."""
    kind = _said(KIND_NAMES[case.kind], party.language)
    _tell(session, "case_opened", case, party, kind=kind, due=_day(case.due_on, party.language))


def tell_answered(session: Session, case: Case, party: Party) -> None:
    """There is something of the agency to read."""
    _tell(session, "case_answered", case, party)


def tell_extended(session: Session, case: Case, party: Party) -> None:
    """The answer takes longer, why, and until when."""
    _tell(
        session,
        "case_extended",
        case,
        party,
        due=_day(case.due_on, party.language),
        reason=case.extension_reason,
    )


def tell_closed(session: Session, case: Case, party: Party) -> None:
    """The request is closed, and why."""
    reason = _said(CLOSING_NAMES[case.closing_reason], party.language)
    _tell(session, "case_closed", case, party, reason=f"{reason}. {case.closing_note}" if case.closing_note else reason)


def remind_agency(session: Session, case: Case, party: Party, agency: Agency, language: str) -> None:
    """The deadline of a request comes near."""
    values = {
        "number": case.number,
        "subject": case.subject,
        "due": _day(case.due_on, language),
        "client": party.name,
    }
    path = f"/backoffice/portal/cases/{case.id}"
    raise_staff_notice(session, "case_reminder", agency.name, agency.email, language, path, values)


def _tell(session: Session, letter: str, case: Case, party: Party, **values: str) -> None:
    known = {"number": case.number, "subject": case.subject}
    raise_notice(session, letter, party, f"/customerarea/cases/{case.id}", known | values)


def _said(text: str, language: str) -> str:
    return catalog(_known(language), TEXTS).gettext(text)


def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=_known(language))


def _known(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]
