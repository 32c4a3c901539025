"""Making sure that the copy of parties holds what the directory holds, where something depends on it.

These functions have transactions of their own, because none may be open while another service is asked.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

import structlog

from services.identity.actions.parties import copy_parties
from services.identity.clients import Directory
from services.identity.queries.parties import count_parties, list_unknown
from shared.db import Database
from shared.events.directory import Email, PartyUpdated
from shared.web.services_http import CallFailed, ServiceUnavailable

PAUSE = 0.1
SHORTLY = timedelta(seconds=2)
"""How long somebody who looks at a preview is kept waiting."""

MOST_ASKED = 50
"""Unknown parties that are asked for one by one; more of them are waited for."""

log = structlog.get_logger(__name__)


def fetch_unknown(db: Database, directory: Directory, party_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Ask the directory for parties that it told nobody of yet; returns those that it does not know either.

    Raises ServiceUnavailable.
    """
    with db.read() as session:
        unknown = list_unknown(session, party_ids)
    found = {one: document for one in unknown[:MOST_ASKED] if (document := directory.find_party(one)) is not None}
    if found:
        with db.write() as session:
            copy_parties(session, [party_of(document) for document in found.values()])
    return [one for one in unknown if one not in found]


def refresh_party(db: Database, directory: Directory, party_id: uuid.UUID) -> None:
    """Take over one party as the directory has it at this moment.

    An agent who corrects an address and issues a second later must not have the letter go to the old one. If the
    directory does not answer, the copy decides; raises ServiceUnavailable if the copy does not know the party either.
    """
    try:
        document = directory.find_party(party_id)
    except ServiceUnavailable:
        with db.read() as session:
            if list_unknown(session, [party_id]):
                raise
        log.warning("party_not_refreshed", party_id=str(party_id))
        return
    if document is not None:
        with db.write() as session:
            copy_parties(session, [party_of(document)])


def wait_for_copy(
    db: Database, directory: Directory, at_most: timedelta, stopped: Callable[[], bool] = lambda: False
) -> bool:
    """Wait until the copy has as many parties as the directory: events of an import just finished may be on their way.

    True if it has; False if the time was up. A directory that does not answer is not waited for.
    """
    try:
        wanted = directory.count_parties()
    except (ServiceUnavailable, CallFailed) as error:
        log.warning("directory_not_counted", error=type(error).__name__)
        return False
    deadline = time.monotonic() + at_most.total_seconds()
    while not stopped():
        with db.read() as session:
            held = count_parties(session)
        if held >= wanted:
            return True
        if time.monotonic() >= deadline:
            log.warning("copy_is_behind", held=held, wanted=wanted)
            return False
        time.sleep(PAUSE)
    return False


def rebuild_parties(db: Database, directory: Directory) -> int:
    """Copy every party anew from the directory; returns how many."""
    count, every = 0, directory.every_party()
    while documents := list(islice(every, 500)):
        with db.write() as session:
            copy_parties(session, [party_of(document) for document in documents])
        count += len(documents)
    return count


def party_of(document: Mapping[str, Any]) -> PartyUpdated:
    """What the directory answers over REST, in the form in which its events tell it."""
    return PartyUpdated(
        party_id=uuid.UUID(document["id"]),
        version=int(document["version"]),
        code=document["code"],
        classes=list(document["classes"]),
        document_type=document["document_type"],
        document_number=document["document_number"],
        document_key=document["document_key"],
        name=document["name"],
        emails=[
            Email(address=email["address"], principal=email["principal"], state=email["state"])
            for email in document["emails"]
        ],
        language=document["language"],
        active=document["active"],
    )
