"""A member of the staff sets up their second factor, renews the recovery codes, or takes it off."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from services.identity.actions.proving import hashes_of_member, is_proven
from services.identity.actions.runtime import runtime
from services.identity.actions.second_factor import (
    FactorExists,
    NoFactor,
    NothingBegun,
    WrongCode,
    begin_enrolment,
    confirm_enrolment,
    remove_factor,
    renew_recovery_codes,
    waiting_secret,
)
from services.identity.actions.staff_sessions import mark_proven
from services.identity.actions.throttling import Throttled
from services.identity.actions.verification import TooManyAtOnce
from services.identity.pages.staff_session import signed_in
from services.identity.queries.second_factor import Owner
from services.identity.queries.staff import SignedIn
from services.identity.rules.addresses import own_path
from services.identity.rules.second_factor import STAFF, address_of, in_fours, is_due
from services.identity.schemas.second_factor import CodeForm, ProofForm
from shared.audit import Actor, become
from shared.web import current
from shared.web.qr import qr_image

blp = Blueprint("own_second_factor", __name__, url_prefix="/backoffice/identity/security/second-factor")


@blp.before_request
def guard() -> Any:
    """Also for those who may see no other page before they have set up a second factor."""
    person = signed_in()
    if person is None:
        target = request.full_path.rstrip("?") if request.method == "GET" else url_for("own_second_factor.show")
        return redirect(url_for("sign_in.login", next=target), 303)
    if person.member.must_change:
        return redirect(url_for("own_password.change", next=url_for("own_second_factor.show")), 303)
    become(Actor("staff", str(person.member.id), person.member.name, request.remote_addr or ""))
    return None


@blp.get("/")
def show() -> Any:
    """What it is and a button to begin, or the QR code to scan and the field for the first code."""
    if _person().has_second_factor:
        return redirect(url_for("own_security.show"), 303)
    return _enrolment_page(CodeForm())


@blp.post("/begin")
def begin() -> Any:
    """Make a secret for the phone. Nothing counts before a code of it was given."""
    try:
        with current().db.write() as session:
            begin_enrolment(session, _owner(), runtime().keyring)
    except FactorExists:
        return redirect(url_for("own_security.show"), 303)
    return redirect(url_for("own_second_factor.show", next=_target()), 303)


@blp.post("/confirm")
def confirm() -> Any:
    """The first code: from now on one is asked for. The recovery codes are on the answer of this very request only."""
    form, person = CodeForm(), _person()
    if not form.validate_on_submit():
        return _enrolment_page(form), 422
    try:
        with current().db.write() as session:
            codes = confirm_enrolment(session, _owner(), str(form.code.data), runtime().keyring)
            mark_proven(session, person)
    except NothingBegun:
        flash(gettext("This took too long. Begin again and scan the new picture."), "warning")
        return redirect(url_for("own_second_factor.show", next=_target()), 303)
    except WrongCode:
        form.code.errors = [gettext("This is not the code that the phone shows now. Check that its time is right.")]
        return _enrolment_page(form), 422
    return _codes_page(codes, fresh=True)


@blp.route("/recovery-codes", methods=["GET", "POST"])
def renew() -> Any:
    """Fresh recovery codes."""
    form = ProofForm()
    if refused := _refused(form):
        return refused
    try:
        with current().db.write() as session:
            codes = renew_recovery_codes(session, _owner(), runtime().keyring)
    except NoFactor:
        return redirect(url_for("own_security.show"), 303)
    return _codes_page(codes, fresh=False)


@blp.route("/remove", methods=["GET", "POST"])
def remove() -> Any:
    """Take the second factor off."""
    form = ProofForm()
    if refused := _refused(form):
        return refused
    with current().db.write() as session:
        remove_factor(session, _owner())
    flash(gettext("The second factor is off: the password alone opens the back office now."), "success")
    return redirect(url_for("own_security.show"), 303)


def _refused(form: ProofForm) -> Any:
    """The page that asks for password or code, until one of them was right; None then."""
    removing, person = request.endpoint == "own_second_factor.remove", _person()
    if not person.has_second_factor:
        return redirect(url_for("own_security.show"), 303)
    status, headers = 200, {}
    if form.validate_on_submit():
        try:
            hashes, address = hashes_of_member(person.member), request.remote_addr or ""
            if is_proven(current().db, runtime(), _owner(), str(form.proof.data), address, hashes):
                return None
            text, status = gettext("Neither the password nor a code."), 422
        except Throttled as error:
            minutes = max(1, round(error.retry_after / 60))
            text, status = gettext("Too many attempts. Try again in %(minutes)s minutes.", minutes=minutes), 429
            headers = {"Retry-After": str(error.retry_after)}
        except TooManyAtOnce:
            text, status = gettext("Very many people are signing in at this moment. Try again in a few seconds."), 503
        form.proof.errors = [text]
    elif form.errors:
        status = 422
    page = render_template("identity/prove.html", form=form, removing=removing, required=_is_required(person))
    return make_response(page, status, headers)


def _enrolment_page(form: CodeForm) -> str:
    person = _person()
    with current().db.read() as session:
        secret = waiting_secret(session, _owner(), runtime().keyring)
    picture = key = ""
    if secret:
        key = in_fours(secret)
        picture = qr_image(address_of(secret, person.member.username, f"Portería ({request.host})"))
    return render_template(
        "identity/second_factor.html",
        form=form,
        picture=picture,
        key=key,
        target=_target(),
        required=_is_required(person) and not person.has_second_factor,
    )


def _codes_page(codes: list[str], *, fresh: bool) -> Any:
    page = render_template("identity/recovery_codes.html", codes=codes, fresh=fresh, target=_target())
    return make_response(page, 200, {"Cache-Control": "no-store"})


def _is_required(person: SignedIn) -> bool:
    return is_due(person.member.role, runtime().policy.second_factor_roles, enrolled=False)


def _target() -> str:
    return own_path(request.args.get("next"), url_for("own_security.show"))


def _person() -> SignedIn:
    person = signed_in()
    if person is None:  # cannot be: the guard is before
        raise RuntimeError("nobody is signed in")
    return person


def _owner() -> Owner:
    return Owner(STAFF, _person().member.id)
