"""The second step of the sign-in: the code of the phone, or a recovery code."""

import uuid
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from itsdangerous import BadData, URLSafeTimedSerializer

from services.portal.clients.identity import ProofExpired, TooManyAttempts, Verified
from services.portal.pages.accepting import enter_as
from services.portal.pages.answers import busy, too_many, unavailable, wait
from services.portal.pages.forms import CodeForm
from services.portal.pages.opening import NoArea, device_address, enter, no_area, open_for
from services.portal.pages.visitor import AREA, portal
from shared.web import ServiceUnavailable, current

PATH = f"{AREA}/signin/code"
COOKIE = "porteria_client_code"
SECONDS = 300
"""As long as identity takes the proof."""

code = Blueprint("code", __name__, url_prefix=AREA)


def ask_code(verified: Verified, wanted: str | None, invitation_id: uuid.UUID | None = None) -> Response:
    """Send the browser to the page for the code. What it gets opens that page for some minutes, and nothing else.

    `invitation_id`: what they accept with this sign-in.
    """
    session.pop("csrf_token", None)
    kept = {"party": str(verified.party_id), "proof": verified.code_proof, "next": wanted or ""}
    kept["invitation"] = str(invitation_id or "")
    response = make_response(redirect(url_for("code.ask"), 303))
    response.set_cookie(
        COOKIE,
        _signer().dumps(kept),
        path=PATH,
        max_age=SECONDS,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response


@code.route("/signin/code", methods=["GET", "POST"])
def ask() -> Any:
    """Only for whoever gave the right password in this browser a moment ago."""
    form = CodeForm()
    try:
        kept = _signer().loads(request.cookies.get(COOKIE, ""), max_age=SECONDS)
    except BadData:
        return _begin_again()
    if request.method == "GET":
        return _page(form)
    if not form.validate():
        return _page(form), 422
    try:
        return _check(form, kept)
    except ProofExpired:
        return _begin_again()
    except TooManyAttempts as error:
        return wait(_page(form, too_many(error.seconds)), error.seconds)
    except ServiceUnavailable:
        return busy(_page(form, unavailable()))


def _check(form: CodeForm, kept: dict[str, str]) -> Any:
    typed = form.code.data.strip()
    verified = portal().identity.verify_code(uuid.UUID(kept["party"]), kept["proof"], typed, device_address())
    if verified is None:
        form.code.errors = [gettext("This code is not right, or was used already. Wait for the next one.")]
        return _page(form), 422
    if kept["invitation"]:
        return _forget(enter_as(verified, uuid.UUID(kept["invitation"])))
    try:
        opened = open_for(verified, kept["next"])
    except NoArea:
        return _begin_again(no_area())
    if opened is None:
        return _begin_again()
    return _forget(enter(verified, opened, kept["next"]))


def _begin_again(told: str = "") -> Response:
    flash(told or gettext("The time for the code is over. Sign in again."), "warning")
    return _forget(make_response(redirect(url_for("access.signin"), 303)))


def _forget(response: Response) -> Response:
    response.delete_cookie(COOKIE, path=PATH, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def _page(form: CodeForm, problem: str = "") -> str:
    return render_template("portal/code.html", form=form, problem=problem)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current().keyring.derive("signin code"), salt="signin code")
