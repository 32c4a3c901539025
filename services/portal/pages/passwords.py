"""Changing the password, having forgotten it, and the links of letters. Nothing typed here is kept or logged."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext

from services.portal.actions.sessions import end_other_sessions
from services.portal.clients.identity import AccessChanged, LinkGone, PasswordRefused, TooManyAttempts
from services.portal.pages.answers import busy, too_many, unavailable, wait
from services.portal.pages.forms import ChangePasswordForm, ForgotForm, NewPasswordForm, show_problems
from services.portal.pages.letter_links import keep_link, unreferred
from services.portal.pages.opening import device_address, reopen, sign_in_again, signed_in
from services.portal.pages.visitor import AREA, Visitor, current_visitor, drop_token, portal, signin_address
from services.portal.rules.sessions import is_link_token
from shared.web import ServiceUnavailable, current

LINK_COOKIE = "porteria_link"

passwords = Blueprint("passwords", __name__, url_prefix=AREA)


@passwords.get("/password")
def change() -> Any:
    """The form for another password; the only page that opens while an initial one has to be changed."""
    visitor = current_visitor()
    if visitor is None:
        return redirect(signin_address(), 303)
    return _password_page(ChangePasswordForm(), visitor)


@passwords.post("/password")
def save() -> Any:
    """Change the password, and sign every other browser out."""
    visitor = current_visitor()
    if visitor is None:
        return redirect(signin_address(), 303)
    form = ChangePasswordForm()
    if not form.validate():
        return _password_page(form, visitor), 422
    try:
        return _change(form, visitor)
    except PasswordRefused as error:
        show_problems(form, error.problems)
        return _password_page(form, visitor), 422
    except AccessChanged:
        return sign_in_again(gettext("Your access changed meanwhile. Sign in again."))
    except TooManyAttempts as error:
        return wait(_password_page(form, visitor, too_many(error.seconds)), error.seconds)
    except ServiceUnavailable:
        return busy(_password_page(form, visitor, unavailable()))


def _change(form: ChangePasswordForm, visitor: Visitor) -> Response:
    subject_id = visitor.subject_id
    credential_id = portal().identity.change_password(
        subject_id, form.current_password.data, form.new_password.data, device_address()
    )
    opened = reopen(visitor, credential_id)
    with current().db.write() as writing:
        end_other_sessions(writing, subject_id, credential_id)
    if opened is None:
        raise AccessChanged
    flash(gettext("Your password is changed. Other browsers that were signed in have been signed out."), "success")
    return signed_in(opened, url_for("home.show"))


def _password_page(form: ChangePasswordForm, visitor: Visitor, problem: str = "") -> str:
    return render_template("portal/password.html", form=form, visitor=visitor, problem=problem)


@passwords.route("/forgot", methods=["GET", "POST"])
def forgot() -> Any:
    """Ask for a letter with a link. The answer tells nobody whether there is such a client."""
    form = ForgotForm()
    if request.method == "GET":
        return render_template("portal/forgot.html", form=form)
    if not form.validate():
        return render_template("portal/forgot.html", form=form), 422
    try:
        portal().identity.request_recovery(form.login.data.strip(), device_address())
    except TooManyAttempts as error:
        page = render_template("portal/forgot.html", form=form, problem=too_many(error.seconds))
        return wait(page, error.seconds)
    except ServiceUnavailable:
        return busy(render_template("portal/forgot.html", form=form, problem=unavailable()))
    return redirect(url_for("passwords.forgot_sent"), 303)


@passwords.get("/forgot/sent")
def forgot_sent() -> str:
    """What happens next."""
    return render_template("portal/forgot_sent.html")


@passwords.route("/reset", methods=["GET", "POST"], defaults={"purpose": "reset"})
@passwords.route("/activate", methods=["GET", "POST"], defaults={"purpose": "activate"})
def link(purpose: str) -> Any:
    """A letter's link: a form for the new password. Only sending it changes anything; mail scanners open links."""
    here = f"{AREA}/{purpose}"
    if "token" in request.args:
        return keep_link(LINK_COOKIE, here)
    token = request.cookies.get(LINK_COOKIE, "")
    form = NewPasswordForm()
    try:
        if request.method == "GET":
            if not token:
                return _link_gone("unknown")
            portal().identity.check_link(token)
            return _link_page(form, purpose)
        return _complete(form, purpose, token)
    except LinkGone as error:
        return _link_gone(error.reason)
    except TooManyAttempts as error:
        return wait(_link_page(form, purpose, too_many(error.seconds)), error.seconds)
    except ServiceUnavailable:
        return busy(_link_page(form, purpose, unavailable()))


def _complete(form: NewPasswordForm, purpose: str, token: str) -> Any:
    if not is_link_token(token):
        raise LinkGone
    if not form.validate():
        return _link_page(form, purpose), 422
    try:
        portal().identity.check_link(token)  # says why, where the link does not work any more
        done = portal().identity.complete_recovery(token, form.new_password.data)
    except PasswordRefused as error:
        show_problems(form, error.problems)
        return _link_page(form, purpose), 422
    with current().db.write() as writing:
        end_other_sessions(writing, done.party_id, done.credential_id)
    session.pop("csrf_token", None)
    flash(gettext("Your password is set. Sign in with it now."), "success")
    response = make_response(redirect(url_for("access.signin"), 303))
    response.delete_cookie(LINK_COOKIE, path=f"{AREA}/{purpose}")
    drop_token(response)
    return response


def _link_page(form: NewPasswordForm, purpose: str, problem: str = "") -> str:
    return render_template("portal/link.html", form=form, purpose=purpose, problem=problem)


def _link_gone(reason: str) -> Any:
    return unreferred(make_response(render_template("portal/link_gone.html", reason=reason), 410))
