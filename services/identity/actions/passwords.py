"""Passwords that people choose: changing one, recovering a forgotten one, setting the first one with a link."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.identity.actions.issuing import digest_of, make_token, recipient_of
from services.identity.actions.lifecycle import end_credentials, use_credential, void_links
from services.identity.models.credentials import Credential, SecretLink
from services.identity.models.parties import Party
from services.identity.queries.credentials import find_link, list_credentials, list_living
from services.identity.queries.parties import list_parties_by_login, lock_parties
from services.identity.rules.eligibility import why_no_letter
from services.identity.rules.lifecycle import ACTIVE, EXPIRED, ISSUED, may_recover
from shared import clock
from shared.db import new_id
from shared.events.identity import CredentialActivated, PasswordChanged, RecoveryRequested
from shared.outbox import publish
from shared.sealing import SealContext, Sealer


@dataclass
class LinkGone(Exception):
    """The link does not work. `reason`: `used`, `expired`, `replaced` (by a newer one, or revoked) or `unknown`."""

    reason: str = "unknown"


class CredentialGone(Exception):
    """The credential ended, or the party was suspended, while its password was being changed."""


def choose_password(session: Session, party_id: uuid.UUID, password_hash: str, *, proven: uuid.UUID) -> uuid.UUID:
    """Make a chosen password the only valid one; `proven` is the credential with which the person showed who it is.

    Raises CredentialGone.
    """
    party = lock_parties(session, [party_id]).get(party_id)
    if party is None or not party.active or proven not in {one.id for one in list_living(session, [party_id])}:
        raise CredentialGone
    return _become_chosen(session, party_id, password_hash)


def request_recovery(session: Session, login: str, sealer: Sealer, valid_for: timedelta) -> None:
    """Send a link for a new password, if the login leads to exactly one party that may have one; else do nothing."""
    parties = [party for party in list_parties_by_login(session, login) if why_no_letter(party) is None]
    allowed = [party for party in parties if may_recover(list_credentials(session, party.id))]
    for party in allowed:
        _send_recovery(session, party, sealer, valid_for)


def find_open_link(session: Session, token: str) -> tuple[SecretLink, Party]:
    """The link of a token while it may be used, and its party. Raises LinkGone."""
    link = find_link(session, digest_of(token))
    if link is None:
        raise LinkGone
    party = session.get_one(Party, link.party_id)
    if reason := _why_gone(session, link):
        raise LinkGone(reason)
    if not party.active:
        raise LinkGone
    return link, party


def complete_recovery(session: Session, token: str, password_hash: str) -> tuple[uuid.UUID, uuid.UUID]:
    """Set the password that a link allows to set; returns party and credential. Raises LinkGone.

    The update that marks the link as used is what a second use at the same time loses against.
    """
    link, party = find_open_link(session, token)
    lock_parties(session, [party.id])
    mark = update(SecretLink).where(
        SecretLink.id == link.id,
        SecretLink.used_at.is_(None),
        SecretLink.voided_at.is_(None),
        SecretLink.expires_at > clock.now(),
    )
    if not getattr(session.execute(mark.values(used_at=clock.now())), "rowcount", 0):
        raise LinkGone
    if link.credential_id is None:
        return party.id, _become_chosen(session, party.id, password_hash)
    return party.id, _fill_link(session, party.id, link.credential_id, password_hash)


def _why_gone(session: Session, link: SecretLink) -> str:
    if link.used_at:
        return "used"
    credential = session.get_one(Credential, link.credential_id) if link.credential_id is not None else None
    if link.expires_at <= clock.now() or (credential is not None and credential.state == EXPIRED):
        return "expired"
    return "replaced" if link.voided_at or (credential is not None and credential.state != ISSUED) else ""


def _become_chosen(session: Session, party_id: uuid.UUID, password_hash: str) -> uuid.UUID:
    end_credentials(session, list_living(session, [party_id]), "changed", by="person")
    void_links(session, [party_id])
    moment = clock.now()
    chosen = Credential(
        id=new_id(),
        party_id=party_id,
        state=ACTIVE,
        origin="chosen",
        delivery="none",
        password_hash=password_hash,
        issued_at=moment,
        issued_by="person",
        activated_at=moment,
        first_used_at=moment,
    )
    session.add(chosen)
    session.flush()
    publish(
        session,
        CredentialActivated(credential_id=chosen.id, party_id=party_id, how="chosen"),
        PasswordChanged(party_id=party_id, credential_id=chosen.id),
    )
    return chosen.id


def _fill_link(session: Session, party_id: uuid.UUID, credential_id: uuid.UUID, password_hash: str) -> uuid.UUID:
    """The credential of an activation link gets its password, and with it becomes the valid one."""
    if not use_credential(session, credential_id):
        raise LinkGone
    session.execute(
        update(Credential)
        .where(Credential.id == credential_id)
        .values(password_hash=password_hash, origin="chosen", expires_at=None)
    )
    void_links(session, [party_id])
    publish(session, PasswordChanged(party_id=party_id, credential_id=credential_id))
    return credential_id


def _send_recovery(session: Session, party: Party, sealer: Sealer, valid_for: timedelta) -> None:
    moment, token = clock.now(), make_token()
    session.execute(
        update(SecretLink)
        .where(SecretLink.party_id == party.id, SecretLink.purpose == "recovery", SecretLink.voided_at.is_(None))
        .values(voided_at=moment)
    )
    link = SecretLink(
        id=new_id(),
        token_sha256=digest_of(token),
        purpose="recovery",
        party_id=party.id,
        created_at=moment,
        expires_at=moment + valid_for,
    )
    session.add(link)
    recipient = recipient_of(party)
    publish(
        session,
        RecoveryRequested(
            recovery_id=link.id,
            party_id=party.id,
            expires_at=link.expires_at,
            recipient=recipient,
            secret=sealer.seal(token, SealContext(str(link.id), recipient.address)),
        ),
    )
