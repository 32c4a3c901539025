"""Another e-mail address: asked for with the password, confirmed with the link that came to it."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from services.portal.actions.profile import (
    ConfirmationGone,
    TooManyRequests,
    confirm_email,
    find_confirmable,
    request_email,
    withdraw_email,
)
from services.portal.clients.identity import TooManyAttempts
from services.portal.pages.answers import busy, too_many, unavailable, wait
from services.portal.pages.forms import NewEmailForm
from services.portal.pages.letter_links import keep_link, unreferred
from services.portal.pages.opening import device_address
from services.portal.pages.sealing import sealed_token
from services.portal.pages.visitor import AREA, Visitor, client_required, portal
from services.portal.rules.parties import principal_address
from services.portal.rules.profile import normal_address
from shared.web import CallFailed, ServiceUnavailable, current

LINK_COOKIE = "porteria_new_email"
PATH = f"{AREA}/profile/email"

emails = Blueprint("emails", __name__, url_prefix=PATH)


@emails.get("")
@client_required
def ask(visitor: Visitor) -> str:
    """The form for another address."""
    return _page(NewEmailForm(formdata=None), visitor)


@emails.post("")
@client_required
def begin(visitor: Visitor) -> Any:
    """Send the link to the new address."""
    form = NewEmailForm()
    if not form.validate():
        return _page(form, visitor), 422
    address = normal_address(form.address.data)
    if problem := _problem(address, visitor):
        form.address.errors = [problem]
        return _page(form, visitor), 422
    try:
        if not _knows_password(visitor, form.password.data):
            form.password.errors = [gettext("The password is not right.")]
            return _page(form, visitor), 422
        return _send(visitor, address)
    except TooManyAttempts as error:
        return wait(_page(form, visitor, too_many(error.seconds)), error.seconds)
    except TooManyRequests:
        told = gettext("You asked for several addresses today. Wait until tomorrow, or ask your agency to change it.")
        return wait(_page(form, visitor, told), None)
    except (ServiceUnavailable, CallFailed):
        return busy(_page(form, visitor, unavailable()))


def _problem(address: str, visitor: Visitor) -> str:
    if not address:
        return gettext("This is not an e-mail address.")
    if address.lower() == principal_address(visitor.party.emails).lower():
        return gettext("This is the address that you have already.")
    return ""


def _knows_password(visitor: Visitor, password: str) -> bool:
    """Identity counts wrong ones, as at the sign-in."""
    verified = portal().identity.verify(visitor.party.document_number, password, device_address())
    return verified is not None and verified.party_id == visitor.party.id


def _send(visitor: Visitor, address: str) -> Response:
    token, secret = sealed_token(address)
    with current().db.write() as session:
        request_email(session, visitor.party.id, address, token, secret, current().settings.timezone)
    flash(gettext("We wrote to %(address)s. Open the link in that letter.", address=address), "success")
    return redirect(url_for("profile.show"), 303)  # type: ignore[return-value]


@emails.post("/withdraw")
@client_required
def withdraw(visitor: Visitor) -> Any:
    """The former address stays."""
    with current().db.write() as session:
        was_there = withdraw_email(session, visitor.party.id)
    if was_there:
        flash(gettext("The new address was withdrawn. Its link works no longer."), "success")
    else:
        flash(gettext("Nothing was waiting any more."), "info")
    return redirect(url_for("profile.show"), 303)


@emails.get("/confirm")
def open_link() -> Any:
    """The link of the letter. Opening it confirms nothing: mail scanners open links."""
    if "token" not in request.args:
        return _confirmation()
    return keep_link(LINK_COOKIE, f"{PATH}/confirm")


@client_required
def _confirmation(visitor: Visitor) -> Any:
    """Which address it is about, and the button."""
    try:
        with current().db.read() as session:
            change = find_confirmable(session, visitor.party.id, request.cookies.get(LINK_COOKIE, ""))
    except ConfirmationGone as error:
        return _gone(error)
    page = render_template("portal/profile/confirm.html", address=change.address, former=change.former)
    return unreferred(make_response(page))


@emails.post("/confirm")
@client_required
def confirm(visitor: Visitor) -> Any:
    """The client has the mailbox; the directory learns of it as soon as it answers."""
    try:
        with current().db.write() as session:
            confirm_email(session, visitor.party.id, request.cookies.get(LINK_COOKIE, ""))
    except ConfirmationGone as error:
        return _gone(error)
    flash(gettext("Thank you: the new address is confirmed."), "success")
    response = make_response(redirect(url_for("profile.show"), 303))
    response.delete_cookie(LINK_COOKIE, path=f"{PATH}/confirm")
    return response


def _page(form: NewEmailForm, visitor: Visitor, problem: str = "") -> str:
    return render_template("portal/profile/email.html", form=form, party=visitor.party, problem=problem)


def _gone(error: ConfirmationGone) -> Response:
    page = render_template("portal/profile/confirm_gone.html", reason=error.reason)
    return unreferred(make_response(page, 410))
