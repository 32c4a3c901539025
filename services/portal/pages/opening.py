"""Opening and ending the session of this browser."""

import uuid

import structlog
from flask import Response, flash, make_response, redirect, request, session, url_for

from services.portal.actions.parties import copy_parties
from services.portal.actions.sessions import CredentialEnded, OpenedSession, PartyInactive, end_session, open_session
from services.portal.clients.identity import Verified
from services.portal.pages.visitor import current_visitor, drop_token, keep_token, portal, safe_target
from services.portal.queries.parties import find_party
from services.portal.schemas.clients import party_from_rest
from shared.web import ServiceUnavailable, current

log = structlog.get_logger(__name__)


def open_for(verified: Verified) -> OpenedSession | None:
    """Open a session for whom identity named; None if the credential or the party ended in this very moment."""
    with current().db.read() as reading:
        known = find_party(reading, verified.party_id)
    # Identity has just let this party in: a copy that says otherwise, or nothing, is late.
    if (known is None or not known.active) and not _fetch_party(verified.party_id):
        raise ServiceUnavailable("directory")
    try:
        with current().db.write() as writing:
            return open_session(
                writing,
                verified.party_id,
                verified.credential_id,
                must_change=verified.must_change,
                address=device_address(),
                user_agent=request.user_agent.string,
            )
    except (CredentialEnded, PartyInactive):
        return None


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
