"""Signing in and out. Nothing that is typed here is kept or logged."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext

from services.portal.clients.identity import TooManyAttempts
from services.portal.pages.answers import busy, too_many, unavailable, wait
from services.portal.pages.code import ask_code
from services.portal.pages.forms import SignInForm
from services.portal.pages.opening import NoArea, device_address, enter, no_area, open_for, sign_in_again
from services.portal.pages.visitor import AREA, current_visitor, portal, safe_target
from shared.web import ServiceUnavailable

access = Blueprint("access", __name__, url_prefix=AREA)


@access.route("/signin", methods=["GET", "POST"])
def signin() -> Any:
    """Sign in with document number or e-mail."""
    form = SignInForm()
    if current_visitor() and request.method == "GET":
        return redirect(safe_target(request.args.get("next")), 303)
    if request.method == "GET":
        form.next.data = request.args.get("next", "")
        return _signin_page(form)
    if not form.validate():
        return _signin_page(form), 422
    try:
        return _check(form)
    except TooManyAttempts as error:
        return wait(_signin_page(form, too_many(error.seconds)), error.seconds)
    except ServiceUnavailable:
        return busy(_signin_page(form, unavailable()))


def _check(form: SignInForm) -> Any:
    verified = portal().identity.verify(form.login.data.strip(), form.password.data, device_address())
    if verified and verified.code_proof:
        return ask_code(verified, form.next.data)
    try:
        opened = open_for(verified, form.next.data) if verified else None
    except NoArea:
        return _signin_page(form, no_area()), 403
    if verified is None or opened is None:
        wrong = gettext("The user or the password is not right. Check both and try again.")
        return _signin_page(form, wrong), 422
    return enter(verified, opened, form.next.data)


def _signin_page(form: SignInForm, problem: str = "") -> str:
    return render_template("portal/signin.html", form=form, problem=problem)


@access.post("/signout")
def signout() -> Response:
    """Sign out of this browser."""
    return sign_in_again(gettext("You have signed out."), "success")
