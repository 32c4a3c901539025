"""Opening and ending the session of this browser."""

import uuid
from urllib.parse import parse_qs, urlsplit

import structlog
from flask import Response, flash, make_response, redirect, request, session, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.portal.actions.accounts import activate_bound
from services.portal.actions.parties import copy_parties
from services.portal.actions.sessions import (
    CredentialEnded,
    NotLetIn,
    OpenedSession,
    PartyInactive,
    end_session,
    open_session,
)
from services.portal.clients.identity import Verified
from services.portal.models import Person
from services.portal.pages.visitor import Visitor, current_visitor, drop_token, keep_token, portal, safe_target
from services.portal.queries.accounts import Account, list_accounts
from services.portal.queries.parties import find_party
from services.portal.schemas.clients import party_from_rest
from shared.audit import Actor, become
from shared.web import ServiceUnavailable, current

log = structlog.get_logger(__name__)


class NoArea(Exception):
    """Who signed in is who they say, and nobody lets them in now."""


def open_for(verified: Verified, wanted: str | None) -> OpenedSession | None:
    """Open a session for whom identity named; None if the credential or the access ended in this very moment.

    Where several areas open to them, it is the one that the page `wanted` is about, or they are asked. Raises NoArea.
    """
    if not verified.guest:
        know_party(verified.party_id)
    try:
        with current().db.write() as writing:
            _let_in_first_time(writing, verified.party_id)
            accounts = list_accounts(writing, verified.party_id)
            if not verified.guest and all(one.contact_id for one in accounts):
                raise PartyInactive
            if not accounts:
                raise NoArea
            meant = accounts if len(accounts) == 1 else [one for one in accounts if str(one.party_id) == _of(wanted)]
            return open_at(writing, (meant or accounts)[0], verified, must_choose=not meant)
    except (CredentialEnded, NotLetIn, PartyInactive):
        return None


def open_at(writing: Session, account: Account, verified: Verified, *, must_choose: bool = False) -> OpenedSession:
    """Open a session of this browser in one of the person's areas. Raises CredentialEnded, NotLetIn, PartyInactive."""
    return open_session(
        writing,
        account.party_id,
        verified.credential_id,
        must_change=verified.must_change,
        address=device_address(),
        user_agent=request.user_agent.string,
        contact_id=account.contact_id,
        must_choose=must_choose,
    )


def reopen(visitor: Visitor, credential_id: uuid.UUID) -> OpenedSession | None:
    """The same area, with the credential that took the former one's place."""
    account = Account(visitor.party.id, visitor.party.name, visitor.contact.id if visitor.contact else None)
    verified = Verified(visitor.subject_id, credential_id)
    try:
        with current().db.write() as writing:
            return open_at(writing, account, verified, must_choose=visitor.must_choose)
    except (CredentialEnded, NotLetIn, PartyInactive):
        return None


def no_area() -> str:
    """What somebody reads whom nobody lets in."""
    return gettext(
        "Your password is right, but no client gives you access now. If you have an invitation, open the link of its "
        "letter again; otherwise ask whoever invited you to let you in."
    )


def know_party(party_id: uuid.UUID) -> None:
    """Have a party in the copy whom identity has just let in. Raises ServiceUnavailable."""
    with current().db.read() as reading:
        known = find_party(reading, party_id)
    # A copy that says otherwise, or nothing, is late.
    if (known is None or not known.active) and not _fetch_party(party_id):
        raise ServiceUnavailable("directory")


def _let_in_first_time(writing: Session, subject_id: uuid.UUID) -> None:
    if person := writing.get(Person, subject_id):
        become(Actor("party", str(person.id), person.name, device_address()))
        activate_bound(writing, person.id)


def _of(wanted: str | None) -> str:
    """The client whom a page is about that the link of a letter leads to."""
    return parse_qs(urlsplit(wanted or "").query).get("of", [""])[0]


def _fetch_party(party_id: uuid.UUID) -> bool:
    found = portal().directory.find_party(party_id)
    if found is None:
        log.error("party_unknown_to_directory", party_id=str(party_id))
        return False
    with current().db.write() as writing:
        copy_parties(writing, [party_from_rest(found)])
    return True


def signed_in(opened: OpenedSession, target: str) -> Response:
    """Give the browser its session, and send it on."""
    # A form that was loaded before the sign-in, perhaps by somebody else at this browser, is worth nothing now.
    session.pop("csrf_token", None)
    response = make_response(redirect(target, 303))
    keep_token(response, opened.token)
    return response


def enter(verified: Verified, opened: OpenedSession, wanted: str | None) -> Response:
    """Give the browser its session in place of the one it may have, and send it to where the client wanted to go."""
    end_present_session("replaced")
    return signed_in(opened, url_for("passwords.change") if verified.must_change else safe_target(wanted))


def end_present_session(reason: str) -> None:
    """End the session that this browser has, if any."""
    if visitor := current_visitor():
        with current().db.write() as writing:
            end_session(writing, visitor.session_id, reason)


def sign_in_again(told: str, kind: str = "warning") -> Response:
    """Sign out of this browser, and show the sign-in with a message."""
    end_present_session("signed_out")
    session.pop("csrf_token", None)
    flash(told, kind)
    response = make_response(redirect(url_for("access.signin"), 303))
    drop_token(response)
    return response


def device_address() -> str:
    """The network address of the person's device."""
    return request.remote_addr or ""
