"""Letting in people who are no party of the directory."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from services.identity.actions.lifecycle import SYSTEM, end_credentials, void_links
from services.identity.models.credentials import Credential
from services.identity.models.parties import Party
from services.identity.queries.credentials import list_living
from services.identity.queries.guests import find_guest, find_subject, has_password
from services.identity.queries.parties import lock_parties
from services.identity.rules.lifecycle import ACTIVE
from services.identity.rules.logins import email_key, searchable
from shared import clock
from shared.audit import current_actor, record_act
from shared.db import insert_into, new_id
from shared.events.identity import CredentialActivated
from shared.outbox import publish


@dataclass(frozen=True, kw_only=True)
class NewGuest:
    """Somebody who is let in. `initial`: somebody else typed the password, so it is to be changed, and ends if nobody
    uses it."""

    address: str
    name: str
    language: str
    password_hash: str
    initial: bool = False

    def __repr__(self) -> str:
        return f"<NewGuest {self.name!r}>"


@dataclass(frozen=True)
class Made:
    """Who signs in with the address now. No credential: they had access before, and nothing changed."""

    subject: uuid.UUID
    credential_id: uuid.UUID | None = None


def make_guest(session: Session, new: NewGuest, valid_for: timedelta) -> Made:
    """Give an address a guest with a password, unless whoever has the address can sign in already.

    Of two at the same moment one makes the guest, and the other one finds it.
    """
    known = find_subject(session, new.address)
    if known is not None and has_password(session, known.id):
        return Made(known.id)
    session.execute(insert_into(session, Party).values(_row(new)).on_conflict_do_nothing())
    guest = _locked(session, new.address)
    if has_password(session, guest.id):
        return Made(guest.id)
    # What is left is a first password that nobody used in time; whoever lets them in again says who they are now.
    end_credentials(session, list_living(session, [guest.id]), "expired", by=SYSTEM)
    void_links(session, [guest.id])
    guest.name, guest.name_search, guest.language = new.name, searchable(new.name)[:300], new.language
    guest.updated_at = clock.now()
    return Made(guest.id, _let_in(session, guest, new, valid_for))


def _locked(session: Session, address: str) -> Party:
    guest = find_guest(session, address)
    if guest is None:
        raise RuntimeError("the guest was just made")
    return lock_parties(session, [guest.id])[guest.id]


def _let_in(session: Session, guest: Party, new: NewGuest, valid_for: timedelta) -> uuid.UUID:
    moment = clock.now()
    credential = Credential(
        id=new_id(),
        party_id=guest.id,
        state=ACTIVE,
        origin="manual" if new.initial else "chosen",
        delivery="none",
        password_hash=new.password_hash,
        issued_at=moment,
        issued_by=current_actor().name if new.initial else "person",
        expires_at=moment + valid_for if new.initial else None,
        activated_at=moment,
        first_used_at=None if new.initial else moment,
    )
    session.add(credential)
    session.flush()
    publish(session, CredentialActivated(credential_id=credential.id, party_id=guest.id, how="chosen"))
    if new.initial:
        details = {"mode": "client", "delivery": "none"}
        record_act(
            session,
            "identity",
            "credential.issued",
            party_id=guest.id,
            subject="credential",
            subject_id=credential.id,
            details=details,
        )
    return credential.id


def _row(new: NewGuest) -> dict[str, object]:
    return {
        "id": new_id(),
        "version": 0,
        "code": "",
        "is_tenant": False,
        "is_owner": False,
        "document_type": "",
        "document_number": "",
        "document_key": "",
        "name": new.name,
        "name_search": searchable(new.name)[:300],
        "email": new.address,
        "email_key": email_key(new.address),
        "email_state": None,
        "language": new.language,
        "active": True,
        "updated_at": clock.now(),
        "is_guest": True,
    }
