"""The life of a request (PQRS): opened, discussed, answered, extended, closed.

Every form brings the id of what it makes, so that a form sent twice makes one case or one message.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.case_letters import tell_answered, tell_closed, tell_extended, tell_opened
from services.portal.actions.ledger import lock_party
from services.portal.actions.numbering import take_number
from services.portal.models import Case, CaseMessage, Party, Series
from services.portal.queries.agency import agency_of
from services.portal.rules.cases import (
    ANSWERED,
    CLOSED,
    OPEN,
    closing_reasons,
    deadline_of,
    is_business_day,
    latest_extension,
    may_extend,
    series_prefix,
)
from shared import clock
from shared.audit import current_actor, record_act
from shared.db import insert_into, new_id
from shared.events.portal import CaseAnswered, CaseClosed, CaseExtended, CaseOpened
from shared.outbox import publish

AUTHORS = {"party": "client", "staff": "staff"}
MESSAGE, ANSWER, NOTE = "message", "answer", "note"
EXTENSION, CLOSING, REOPENING = "extension", "closing", "reopening"


class CaseUnknown(Exception):
    """There is no such case, or it is another client's."""


class CaseIsClosed(Exception):
    """Nothing more is written in a closed case."""


class CaseIsNotClosed(Exception):
    """Only a closed case can be opened again."""


class NotExtendable(Exception):
    """A deadline is extended once, before it expires, and while there is no answer."""


class UnfitDay(Exception):
    """A deadline is extended to a business day after the present one, not later than the law allows: `latest`."""

    def __init__(self, latest: date) -> None:
        super().__init__(latest.isoformat())
        self.latest = latest


class UnfitReason(Exception):
    """A case that nobody answered is closed only for the reasons that the law knows."""


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """A request to be. `case_id` comes from the form: the same one again is the same request."""

    case_id: uuid.UUID
    party_id: uuid.UUID
    kind: str
    subject: str
    text: str


@dataclass(frozen=True)
class Written:
    """A case and what was written in it; `message` is None where the same form was here before."""

    case: Case
    message: CaseMessage | None


def open_case(session: Session, new: NewCase, today: date) -> Written:
    """Open a request and give it its number. Raises PartyUnknown, CaseUnknown (the id is another's), SeriesExhausted.

    The current actor is the author: the client, or a member of the staff for a client who called.
    """
    party = lock_party(session, new.party_id)
    if known := session.get(Case, new.case_id):
        if known.party_id != new.party_id:
            raise CaseUnknown
        return Written(known, None)
    saturday_counts = agency_of(session).saturday_counts
    due_on = deadline_of(new.kind, today, saturday_counts)
    case = Case(
        id=new.case_id,
        number=take_case_number(session, today.year),
        party_id=party.id,
        kind=new.kind,
        subject=new.subject,
        state=OPEN,
        opened_on=today,
        due_on=due_on,
        first_due_on=due_on,
        opened_at=clock.now(),
    )
    session.add(case)
    session.flush()
    message = _write(session, case, new_id(), MESSAGE, new.text)
    publish(session, CaseOpened(**_facts(case)))
    tell_opened(session, case, party, message.id)
    _record(session, "case.opened", case)
    return Written(case, message)


def take_case_number(session: Session, year: int) -> str:
    """The next *radicado* of a year, without gaps. The year's series is made when its first case comes."""
    prefix = series_prefix(year)
    wanted = select(Series.id).where(Series.prefix == prefix)
    series_id = session.scalar(wanted)
    if series_id is None:
        row = {"id": new_id(), "purpose": "case", "prefix": prefix, "next_number": 1, "width": 6, "active": True}
        made = insert_into(session, Series).values(**row, created_at=clock.now())
        # Whoever is second waits here for the first one, and finds the row afterwards.
        session.execute(made.on_conflict_do_nothing(index_elements=[Series.prefix]))
        series_id = session.scalar(wanted)
    return take_number(session, "case", series_id)[1]


def write_message(
    session: Session, party_id: uuid.UUID, case_id: uuid.UUID, message_id: uuid.UUID, text: str
) -> Written:
    """The client writes in a case. An answered one is open again, without a new legal term.

    Raises CaseUnknown, CaseIsClosed.
    """
    case, _ = _locked(session, case_id, party_id)
    if _was_here(session, case, message_id):
        return Written(case, None)
    _require_not_closed(case)
    message = _write(session, case, message_id, MESSAGE, text)
    case.state = OPEN
    _record(session, "case.written", case)
    return Written(case, message)


def answer_case(
    session: Session, case_id: uuid.UUID, message_id: uuid.UUID, text: str, *, in_substance: bool = True
) -> Written:
    """The staff writes to the client. The first answer in substance is what the deadline is about.

    Anything else, such as asking for a missing document, leaves the deadline running. Raises CaseUnknown, CaseIsClosed.
    """
    case, party = _locked(session, case_id)
    if _was_here(session, case, message_id):
        return Written(case, None)
    _require_not_closed(case)
    message = _write(session, case, message_id, ANSWER if in_substance else MESSAGE, text)
    if in_substance:
        case.answered_at, case.state = case.answered_at or message.at, ANSWERED
        publish(session, CaseAnswered(**_facts(case)))
    tell_answered(session, case, party, message.id)
    _record(session, "case.answered" if in_substance else "case.written", case)
    return Written(case, message)


def add_note(session: Session, case_id: uuid.UUID, message_id: uuid.UUID, text: str) -> Written:
    """Write down something that only the staff sees, in a closed case too. Raises CaseUnknown."""
    case, _ = _locked(session, case_id)
    if _was_here(session, case, message_id):
        return Written(case, None)
    message = _write(session, case, message_id, NOTE, text)
    _record(session, "case.written", case, note="yes")
    return Written(case, message)


def extend_case(session: Session, case_id: uuid.UUID, until: date, reason: str, today: date) -> Case:
    """Take longer for the answer, and tell the client why and until when.

    Raises CaseUnknown, NotExtendable, UnfitDay.
    """
    case, party = _locked(session, case_id)
    if not may_extend(case.state, case.answered_at is not None, case.extended_at is not None, today, case.due_on):
        raise NotExtendable
    saturday_counts = agency_of(session).saturday_counts
    latest = latest_extension(case.kind, case.opened_on, saturday_counts)
    if not case.due_on < until <= latest or not is_business_day(until, saturday_counts):
        raise UnfitDay(latest)
    former, case.due_on = case.due_on, until
    case.extended_at, case.extension_reason = clock.now(), reason
    case.reminded_at = None  # the new deadline has a reminder of its own
    message = _write(session, case, new_id(), EXTENSION, reason)
    publish(session, CaseExtended(**_facts(case), reason=reason))
    tell_extended(session, case, party, message.id)
    _record(session, "case.extended", case, due_on=f"{former} → {until}", reason=reason)
    return case


def close_case(session: Session, case_id: uuid.UUID, reason: str, note: str) -> Case:
    """Close a case and tell the client why. Raises CaseUnknown, CaseIsClosed, UnfitReason."""
    case, party = _locked(session, case_id)
    _require_not_closed(case)
    if reason not in closing_reasons(case.answered_at is not None):
        raise UnfitReason
    case.state, case.closed_at, case.closing_reason, case.closing_note = CLOSED, clock.now(), reason, note
    message = _write(session, case, new_id(), CLOSING, note)
    publish(session, CaseClosed(**_facts(case), reason=reason))
    tell_closed(session, case, party, message.id)
    _record(session, "case.closed", case, reason=reason)
    return case


def reopen_case(session: Session, case_id: uuid.UUID, note: str) -> Case:
    """Open a closed case again; its legal term stays what it was. Raises CaseUnknown, CaseIsNotClosed."""
    case, _ = _locked(session, case_id)
    if case.state != CLOSED:
        raise CaseIsNotClosed
    case.state, case.closed_at, case.closing_reason, case.closing_note = OPEN, None, "", ""
    _write(session, case, new_id(), REOPENING, note)
    _record(session, "case.reopened", case, reason=note)
    return case


def assign_case(session: Session, case_id: uuid.UUID, name: str, note: str) -> Case:
    """Say who of the staff sees to a case; "" takes it from whoever did. A note keeps it. Raises CaseUnknown."""
    case, _ = _locked(session, case_id)
    if case.assigned_to != name[:200]:
        case.assigned_to = name[:200]
        _write(session, case, new_id(), NOTE, note)
        _record(session, "case.written", case, note="yes", assigned_to=case.assigned_to)
    return case


def _locked(session: Session, case_id: uuid.UUID, party_id: uuid.UUID | None = None) -> tuple[Case, Party]:
    wanted = select(Case).where(Case.id == case_id).with_for_update()
    if party_id is not None:
        wanted = wanted.where(Case.party_id == party_id)
    case = session.scalar(wanted)
    if case is None:
        raise CaseUnknown
    return case, session.get_one(Party, case.party_id)


def _was_here(session: Session, case: Case, message_id: uuid.UUID) -> bool:
    known = session.get(CaseMessage, message_id)
    if known and known.case_id != case.id:
        raise CaseUnknown
    return known is not None


def _require_not_closed(case: Case) -> None:
    if case.state == CLOSED:
        raise CaseIsClosed


def _write(session: Session, case: Case, message_id: uuid.UUID, kind: str, text: str) -> CaseMessage:
    actor = current_actor()
    message = CaseMessage(
        id=message_id,
        case_id=case.id,
        author_kind=AUTHORS.get(actor.kind, "system"),
        author_name=actor.name[:300],
        kind=kind,
        text=text,
        at=clock.now(),
    )
    session.add(message)
    session.flush()
    return message


def _facts(case: Case) -> dict[str, Any]:
    return {
        "case_id": case.id,
        "number": case.number,
        "party_id": case.party_id,
        "kind": case.kind,
        "subject": case.subject,
        "due_on": case.due_on,
        "at": clock.now(),
    }


def _record(session: Session, act: str, case: Case, **details: object) -> None:
    known = {"number": case.number, "kind": case.kind}
    record_act(
        session,
        "portal",
        act,
        party_id=case.party_id,
        subject="case",
        subject_id=case.id,
        details=known | details,
    )
