"""Setting when clients are reminded: for a class, and for one client in place of it."""

import uuid
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.portal.actions.ledger import lock_party
from services.portal.models import ReminderRule
from services.portal.rules.reminders import STEPS, StepRule
from shared import clock
from shared.audit import current_actor, record_act
from shared.db import new_id


def set_class_rules(session: Session, role: str, rules: Iterable[StepRule]) -> bool:
    """Say when clients of a class are reminded; whether that is anything new. It counts from the next run on."""
    stored = select(ReminderRule).where(ReminderRule.role == role, ReminderRule.party_id.is_(None))
    known = {rule.step: rule for rule in session.scalars(stored.with_for_update())}
    changed = {}
    for rule in rules:
        row = known[rule.kind]
        if (row.days, row.enabled) != (rule.days, rule.enabled):
            row.days, row.enabled = rule.days, rule.enabled
            row.changed_at, row.changed_by = clock.now(), current_actor().name
            changed[rule.kind] = rule
    if changed:
        record_act(session, "portal", "reminders.changed", details={"class": role} | _told(changed))
    return bool(changed)


def set_client_rules(session: Session, party_id: uuid.UUID, rules: Iterable[StepRule]) -> bool:
    """Say when one client is reminded, of whatever invoice; steps that are not named are as the class has them.

    Whether that is anything new. Raises PartyUnknown.
    """
    lock_party(session, party_id)
    wanted = {rule.kind: rule for rule in rules}
    own = select(ReminderRule).where(ReminderRule.party_id == party_id)
    before = {rule.step: StepRule(rule.step, rule.days, rule.enabled) for rule in session.scalars(own)}
    if before == wanted:
        return False
    session.execute(delete(ReminderRule).where(ReminderRule.party_id == party_id))
    for rule in wanted.values():
        row = ReminderRule(id=new_id(), party_id=party_id, step=rule.kind, days=rule.days, enabled=rule.enabled)
        row.changed_at, row.changed_by = clock.now(), current_actor().name
        session.add(row)
    details = dict.fromkeys((kind for kind in before if kind not in wanted), "as_class") | _told(wanted)
    record_act(session, "portal", "reminders.changed", party_id=party_id, details=details)
    return True


def _told(rules: Mapping[str, StepRule]) -> dict[str, str]:
    return {kind: str(rules[kind].days) if rules[kind].enabled else "off" for kind in STEPS if kind in rules}
