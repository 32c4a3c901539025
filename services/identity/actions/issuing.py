"""Issuing credentials: the one place where a new one comes into the world, for one party or for five hundred."""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.identity.actions.lifecycle import end_credentials
from services.identity.models.credentials import Credential, SecretLink
from services.identity.models.parties import Party
from services.identity.queries.credentials import list_living
from services.identity.queries.parties import lock_parties
from services.identity.rules.eligibility import INACTIVE, UNKNOWN_PARTY, why_no_letter
from services.identity.rules.hashing import hash_generated
from services.identity.rules.lifecycle import ISSUED
from services.identity.rules.passwords import generate_password, in_groups
from shared import clock
from shared.db import new_id
from shared.events.identity import CredentialIssued, Recipient
from shared.outbox import publish
from shared.sealing import SealContext, Sealer


@dataclass(frozen=True)
class Secret:
    """What is to be issued, made before any transaction is open because hashing takes time.

    `origin`: `random`, `manual` or `link`. `letter` is what the letter says: the password as people see it, or the
    token of the link. `repr` hides both.
    """

    origin: str
    password_hash: str | None
    letter: str

    def __repr__(self) -> str:
        return f"<Secret {self.origin}>"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is the same for all credentials that are issued together. `sealer` is needed unless delivery is `none`."""

    delivery: str
    issued_by: str
    valid_for: timedelta
    sealer: Sealer | None = None
    batch_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an order: the new credential of each party, and why the others got none."""

    issued: Mapping[uuid.UUID, "Issued"]
    refused: Mapping[uuid.UUID, str]


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A new credential."""

    id: uuid.UUID
    party: Party
    expires_at: datetime


def make_random_secret() -> Secret:
    """A generated password and its hash."""
    password = generate_password()
    return Secret("random", hash_generated(password), in_groups(password))


def make_link_secret() -> Secret:
    """The token of a single-use link; the password comes when it is used."""
    return Secret("link", None, make_token())


def make_token() -> str:
    """256 random bits as they stand in a link."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def issue_credentials(session: Session, orders: Mapping[uuid.UUID, Secret], terms: Terms) -> Outcome:
    """Issue a credential to each of these parties. One whose letter still waits is replaced; the valid one stays.

    Party by party nothing is asked of the database, so five hundred cost little more than one.
    """
    parties = lock_parties(session, orders)
    refused = {one: reason for one in orders if (reason := _why_not(parties.get(one), terms.delivery))}
    chosen = [party for one, party in parties.items() if one not in refused]
    waiting = [one for one in list_living(session, [p.id for p in chosen]) if one.state == ISSUED]
    moment = clock.now()
    issued = {party.id: Issued(id=new_id(), party=party, expires_at=moment + terms.valid_for) for party in chosen}
    former = {one.party_id: one.id for one in waiting}

    # The new ones are told of before the end of those they replace, so that the mailer swaps the letters.
    publish(session, *(_event(one, orders[one.party.id], terms, former.get(one.party.id)) for one in issued.values()))
    end_credentials(session, waiting, "replaced", by=terms.issued_by)
    if issued:
        rows = [_row(one, orders[one.party.id], terms, moment) for one in issued.values()]
        session.execute(insert(Credential.__table__), rows)  # type: ignore[arg-type]
    links = [_link(one, orders[one.party.id], moment) for one in issued.values() if terms.delivery == "link"]
    if links:
        session.execute(insert(SecretLink), links)
    return Outcome(issued, refused)


def recipient_of(party: Party) -> Recipient:
    """To whom a letter of this party goes; only for parties that have an address."""
    return Recipient(
        party_id=party.id,
        name=party.name,
        document=f"{party.document_type} {party.document_number}".strip(),
        login=party.login,
        address=party.email or "",
        language=party.language,
    )


def _why_not(party: Party | None, delivery: str) -> str | None:
    if party is None or party.is_guest:  # guests are let in by clients, and choose their passwords themselves
        return UNKNOWN_PARTY
    if delivery == "none":
        return None if party.active else INACTIVE
    return why_no_letter(party)


def _event(issued: Issued, secret: Secret, terms: Terms, replaces: uuid.UUID | None) -> CredentialIssued:
    sealed = recipient = None
    if terms.delivery != "none":
        if terms.sealer is None:
            raise ValueError("a letter needs a sealer")
        recipient = recipient_of(issued.party)
        sealed = terms.sealer.seal(secret.letter, SealContext(str(issued.id), recipient.address))
    return CredentialIssued(
        credential_id=issued.id,
        party_id=issued.party.id,
        delivery=terms.delivery,
        expires_at=issued.expires_at,
        batch_id=terms.batch_id,
        replaces=replaces,
        recipient=recipient,
        secret=sealed,
    )


def _row(issued: Issued, secret: Secret, terms: Terms, moment: datetime) -> dict[str, Any]:
    return {
        "id": issued.id,
        "party_id": issued.party.id,
        "state": ISSUED,
        "origin": secret.origin,
        "delivery": terms.delivery,
        "password_hash": secret.password_hash,
        "batch_id": terms.batch_id,
        "issued_at": moment,
        "issued_by": terms.issued_by,
        "expires_at": issued.expires_at,
    }


def _link(issued: Issued, secret: Secret, moment: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "token_sha256": digest_of(secret.letter),
        "purpose": "activation",
        "party_id": issued.party.id,
        "credential_id": issued.id,
        "created_at": moment,
        "expires_at": issued.expires_at,
    }
