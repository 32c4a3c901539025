"""Identity's public keys, fetched at the start, every few minutes, and when an event names one that is not known."""

import time

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.mailer.actions.keys import SigningKeyUnknown, remember_signing_keys
from services.mailer.clients.identity import KeysUnavailable, fetch_signing_keys
from services.mailer.queries import has_signing_keys
from shared.db import Database
from shared.events import InvalidEvent, decode
from shared.inbox import deferred

EVERY = 300.0
PATIENCE = 3
"""Tries of an event after which its unknown key counts as forged: identity shows a key before it signs with it."""

log = structlog.get_logger(__name__)


class SigningKeys:
    """Keeps the table of identity's keys up to date."""

    def __init__(self, db: Database, identity_url: str) -> None:
        self._db, self._url = db, identity_url
        self._again_at = 0.0
        self._reachable = True

    def refresh(self) -> bool:
        """Fetch the keys if it is time, or if somebody waits for one."""
        with self._db.read() as session:
            wanted = _unknown_keys(session)
            if not wanted and time.monotonic() < self._again_at and has_signing_keys(session):
                return False
        try:
            keys = fetch_signing_keys(self._url)
        except KeysUnavailable as error:
            if self._reachable:
                log.warning("signing_keys_unavailable", error=str(error))
            self._reachable = False
            return False
        self._reachable = True
        forged = [kid for kid, tries in wanted.items() if tries >= PATIENCE]
        with self._db.write() as session:
            remember_signing_keys(session, keys, forged)
        self._again_at = time.monotonic() + EVERY
        return False


def _unknown_keys(session: Session) -> dict[str, int]:
    """The keys that deferred events wait for, and how often each was tried."""
    waiting = (
        select(deferred.c.body, deferred.c.attempts).where(deferred.c.error == SigningKeyUnknown.__name__).limit(200)
    )
    found: dict[str, int] = {}
    for body, attempts in session.execute(waiting.limit(200)):
        try:
            kid = decode(bytes(body)).event.secret.signing_key
        except (InvalidEvent, AttributeError):
            continue
        found[kid] = max(found.get(kid, 0), attempts)
    return found
