"""Bringing confirmed e-mail addresses to the directory, as often as it takes.

Nothing is open while the directory is called. Whatever is killed in between is done again: a directory that has the
address already is as good as one that has just taken it.
"""

import uuid
from collections.abc import Callable
from typing import Any

import structlog

from services.portal.actions.parties import PartyData
from services.portal.actions.profile import finish_email, refuse_email
from services.portal.clients.directory import Directory, PartyChangedMeanwhile, PartyRefused
from services.portal.models import EmailChange
from services.portal.queries.profile import list_confirmed_changes
from services.portal.rules.profile import emails_with, has_as_principal
from shared.audit import Actor, acting
from shared.db import Database
from shared.web.services_http import CallFailed, ServiceUnavailable

CHUNK = 50
ReadParty = Callable[[dict[str, Any]], PartyData]

log = structlog.get_logger(__name__)


class PartyGone(Exception):
    """The directory does not know the party."""


def apply_email_changes(db: Database, directory: Directory, read: ReadParty, timezone: str) -> bool:
    """Try every confirmed change once, the oldest first; always False: what is left is for the next time."""
    with db.read() as session:
        changes = list_confirmed_changes(session, CHUNK)
    stuck: set[uuid.UUID] = set()
    for change, name in changes:
        if change.party_id in stuck:  # a newer one of the same party must not overtake it
            continue
        try:
            with acting(Actor("party", str(change.party_id), name)):
                _apply(db, directory, read, change, timezone)
        except ServiceUnavailable:
            return False
        except (CallFailed, PartyChangedMeanwhile) as error:
            log.warning("email_not_applied", change=str(change.id), error=type(error).__name__)
            stuck.add(change.party_id)
    return False


def _apply(db: Database, directory: Directory, read: ReadParty, change: EmailChange, timezone: str) -> None:
    try:
        party = _bring(directory, change)
    except (PartyRefused, PartyGone) as error:
        with db.write() as session:
            refuse_email(session, change, str(error))
        return
    with db.write() as session:
        finish_email(session, change, read(party), timezone)


def _bring(directory: Directory, change: EmailChange) -> dict[str, Any]:
    party = directory.find_party(change.party_id)
    if party is None:
        raise PartyGone
    if has_as_principal(party["emails"], change.address):
        return party
    emails = emails_with(party["emails"], change.address, change.former)
    return directory.change_party(change.party_id, {"version": party["version"], "emails": emails})
