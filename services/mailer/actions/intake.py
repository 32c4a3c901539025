"""Letters come in: from issued credentials, requested recoveries, invitations, and whoever else asks for one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from services.mailer.actions.ending import end_waiting
from services.mailer.actions.withdrawing import (
    chunks,
    end_withdrawn,
    hold_notices,
    replace_credentials,
    replace_notices,
)
from services.mailer.models import Letter, LetterWords
from services.mailer.queries import queue_of, suppressed_of
from services.mailer.rules.addresses import domain_of, search_words
from services.mailer.rules.notices import FOUND_BY
from services.mailer.rules.states import (
    EMAIL_CONFIRMATION,
    FAILED,
    PENDING,
    RECOVERY,
    REPLACED,
    STAFF_INVITATION,
    STAFF_RESET,
    WITHOUT_DELAY,
)
from services.mailer.rules.suppressing import SUPPRESSED
from shared import clock
from shared.db import new_id
from shared.events.identity import Recipient
from shared.wake import wake

LETTERS_TOPIC = "letters"
ONE_LINK = (RECOVERY, EMAIL_CONFIRMATION)
"""Kinds with a link that dies when the party asks for another one."""


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """Somebody who gets a letter and need not be a party: the same fields as the Recipient of identity's events."""

    name: str
    address: str
    language: str
    login: str = ""
    document: str = ""
    party_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """A letter to be written. `ciphertext` is the sealed secret, its signature already checked.

    A letter without a secret brings its own `subject` and `text` (and a test its `html`). A notice brings the `path`
    of its link and what its template is filled with (`told`); `instead_of` is the notice that it renews, as `replaces`
    is the credential whose place the new one takes. `delay`: seconds to wait instead of the queue's delay.
    """

    kind: str
    recipient: Recipient | Addressee
    expires_at: datetime
    ciphertext: bytes | None = None
    sealing_key: str | None = None
    credential_id: uuid.UUID | None = None
    recovery_id: uuid.UUID | None = None
    invitation_id: uuid.UUID | None = None
    notice_id: uuid.UUID | None = None
    batch_id: uuid.UUID | None = None
    replaces: uuid.UUID | None = None
    instead_of: uuid.UUID | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    requested_by: str | None = None
    path: str | None = None
    told: dict[str, str] | None = None
    stop_path: str | None = None
    attachments: list[dict[str, str]] | None = None
    delay: float | None = None

    @property
    def about(self) -> uuid.UUID | None:
        """What it is the only letter of."""
        return self.credential_id or self.recovery_id or self.invitation_id or self.notice_id


def take_letters(session: Session, orders: Sequence[Order]) -> list[uuid.UUID]:
    """Put letters in the queue, in order, and take out those that they replace; returns the ids of the new ones."""
    if not orders:
        return []
    moment, domain = clock.now(), queue_of(session).message_domain
    if any(order.notice_id for order in orders):
        hold_notices(session)
    fresh = _fresh(session, orders)
    rows = [_row(order, moment, domain) for order in fresh]
    if rows:
        session.execute(insert(Letter.__table__), rows)  # type: ignore[arg-type]
        words = [{"letter_id": row["id"], "words": _words(order)} for order, row in zip(fresh, rows, strict=True)]
        session.execute(insert(LetterWords.__table__), words)  # type: ignore[arg-type]
        _end_suppressed(session, rows)
    end_withdrawn(session, [order.about for order in fresh if order.about])
    replace_credentials(session, [order.replaces for order in fresh if order.replaces])
    replace_notices(
        session, {order.notice_id: order.instead_of for order in fresh if order.notice_id and order.instead_of}
    )
    for kind in ONE_LINK:
        _replace_links(session, kind, [row for row in rows if row["kind"] == kind], moment)
    _replace_invitations(session, [row for row in rows if row["invitation_id"]])
    wake(session, LETTERS_TOPIC)
    return [row["id"] for row in rows]


def _row(order: Order, moment: datetime, domain: str) -> dict[str, Any]:
    to, identifier = order.recipient, new_id()
    return {
        "id": identifier,
        "kind": order.kind,
        "state": PENDING,
        "party_id": to.party_id,
        "credential_id": order.credential_id,
        "recovery_id": order.recovery_id,
        "invitation_id": order.invitation_id,
        "batch_id": order.batch_id,
        "name": to.name[:300],
        "document": to.document[:80],
        "login": to.login[:320],
        "address": to.address[:320],
        "domain": domain_of(to.address),
        "language": to.language[:5],
        "ciphertext": order.ciphertext,
        "sealing_key": order.sealing_key,
        "expires_at": order.expires_at,
        "message_id": f"{identifier}@{domain}",
        "created_at": moment,
        "due_at": moment + timedelta(seconds=order.delay or 0),
        "delayed": order.kind not in WITHOUT_DELAY and order.delay is None,
        "attempts": 0,
        "subject": order.subject,
        "text": order.text,
        "html": order.html,
        "requested_by": order.requested_by,
        "notice_id": order.notice_id,
        "path": order.path,
        "told": order.told,
        "instead_of": order.instead_of,
        "stop_path": order.stop_path,
        "attachments": order.attachments,
    }


def _words(order: Order) -> str:
    to = order.recipient
    told = [order.told[name] for name in FOUND_BY if name in order.told] if order.told else []
    return search_words(to.name, to.document, to.login, to.address, order.subject or "", *told)


def _end_suppressed(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """What is meant for an address on the suppression list has failed before it was tried."""
    suppressed = suppressed_of(session, {row["address"] for row in rows})
    for some in chunks([row["id"] for row in rows if row["address"] in suppressed]):
        end_waiting(session, Letter.id.in_(some), FAILED, SUPPRESSED)


def _fresh(session: Session, orders: Sequence[Order]) -> list[Order]:
    """Without those that have their letter already, or come twice in here."""
    known, fresh = _known(session, orders), []
    for order in orders:
        if order.about is None or order.about not in known:
            fresh.append(order)
            known.update([order.about] if order.about else [])
    return fresh


def _known(session: Session, orders: Sequence[Order]) -> set[uuid.UUID]:
    """What has its letter already: an event that was made twice writes one letter."""
    found: set[uuid.UUID] = set()
    for column in (Letter.credential_id, Letter.recovery_id, Letter.invitation_id, Letter.notice_id):
        wanted = [identifier for order in orders if (identifier := getattr(order, str(column.key)))]
        for some in chunks(wanted):
            found.update(filter(None, session.scalars(select(column).where(column.in_(some)))))
    return found


def _replace_links(session: Session, kind: str, rows: Sequence[dict[str, Any]], moment: datetime) -> None:
    """Of the waiting letters of such a kind only a party's newest goes: the links of the others are dead."""
    rows = [row for row in rows if row["party_id"]]
    newest = {row["party_id"]: row["id"] for row in rows}
    older = [row["id"] for row in rows if newest[row["party_id"]] != row["id"]]
    for party_id, letter_id in newest.items():
        same = (Letter.party_id == party_id, Letter.kind == kind, Letter.id != letter_id)
        end_waiting(session, same[0] & same[1] & same[2], REPLACED, "replaced")
    if older:
        late = update(Letter).where(Letter.id.in_(older), Letter.state == PENDING)
        session.execute(late.values(state=REPLACED, ciphertext=None, ended_at=moment, outcome="replaced"))


def _replace_invitations(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Of the waiting letters of a member of the staff only the newest goes: the links of the others are dead."""
    newest = {row["login"]: row["id"] for row in rows}
    for login, letter_id in newest.items():
        same = Letter.kind.in_((STAFF_INVITATION, STAFF_RESET)) & (Letter.login == login) & (Letter.id != letter_id)
        end_waiting(session, same, REPLACED, "replaced")
