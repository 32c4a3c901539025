"""The second step of the staff's sign-in: the code of the phone, or a recovery code."""

from typing import Any

import structlog
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from services.identity.actions.auditing import record_refused_sign_in, record_staff_sign_in
from services.identity.actions.runtime import runtime
from services.identity.actions.second_factor import attempt_of_code, try_code
from services.identity.actions.staff_sessions import complete_session
from services.identity.actions.throttling import Throttled
from services.identity.pages.sign_in import HOME, let_forms_lead_to, sign_in
from services.identity.pages.staff_session import half_signed_in, opening_here
from services.identity.queries.second_factor import Owner
from services.identity.queries.staff import SignedIn
from services.identity.rules.addresses import own_path
from services.identity.rules.second_factor import STAFF
from services.identity.schemas.second_factor import CodeForm
from shared.web import current

log = structlog.get_logger(__name__)
blp = Blueprint("sign_in_code", __name__, url_prefix="/backoffice/identity/login")


@blp.route("/code", methods=["GET", "POST"])
def ask() -> Any:
    """Only for whoever gave the right password in this browser a few minutes ago; it opens nothing else."""
    target = own_path(request.args.get("next"), HOME)
    half = half_signed_in()
    if half is None:
        flash(gettext("The time for the code is over. Sign in again."), "warning")
        return redirect(url_for("sign_in.login", next=target), 303)
    form = CodeForm()
    if not form.validate_on_submit():
        return _page(form, target), 422 if form.errors else 200
    try:
        token = _check(half, str(form.code.data))
    except Throttled as error:
        minutes = max(1, round(error.retry_after / 60))
        form.code.errors = [gettext("Too many attempts. Try again in %(minutes)s minutes.", minutes=minutes)]
        return make_response(_page(form, target), 429, {"Retry-After": str(error.retry_after)})
    if token is None:
        log.info("code_refused", staff=str(half.member.id))
        form.code.errors = [gettext("This code is not right, or was used already. Wait for the next one.")]
        return _page(form, target), 401
    return sign_in(token, half.member, target, enrolled=True)


def _check(half: SignedIn, code: str) -> str | None:
    """The token of the session proper if the code is right. Raises Throttled."""
    held, owner, here = runtime(), Owner(STAFF, half.member.id), request.remote_addr or ""
    counted = attempt_of_code(owner, here, held.policy)
    with current().db.write() as session:
        token = None
        if try_code(session, owner, code, held.keyring, counted):
            token = complete_session(session, half, opening_here(second_factor=True))
        if token is None:
            record_refused_sign_in(session, half.member.username, half.member, here, reason="code")
        else:
            record_staff_sign_in(session, half.member, here)
    return token


def _page(form: CodeForm, target: str) -> str:
    let_forms_lead_to(target)
    return render_template("identity/sign_in_code.html", form=form, target=target)
