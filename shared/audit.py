"""Telling who did what: an event in the transaction of the act itself, which identity appends to the audit trail.

Whoever acts is known from where the work began (a page, a REST call, the client area); in a worker it is the system.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy.orm import Session

from shared import clock
from shared.events.acts import ACT_EVENTS, Detail
from shared.outbox import publish

ACTS = (
    "party.created",
    "party.updated",
    "party.deactivated",
    "party.reactivated",
    "parties.imported",
    "parties.exported",
    "credential.issued",
    "credential.revoked",
    "link.revoked",
    "batch.started",
    "sessions.ended",
    "second_factor.enabled",
    "second_factor.removed",
    "recovery_codes.renewed",
    "staff.invited",
    "staff.changed",
    "staff.suspended",
    "staff.readmitted",
    "staff.reset",
    "staff.signed_in",
    "staff.sign_in_refused",
    "staff.password_changed",
    "client.created",
    "client.changed",
    "client.secret_rotated",
    "client.disabled",
    "client.enabled",
    "keys.rotated",
    "audit.exported",
    "letters.cancelled",
    "letters.retried",
    "letters.requested",
    "letters.exported",
    "letter.bounced",
    "queue.paused",
    "queue.resumed",
    "queue.changed",
    "template.changed",
    "template.restored",
    "address.suppressed",
    "address.released",
    "invoice.issued",
    "invoice.voided",
    "invoice.drafted",
    "credit_note.issued",
    "invoices.imported",
    "invoices.exported",
    "document.attached",
    "document.built",
    "document.removed",
    "income.published",
    "income.voided",
    "income.paid_out",
    "payment.recorded",
    "payment.reversed",
    "payments.exported",
    "credit.applied",
    "report.submitted",
    "report.accepted",
    "report.rejected",
    "incident.resolved",
    "case.opened",
    "case.written",
    "case.answered",
    "case.extended",
    "case.closed",
    "case.reopened",
    "cases.exported",
    "profile.changed",
    "email.requested",
    "email.confirmed",
    "client.viewed",
    "agency.changed",
    "series.changed",
    "contact.added",
    "contact.changed",
    "contact.removed",
    "sub_account.invited",
    "sub_account.accepted",
    "sub_account.suspended",
    "sub_account.resumed",
    "sub_account.switched_off",
    "invitation.revoked",
    "notices.chosen",
    "notices.stopped",
    "payment.started",
    "reminders.changed",
    "reminders.repeated",
    "fees.changed",
    "fees.switched_off",
    "fee.waived",
    "invoice.disputed",
    "invoice.undisputed",
)
"""What can be recorded; identity has a text for each."""

LONGEST_VALUE = 500


@dataclass(frozen=True)
class Actor:
    """Who acts. `kind`: staff, client (another system), party (a person of the client area) or system."""

    kind: str
    id: str
    name: str
    address: str = ""


SYSTEM = Actor("system", "", "")

_actor: ContextVar[Actor] = ContextVar("porteria_actor", default=SYSTEM)


def current_actor() -> Actor:
    """Who is at work."""
    return _actor.get()


def become(actor: Actor) -> None:
    """From here to the end of the present `acting` block it is this one."""
    _actor.set(actor)


@contextmanager
def acting(actor: Actor = SYSTEM) -> Iterator[None]:
    """Do a piece of work as this one."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def record_act(
    session: Session,
    service: str,
    act: str,
    *,
    party_id: uuid.UUID | None = None,
    subject: str = "",
    subject_id: object = "",
    count: int | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Record in the caller's transaction that the current actor did this. Never hand over a secret.

    `details` is what a reader wants to know besides, such as a reason or "before → after". Raises ValueError for an act
    that is not in ACTS.
    """
    if act not in ACTS:
        raise ValueError(f"{act} is not an act that identity has a text for")
    actor = current_actor()
    told = ACT_EVENTS[service](
        at=clock.now(),
        act=act,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        address=actor.address,
        party_id=party_id,
        subject=subject,
        subject_id=str(subject_id),
        count=count,
        details=[Detail(name=name, value=str(value)[:LONGEST_VALUE]) for name, value in (details or {}).items()],
    )
    publish(session, told)
