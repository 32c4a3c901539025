"""Signing in and out, and everything about the password. Nothing that is typed here is kept or logged."""

import math
import uuid
from datetime import timedelta
from typing import Any

import structlog
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import format_time, gettext, ngettext

from services.portal.actions import (
    CredentialEnded,
    OpenedSession,
    PartyData,
    PartyInactive,
    copy_parties,
    end_other_sessions,
    end_session,
    open_session,
)
from services.portal.clients import LinkGone, PasswordRefused, TooManyAttempts, Verified
from services.portal.models import Party
from services.portal.pages.forms import ChangePasswordForm, ForgotForm, NewPasswordForm, SignInForm, show_problems
from services.portal.pages.visitor import (
    AREA,
    current_visitor,
    drop_token,
    keep_token,
    portal,
    safe_target,
    signin_address,
)
from services.portal.queries import find_party
from services.portal.rules import is_link_token
from services.portal.schemas import party_from_rest
from shared import clock
from shared.web import ServiceUnavailable, current

LINK_COOKIE = "porteria_link"
LINK_SECONDS = 3600

access = Blueprint("access", __name__, url_prefix=AREA)
log = structlog.get_logger(__name__)


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
        verified = portal().identity.verify(form.login.data.strip(), form.password.data, _address())
        opened = _open(verified) if verified else None
    except TooManyAttempts as error:
        return _wait(_signin_page(form, _too_many(error.seconds)), error.seconds)
    except ServiceUnavailable:
        return _busy(_signin_page(form, _unavailable()))
    if verified is None or opened is None:
        wrong = gettext("The user or the password is not right. Check both and try again.")
        return _signin_page(form, wrong), 422
    _end_present_session("replaced")
    target = url_for("access.change_password") if verified.must_change else safe_target(form.next.data)
    return _signed_in(opened, target)


def _signin_page(form: SignInForm, problem: str = "") -> str:
    return render_template("portal/signin.html", form=form, problem=problem)


def _open(verified: Verified) -> OpenedSession | None:
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
                address=_address(),
                user_agent=request.user_agent.string,
            )
    except (CredentialEnded, PartyInactive):
        return None


def _fetch_party(party_id: uuid.UUID) -> bool:
    found = portal().directory.find_party(party_id)
    if found is None:
        log.error("party_unknown_to_directory", party_id=str(party_id))
        return False
    data: PartyData = party_from_rest(found)
    with current().db.write() as writing:
        copy_parties(writing, [data])
    return True


def _signed_in(opened: OpenedSession, target: str) -> Response:
    # A form that was loaded before the sign-in, perhaps by somebody else at this browser, is worth nothing now.
    session.pop("csrf_token", None)
    response = make_response(redirect(target, 303))
    keep_token(response, opened.token)
    return response


def _end_present_session(reason: str) -> None:
    if visitor := current_visitor():
        with current().db.write() as writing:
            end_session(writing, visitor.session_id, reason)


@access.post("/signout")
def signout() -> Response:
    """Sign out of this browser."""
    _end_present_session("signed_out")
    session.pop("csrf_token", None)
    flash(gettext("You have signed out."), "success")
    response = make_response(redirect(url_for("access.signin"), 303))
    drop_token(response)
    return response


@access.route("/password", methods=["GET", "POST"])
def change_password() -> Any:
    """Change the password; the only page that opens while an initial one has to be changed."""
    visitor = current_visitor()
    if visitor is None:
        return redirect(signin_address(), 303)
    form = ChangePasswordForm()
    if request.method == "GET":
        return _password_page(form, visitor.party, forced=visitor.must_change)

    def again(problem: str = "") -> str:
        return _password_page(form, visitor.party, forced=visitor.must_change, problem=problem)

    if not form.validate():
        return again(), 422
    party_id = visitor.party.id
    try:
        credential_id = portal().identity.change_password(
            party_id, form.current_password.data, form.new_password.data, _address()
        )
    except PasswordRefused as error:
        show_problems(form, error.problems)
        return again(), 422
    except TooManyAttempts as error:
        return _wait(again(_too_many(error.seconds)), error.seconds)
    except ServiceUnavailable:
        return _busy(again(_unavailable()))
    opened = _open(Verified(party_id, credential_id))
    with current().db.write() as writing:
        end_other_sessions(writing, party_id, credential_id)
    if opened is None:
        return redirect(url_for("access.signin"), 303)
    flash(gettext("Your password is changed. Other browsers that were signed in have been signed out."), "success")
    return _signed_in(opened, url_for("home.show"))


def _password_page(form: ChangePasswordForm, party: Party, *, forced: bool, problem: str = "") -> str:
    return render_template(
        "portal/password.html", form=form, forced=forced, problem=problem, login=party.document_number
    )


@access.route("/forgot", methods=["GET", "POST"])
def forgot() -> Any:
    """Ask for a letter with a link. The answer tells nobody whether there is such a client."""
    form = ForgotForm()
    if request.method == "GET":
        return render_template("portal/forgot.html", form=form)
    if not form.validate():
        return render_template("portal/forgot.html", form=form), 422
    try:
        portal().identity.request_recovery(form.login.data.strip(), _address())
    except TooManyAttempts as error:
        page = render_template("portal/forgot.html", form=form, problem=_too_many(error.seconds))
        return _wait(page, error.seconds)
    except ServiceUnavailable:
        return _busy(render_template("portal/forgot.html", form=form, problem=_unavailable()))
    return redirect(url_for("access.forgot_sent"), 303)


@access.get("/forgot/sent")
def forgot_sent() -> str:
    """What happens next."""
    return render_template("portal/forgot_sent.html")


@access.route("/reset", methods=["GET", "POST"], defaults={"purpose": "reset"})
@access.route("/activate", methods=["GET", "POST"], defaults={"purpose": "activate"})
def link(purpose: str) -> Any:
    """A letter's link: a form for the new password. Only sending it changes anything; mail scanners open links."""
    here = f"{AREA}/{purpose}"
    if "token" in request.args:
        # Out of the address at once: it would stay in the history, and on every picture of the screen.
        response = make_response(redirect(here, 303))
        token = request.args["token"].strip()
        response.set_cookie(
            LINK_COOKIE,
            token if is_link_token(token) else "",
            path=here,
            max_age=LINK_SECONDS,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
        return _unreferred(response)
    token = request.cookies.get(LINK_COOKIE, "")
    form = NewPasswordForm()
    try:
        if request.method == "GET":
            return _link_page(form, purpose) if token and portal().identity.is_link_valid(token) else _link_gone()
        return _complete(form, purpose, token)
    except TooManyAttempts as error:
        return _wait(_link_page(form, purpose, _too_many(error.seconds)), error.seconds)
    except ServiceUnavailable:
        return _busy(_link_page(form, purpose, _unavailable()))


def _complete(form: NewPasswordForm, purpose: str, token: str) -> Any:
    if not is_link_token(token):
        return _link_gone()
    if not form.validate():
        return _link_page(form, purpose), 422
    try:
        done = portal().identity.complete_recovery(token, form.new_password.data)
    except LinkGone:
        return _link_gone()
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


def _link_gone() -> Any:
    return _unreferred(make_response(render_template("portal/link_gone.html"), 410))


def _unreferred(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _address() -> str:
    return request.remote_addr or ""


def _unavailable() -> str:
    return gettext("We cannot check this at the moment. Try again in a minute.")


def _too_many(seconds: int | None) -> str:
    if not seconds:
        return gettext("There were too many attempts. Wait a few minutes and try again.")
    minutes = math.ceil(seconds / 60)
    return ngettext(
        "There were too many attempts. Try again in %(num)d minute, at %(time)s.",
        "There were too many attempts. Try again in %(num)d minutes, at %(time)s.",
        minutes,
        time=format_time(clock.now() + timedelta(minutes=minutes), "short"),
    )


def _wait(page: str, seconds: int | None) -> Response:
    response = make_response(page, 429)
    response.headers["Retry-After"] = str(seconds or 300)
    return response


def _busy(page: str) -> Response:
    response = make_response(page, 503)
    response.headers["Retry-After"] = "5"
    return response
