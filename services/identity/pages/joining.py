"""Members of the staff choose their password on a link from a letter, and ask for such a letter."""

from typing import Any

import structlog
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from services.identity.actions.invitations import (
    InvitationGone,
    accept_invitation,
    find_open_invitation,
    request_reset,
)
from services.identity.actions.runtime import runtime
from services.identity.actions.sealing import NoSealingKey, make_sealer, refresh_sealing_key
from services.identity.actions.staff import prepare_password
from services.identity.actions.throttling import Counted, Throttled, count_attempt
from services.identity.actions.verification import TooManyAtOnce
from services.identity.models.staff import StaffMember
from services.identity.pages.staff_session import end_here
from services.identity.rules.logins import email_key, network_of, throttle_key
from services.identity.rules.passwords import REFUSALS
from services.identity.rules.staff import INVITATION
from services.identity.schemas.refusals import explain_refusal
from services.identity.schemas.staff import ForgottenForm, JoinForm
from shared.audit import SYSTEM, Actor, become
from shared.web import current

log = structlog.get_logger(__name__)
blp = Blueprint("joining", __name__, url_prefix="/backoffice/identity")


@blp.route("/join", methods=["GET", "POST"])
def join() -> Any:
    """Choose the password. Looking does not use the link up; neither does a password that is refused."""
    form, token = JoinForm(), request.args.get("token", "")
    with current().db.read() as session:
        try:
            link, member = find_open_invitation(session, token)
        except InvitationGone:
            return _gone()
    is_new = link.purpose == INVITATION
    if not form.validate_on_submit():
        return _page(form, member, is_new, 422 if form.errors else 200)
    become(Actor(SYSTEM.kind, "", "", request.remote_addr or ""))  # until the link is used nobody is known
    try:
        _accept(member, token, str(form.new.data))
    except InvitationGone:
        return _gone()
    except TooManyAtOnce:
        form.new.errors = [gettext("Very many people are signing in at this moment. Try again in a few seconds.")]
        return _page(form, member, is_new, 503)
    except REFUSALS as error:
        form.new.errors = [explain_refusal(error)]
        return _page(form, member, is_new, 422)
    log.info("staff_chose_password", staff=str(member.id), purpose=link.purpose)
    response = make_response(redirect(url_for("sign_in.login"), 303))
    end_here(response)  # whoever opened the link in this browser before it was theirs
    text = gettext("Your password is saved. Sign in with your user %(username)s.", username=member.username)
    flash(text, "success")
    return response


def _accept(member: StaffMember, token: str, password: str) -> None:
    """Raises InvitationGone, TooManyAtOnce, or one of the rules' REFUSALS."""
    with runtime().gate.place():
        hashed = prepare_password(member, password, runtime().policy.password_cost)
    with current().db.write() as session:
        accept_invitation(session, token, hashed)


def _page(form: JoinForm, member: StaffMember, is_new: bool, status: int) -> Any:
    return render_template("identity/join.html", form=form, member=member, is_new=is_new), status


def _gone() -> Any:
    return render_template("identity/join_gone.html"), 410


@blp.route("/forgotten", methods=["GET", "POST"])
def forgotten() -> Any:
    """Ask for a letter with a link. The answer never tells whether there is somebody."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("identity/forgotten.html", form=form), 422 if form.errors else 200
    try:
        _send_link(str(form.login.data).strip())
    except Throttled as error:
        minutes = max(1, round(error.retry_after / 60))
        form.login.errors = [gettext("Too many attempts. Try again in %(minutes)s minutes.", minutes=minutes)]
        headers = {"Retry-After": str(error.retry_after)}
        return render_template("identity/forgotten.html", form=form), 429, headers
    except NoSealingKey:
        text = gettext("The mail service does not answer, so no letter can be written. Try again shortly.")
        form.login.errors = [text]
        return render_template("identity/forgotten.html", form=form), 503, {"Retry-After": "5"}
    text = gettext("If that user exists and has an e-mail address, a letter with a link is on its way.")
    rest = gettext("If none arrives, ask your administrator.")
    flash(f"{text} {rest}", "success")
    return redirect(url_for("sign_in.login"), 303)


def _send_link(login: str) -> None:
    """Raises Throttled, NoSealingKey; whether there is somebody makes no difference."""
    rules, db = runtime().policy, current().db
    refresh_sealing_key(db, runtime().clients.mailer)
    address = network_of(request.remote_addr or "")
    counted: list[Counted] = [
        (rules.recovery_limit, throttle_key("staff-recovery", email_key(login))),
        (rules.address_limit, throttle_key("staff-recovery-address", address)),
    ]
    become(Actor(SYSTEM.kind, "", "", request.remote_addr or ""))
    with db.write() as session:
        count_attempt(session, counted)
        sealer = make_sealer(session, runtime().keyring)
        request_reset(session, login, sealer, rules.recovery_valid_for, current().settings.language)
