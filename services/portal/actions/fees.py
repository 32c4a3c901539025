"""The rules for late fees: set, replaced, switched off. A version never changes; the next one takes its place."""

import uuid
from dataclasses import asdict, dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from services.portal.actions.refusals import PartyUnknown
from services.portal.models import Agency, FeeRule, Party
from services.portal.queries.agency import THE_ONE
from services.portal.rules.fees import FIXED, NONE, ON_DOCUMENT, ONCE, PERCENT
from services.portal.rules.money import ZERO
from shared import clock
from shared.audit import current_actor, record_act


@dataclass(frozen=True, kw_only=True)
class NewRule:
    """A rule to be, of a class (`role`) or of one client (`party_id`); kind `none`: this client pays no late fee."""

    role: str | None = None
    party_id: uuid.UUID | None = None
    currency: str
    kind: str
    value: Decimal = ZERO
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    grace_days: int = 0
    repeats: str = ONCE
    charged_on: str = ON_DOCUMENT
    pay_within_days: int = 5
    replaced_at: None = None
    switched_off_at: None = None


def set_rule(session: Session, new: NewRule) -> FeeRule:
    """Put a rule in force for invoices issued from now on; those issued before keep the version they came under.

    The very same again changes nothing. Raises PartyUnknown.
    """
    _one_at_a_time(session)
    if new.party_id and session.get(Party, new.party_id) is None:
        raise PartyUnknown
    current = session.scalar(_versions(new.role, new.party_id, new.currency).where(FeeRule.replaced_at.is_(None)))
    values = asdict(new)
    if current and all(getattr(current, name) == value for name, value in values.items()):
        return current
    now = clock.now()
    if current:
        current.replaced_at = now
    rule = FeeRule(**values, in_force_at=now, made_by=current_actor().name)
    session.add(rule)
    session.flush()
    told = {"before": terms_text(current) if current else "—", "after": terms_text(rule)}
    _record(session, "fees.changed", rule, told)
    return rule


def switch_off(session: Session, role: str | None, party_id: uuid.UUID | None, currency: str) -> int:
    """From now on no version of this rule charges anything; returns how many that were.

    Fees that were charged, or wait for the next invoice, stay. A client whose own rule ends comes under that of the
    class with invoices issued from now on.
    """
    _one_at_a_time(session)
    versions = session.scalars(_versions(role, party_id, currency)).all()
    for one in versions:
        one.switched_off_at = clock.now()
    if versions:
        _record(session, "fees.switched_off", versions[0], {"rule": terms_text(versions[0])})
    return len(versions)


def terms_text(rule: FeeRule) -> str:
    """A rule in short, for the audit trail."""
    if rule.kind == NONE:
        return f"{rule.currency}: none"
    said = [f"{rule.value} %" if rule.kind == PERCENT else f"{rule.value} {rule.currency}"]
    limits = {"min": rule.minimum, "max": rule.maximum} if rule.kind != FIXED else {}
    said += [f"{name} {value}" for name, value in limits.items() if value is not None]
    said += [f"grace {rule.grace_days} d", rule.repeats, rule.charged_on]
    return f"{rule.currency}: {', '.join(said)}"


def _versions(role: str | None, party_id: uuid.UUID | None, currency: str) -> Select[FeeRule]:
    scope: ColumnElement[bool] = FeeRule.party_id == party_id if party_id else FeeRule.role == role
    mine = scope, FeeRule.currency == currency, FeeRule.switched_off_at.is_(None)
    return select(FeeRule).where(*mine).order_by(FeeRule.in_force_at.desc())


def _one_at_a_time(session: Session) -> None:
    """Two administrators at once must not leave two rules in force."""
    session.get_one(Agency, THE_ONE, with_for_update=True)


def _record(session: Session, act: str, rule: FeeRule, told: dict[str, str]) -> None:
    told = {"for": rule.role or "client", **told}
    record_act(session, "portal", act, party_id=rule.party_id, subject="fee_rule", subject_id=rule.id, details=told)
