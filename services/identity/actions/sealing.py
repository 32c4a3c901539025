"""Sealing secrets for the mailer: its public key is fetched over HTTP and remembered."""

from datetime import timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from services.identity.actions.keys import current_sealing_signer
from services.identity.clients import Mailer
from services.identity.models.credentials import SealingKey
from services.identity.queries.credentials import find_current_sealing_key
from shared import clock
from shared.db import Database
from shared.keyring import Keyring
from shared.sealing import Sealer
from shared.web.services_http import CallFailed, ServiceUnavailable

REFRESH_AFTER = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class NoSealingKey(Exception):
    """The mailer's key is not known yet, and the mailer does not answer: no letter can be written now."""


def make_sealer(session: Session, keyring: Keyring) -> Sealer:
    """What seals with the newest known key of the mailer and signs with identity's own. Raises NoSealingKey."""
    key = find_current_sealing_key(session)
    if key is None:
        raise NoSealingKey
    kid, private = current_sealing_signer(session, keyring)
    return Sealer(key.id, key.public_key, kid, private)


def remember_sealing_key(session: Session, key_id: str, public_key: bytes) -> None:
    """From now on this key is sealed with."""
    session.execute(update(SealingKey).where(SealingKey.id != key_id).values(current=False))
    session.merge(SealingKey(id=key_id, public_key=public_key, current=True, fetched_at=clock.now()))


def refresh_sealing_key(db: Database, mailer: Mailer, *, at_least: timedelta = REFRESH_AFTER) -> None:
    """Ask the mailer for its newest key if ours is unknown or older than `at_least`.

    Has transactions of its own, because none may be open during the call. While the mailer is away the known key is
    good enough. Raises NoSealingKey if none is known.
    """
    with db.read() as session:
        known = find_current_sealing_key(session)
    if known is not None and clock.now() - known.fetched_at < at_least:
        return
    try:
        newest = mailer.newest_sealing_key()
    except (ServiceUnavailable, CallFailed) as error:
        log.warning("sealing_key_not_fetched", error=type(error).__name__)
        newest = None
    if newest is not None:
        with db.write() as session:
            remember_sealing_key(session, *newest)
    elif known is None:
        raise NoSealingKey
