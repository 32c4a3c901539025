"""Reminding clients of their invoices, and taking letters back that are not so any more."""

from datetime import date

from sqlalchemy.orm import Session

from services.portal.actions.daily import Chunk, Task
from services.portal.actions.notices import tell_all
from services.portal.actions.parties import lock_parties
from services.portal.actions.reminder_letters import reminder_news
from services.portal.models import DailyRun
from services.portal.queries.readers import list_readers
from services.portal.queries.reminders import list_party_ids, list_reminders, rules_for
from services.portal.rules.reminders import beginning_of

CLIENTS = 400
"""In one chunk. They are locked until it commits, so that no payment comes between what is owed and what is told."""


def remind_chunk(zone: str, clients: int = CLIENTS) -> Task:
    """The task of a day's run that raises reminders, with days that begin in this zone."""

    def chunk(session: Session, run: DailyRun, today: date) -> Chunk:
        rules = rules_for(session, run.since, today)
        party_ids = list_party_ids(session, rules.due_days, run.cursor, clients) if rules.due_days else []
        parties = lock_parties(session, party_ids)
        found, looked_at = list_reminders(session, party_ids, rules, run.since, today)
        wanted = {reminder.party_id for reminder in found}
        readers = list_readers(session, [party for party in parties if party.id in wanted])
        news = [reminder_news(one, beginning_of(one.worth_before, zone)) for one in found]
        told = tell_all(session, news, readers)
        return Chunk(looked_at, told, party_ids[-1] if len(party_ids) == clients else None)

    return chunk
