"""The suppression list: addresses to which nothing is sent, because letters came back or somebody said so.

No loops: what is heard from the directory changes the list and tells nothing back.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.mailer.models import Suppression
from services.mailer.rules.addresses import address_key
from services.mailer.rules.suppressing import BY_BOUNCE, BY_HAND
from shared import clock
from shared.audit import record_act
from shared.db import new_id
from shared.events.mailer import AddressReleased, AddressSuppressed
from shared.outbox import publish


def suppress_address(session: Session, address: str, by: str, note: str = "") -> bool:
    """Put an address on the list by hand and tell of it; False if it was there already."""
    key = address_key(address)
    if not _add(session, key, BY_HAND, by=by[:200], note=note):
        return False
    publish(session, AddressSuppressed(address=key, reason=BY_HAND, at=clock.now()))
    details = {"reason": note} if note else {}
    record_act(session, "mailer", "address.suppressed", subject="address", subject_id=key, details=details)
    return True


def suppress_bounced(session: Session, address: str, letter_id: uuid.UUID, by: str, answer: str) -> None:
    """Put the address of a letter that came back on the list; LetterBounced tells the others."""
    _add(session, address_key(address), BY_BOUNCE, by=by[:200], letter_id=letter_id, note=answer)


def release_address(session: Session, address: str) -> bool:
    """Take an address off the list by hand and tell of it; False if it was not there."""
    key = address_key(address)
    gone = session.execute(delete(Suppression).where(Suppression.address == key).returning(Suppression.id)).first()
    if gone is None:
        return False
    publish(session, AddressReleased(address=key, at=clock.now()))
    record_act(session, "mailer", "address.released", subject="address", subject_id=key)
    return True


def clear_addresses(session: Session, cleared: Iterable[tuple[str, datetime]]) -> None:
    """The directory says that addresses may be written to again: what was on the list before that goes off it."""
    for address, at in cleared:
        session.execute(delete(Suppression).where(Suppression.address == address_key(address), Suppression.since < at))


def _add(session: Session, key: str, reason: str, **values: Any) -> bool:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"id": new_id(), "address": key, "reason": reason, "since": clock.now(), "note": "", **values}
    added = dialect.insert(Suppression).values(row).on_conflict_do_nothing().returning(Suppression.id)
    return session.execute(added).first() is not None
