"""Entering the area of the client who invites, once somebody has shown that the invitation is theirs."""

import uuid

from flask import Response, flash, make_response, redirect, render_template, session, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.portal.actions.invitations import Accepting, AlreadyIn, InvitationGone, accept_invitation
from services.portal.actions.sessions import CredentialEnded, NotLetIn, PartyInactive, switch_session
from services.portal.clients.identity import Verified
from services.portal.models import Contact, Person
from services.portal.pages.letter_links import unreferred
from services.portal.pages.opening import device_address, enter, know_party, open_at
from services.portal.pages.visitor import AREA, Visitor, actor_of
from services.portal.queries.accounts import Account
from services.portal.queries.invitations import find_invited_by_id
from shared.audit import Actor, become
from shared.web import current

LINK_COOKIE = "porteria_invitation"
PATH = f"{AREA}/invitation"


def enter_as(verified: Verified, invitation_id: uuid.UUID) -> Response:
    """Accept for whom identity named, and open a session: both or neither. Raises ServiceUnavailable."""
    if not verified.guest:
        know_party(verified.party_id)
    try:
        with current().db.write() as writing:
            become(Actor("party", str(verified.party_id), _name(writing, verified, invitation_id), device_address()))
            contact = accept_invitation(writing, invitation_id, Accepting(verified.party_id, verified.guest))
            opened = open_at(writing, _account(contact), verified)
    except InvitationGone as error:
        return gone(error.reason)
    except AlreadyIn:
        return gone("own")
    except (CredentialEnded, NotLetIn, PartyInactive):
        flash(gettext("Your access changed meanwhile. Try again."), "warning")
        return make_response(redirect(PATH, 303))
    _welcome(contact)
    return _forget(enter(verified, opened, None))


def join_as(visitor: Visitor, invitation_id: uuid.UUID) -> Response:
    """Accept for whoever is signed in, and look at that client's area from now on."""
    become(actor_of(visitor))
    try:
        with current().db.write() as writing:
            is_guest = _is_guest(writing, visitor)
            contact = accept_invitation(writing, invitation_id, Accepting(visitor.subject_id, is_guest))
            switch_session(writing, visitor.session_id, contact.party_id, contact.id)
    except InvitationGone as error:
        return gone(error.reason)
    except (AlreadyIn, NotLetIn, PartyInactive):
        return gone("own")
    session.pop("csrf_token", None)
    _welcome(contact)
    return _forget(make_response(redirect(url_for("home.show"), 303)))


def gone(reason: str) -> Response:
    """Why a link opens nothing, and what to do now. `own`: it is for the client's own area."""
    return unreferred(make_response(render_template("portal/accounts/invitation_gone.html", reason=reason), 410))


def _name(reading: Session, verified: Verified, invitation_id: uuid.UUID) -> str:
    """What they are called so far, otherwise what the client calls them."""
    if person := reading.get(Person, verified.party_id):
        return person.name
    found = find_invited_by_id(reading, invitation_id)
    return found.contact.name if found else ""


def _is_guest(reading: Session, visitor: Visitor) -> bool:
    person = reading.get(Person, visitor.subject_id)
    return person.is_guest if person else False


def _account(contact: Contact) -> Account:
    return Account(contact.party_id, "", contact.id)


def _welcome(contact: Contact) -> None:
    flash(gettext("Welcome, %(name)s. The invitation is accepted.", name=contact.name), "success")


def _forget(response: Response) -> Response:
    response.delete_cookie(LINK_COOKIE, path=PATH)
    return response
