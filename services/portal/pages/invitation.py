"""The link with which somebody accepts that a client lets them in. Opening it changes nothing: mail scanners do, too.

Whoever has the link has not shown yet that it came to them: letters are forwarded. The invited address' password shows
it, or a code that goes to that address.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext

from services.portal.actions.invitations import (
    CodeOver,
    CodeTooSoon,
    InvitationGone,
    NoMoreCodes,
    check_code,
    find_acceptable,
    note_code,
)
from services.portal.clients.identity import Guest, PasswordRefused, TooManyAttempts, Verified
from services.portal.models import Invitation
from services.portal.pages.accepting import LINK_COOKIE, PATH, enter_as, gone, join_as
from services.portal.pages.answers import busy, too_many, unavailable, wait
from services.portal.pages.code import ask_code
from services.portal.pages.forms import FirstPasswordForm, OwnPasswordForm, show_problems
from services.portal.pages.letter_links import keep_link, unreferred
from services.portal.pages.opening import device_address, end_present_session
from services.portal.pages.sealing import sealed
from services.portal.pages.visitor import Visitor, current_visitor, drop_token, portal
from services.portal.queries.invitations import Invited
from services.portal.rules.invitations import CODE_DIGITS, MOST_CODES, code_works
from services.portal.rules.profile import masked_address
from services.portal.schemas.contacts import right_names
from shared import clock
from shared.web import CallFailed, ServiceUnavailable, current

invitations = Blueprint("invitations", __name__, url_prefix=PATH)

ASK_CODE, CHOOSE, SIGN_IN, ONE_BUTTON, AS_ANOTHER = "ask_code", "choose", "sign_in", "one_button", "as_another"
"""What whoever has the link is asked for."""


@dataclass(frozen=True)
class Reader:
    """Whoever has the link: what it invites to, who signs in with that address, and who is signed in here."""

    invited: Invited
    guest: Guest
    visitor: Visitor | None

    @property
    def invitation(self) -> Invitation:
        """What the link is."""
        return self.invited.invitation

    @property
    def way(self) -> str:
        """How they accept."""
        if self.visitor:
            return ONE_BUTTON if self.visitor.subject_id == self.guest.subject else AS_ANOTHER
        if self.guest.has_access:
            return SIGN_IN
        works = code_works(self.invitation.code_sent_at, self.invitation.code_tries, clock.now())
        return CHOOSE if works else ASK_CODE


def reader_required(view: Callable[[Reader], Any]) -> Callable[[], Any]:
    """Only whoever has a link that works gets on; everybody else reads why it does not, and what to do."""

    @wraps(view)
    def guarded() -> Any:
        try:
            with current().db.read() as reading:
                invited = find_acceptable(reading, request.cookies.get(LINK_COOKIE, ""))
            guest = portal().identity.find_guest(invited.contact.address)
            return view(Reader(invited, guest, current_visitor()))
        except InvitationGone as error:
            return gone(error.reason)
        except TooManyAttempts as error:
            return wait(_later(too_many(error.seconds)), error.seconds)
        except (ServiceUnavailable, CallFailed):
            return busy(_later(unavailable()))

    return guarded


@invitations.get("")
def show() -> Any:
    """The link of the letter, and then what it invites to."""
    return keep_link(LINK_COOKIE, PATH) if "token" in request.args else _show()


@reader_required
def _show(reader: Reader) -> Any:
    form = OwnPasswordForm(formdata=None) if reader.way == SIGN_IN else FirstPasswordForm(formdata=None)
    return _page(reader, form)


@invitations.post("/code")
@reader_required
def send_code(reader: Reader) -> Any:
    """Send a code to the invited address, however the link came to whoever has it."""
    if reader.way not in (ASK_CODE, CHOOSE):
        return _back()
    address, code = reader.invited.contact.address, f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    try:
        secret = sealed(code, address)
        with current().db.write() as writing:
            hashed = _hash(reader.invitation, code)
            note_code(writing, reader.invitation.id, hashed, secret, current().settings.timezone)
    except CodeTooSoon as error:
        told = gettext("A code is on its way. You can ask for another one in %(num)d seconds.", num=error.seconds)
        flash(told, "info")
        return _back()
    except NoMoreCodes:
        flash(_no_more_codes(reader), "warning")
        return _back()
    told = gettext("We sent a code to %(address)s. It works for 10 minutes.", address=masked_address(address))
    flash(told, "success")
    return _back()


@invitations.post("/password")
@reader_required
def choose_password(reader: Reader) -> Any:
    """The code of the letter, and a password of one's own: then they are in."""
    form = FirstPasswordForm()
    if reader.way not in (ASK_CODE, CHOOSE):
        return _back()
    if not form.validate() or not _is_code(form, reader):
        return _page(reader, form, " ".join(form.code.errors) if reader.way == ASK_CODE else ""), 422
    contact = reader.invited.contact
    try:
        made = portal().identity.create_guest(
            contact.address, contact.name, contact.language, form.new_password.data, initial=False
        )
    except PasswordRefused as error:
        show_problems(form, error.problems)
        return _page(reader, form), 422
    if not made.created or made.credential_id is None:  # they got access on another way, a moment ago
        return _back()
    return enter_as(Verified(made.subject, made.credential_id, guest=True), reader.invitation.id)


@invitations.post("/signin")
@reader_required
def sign_in(reader: Reader) -> Any:
    """The invited address has a password already."""
    form = OwnPasswordForm()
    if reader.way != SIGN_IN:
        return _back()
    if not form.validate():
        return _page(reader, form), 422
    try:
        verified = portal().identity.verify(reader.invited.contact.address, form.password.data, device_address())
    except TooManyAttempts as error:
        return wait(_page(reader, form, too_many(error.seconds)), error.seconds)
    if verified is None or verified.party_id != reader.guest.subject:
        form.password.errors = [gettext("This is not the password of that address. Check it and try again.")]
        return _page(reader, form), 422
    if verified.code_proof:
        return ask_code(verified, None, reader.invitation.id)
    return enter_as(verified, reader.invitation.id)


@invitations.post("/accept")
@reader_required
def accept(reader: Reader) -> Any:
    """Whoever is signed in here is the one who is invited."""
    if reader.way != ONE_BUTTON or reader.visitor is None:
        return _back()
    return join_as(reader.visitor, reader.invitation.id)


@invitations.post("/leave")
def leave() -> Response:
    """Somebody else is signed in here: they sign out, and the invitation goes on."""
    end_present_session("signed_out")
    session.pop("csrf_token", None)
    response = _back()
    drop_token(response)
    return response


def _is_code(form: FirstPasswordForm, reader: Reader) -> bool:
    typed = "".join(form.code.data.split())
    try:
        with current().db.write() as writing:
            if check_code(writing, reader.invitation.id, _hash(reader.invitation, typed)):
                return True
        form.code.errors = [gettext("This code is not right. Look for the newest letter with a code.")]
    except CodeOver:
        form.code.errors = [gettext("This code does not work any more. Ask for another one below.")]
    return False


def _hash(invitation: Invitation, code: str) -> bytes:
    """What is kept of a code: so few digits would be found soon in a plain hash."""
    key = current().keyring.derive("invitation code")
    return hmac.new(key, f"{invitation.id} {code}".encode(), sha256).digest()


def _no_more_codes(reader: Reader) -> str:
    return gettext(
        "We sent %(num)d codes for this invitation, and that is all there are. Ask %(name)s for a new invitation.",
        num=MOST_CODES,
        name=reader.invited.party.name,
    )


def _later(problem: str) -> str:
    return render_template("portal/accounts/invitation_later.html", problem=problem)


def _back() -> Response:
    return make_response(redirect(url_for("invitations.show"), 303))


def _page(reader: Reader, form: Any, problem: str = "") -> Any:
    page = render_template(
        "portal/accounts/invitation.html",
        way=reader.way,
        form=form,
        problem=problem,
        client=reader.invited.party.name,
        address=masked_address(reader.invited.contact.address),
        rights=right_names(reader.invited.contact.rights),
        until=reader.invitation.expires_at,
        signed_in_as=reader.visitor.name if reader.visitor else "",
    )
    return unreferred(make_response(page))
