"""What a client sees and decides about their own sign-in: second factor, recovery codes, open sessions."""

import uuid
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from services.portal.actions.sessions import end_one_session, end_sessions_but
from services.portal.clients.identity import AccessChanged, Factor, PasswordRefused, TooManyAttempts
from services.portal.pages.answers import busy, too_many, unavailable, wait
from services.portal.pages.forms import CodeForm, ProofForm, show_problems
from services.portal.pages.opening import device_address
from services.portal.pages.visitor import AREA, Visitor, client_required, portal
from services.portal.queries.sessions import list_open_sessions
from shared import clock
from shared.web import CallFailed, ServiceUnavailable, current
from shared.web.browsers import browser_in_words
from shared.web.qr import qr_image

security = Blueprint("security", __name__, url_prefix=f"{AREA}/security")


@security.get("")
@client_required
def show(visitor: Visitor) -> str:
    """Second factor, password, and in which browsers one is signed in."""
    with current().db.read() as session:
        sessions = list_open_sessions(session, visitor.subject_id, portal().lifetime, clock.now())
    return render_template(
        "portal/security.html",
        factor=_factor(visitor),
        sessions=sessions,
        several=visitor.has_choice or len({one.party_id for one in sessions}) > 1,
        here=visitor.session_id,
        browser_in_words=browser_in_words,
    )


def _factor(visitor: Visitor) -> Factor | None:
    """None while identity does not answer: the rest of the page is shown without it."""
    try:
        return portal().identity.find_factor(visitor.subject_id)
    except (ServiceUnavailable, CallFailed):
        return None


@security.get("/second-factor")
@client_required
def about(_visitor: Visitor) -> str:
    """What it is, and a button to begin."""
    return render_template("portal/second_factor.html", picture="", form=None)


@security.post("/second-factor")
@client_required
def begin(visitor: Visitor) -> Any:
    """The picture to scan and the field for the first code. Nothing counts before that one was given."""
    try:
        return _scan_page(CodeForm(formdata=None), visitor)
    except AccessChanged:  # there is one already
        return redirect(url_for("security.show"), 303)
    except ServiceUnavailable:
        return _away()


@security.get("/second-factor/confirm")
@client_required
def restart(_visitor: Visitor) -> Any:
    """Somebody loads the answer of the form anew."""
    return redirect(url_for("security.about"), 303)


@security.post("/second-factor/confirm")
@client_required
def confirm(visitor: Visitor) -> Any:
    """The first code: from now on one is asked for. The recovery codes are on the answer of this very request only."""
    form = CodeForm()
    try:
        if not form.validate():
            return _scan_page(form, visitor), 422
        codes = portal().identity.confirm_factor(visitor.subject_id, form.code.data.strip(), device_address())
    except PasswordRefused as error:
        show_problems(form, error.problems, "code")
        return _scan_page(form, visitor), 422
    except AccessChanged:
        flash(gettext("This took too long. Begin again and scan the new picture."), "warning")
        return redirect(url_for("security.about"), 303)
    except ServiceUnavailable:
        return _away()
    return _codes_page(codes, fresh=True)


@security.route("/second-factor/remove", methods=["GET", "POST"], defaults={"step": "remove"})
@security.route("/second-factor/recovery-codes", methods=["GET", "POST"], defaults={"step": "renew"})
@client_required
def change(visitor: Visitor, step: str) -> Any:
    """Take the second factor off, or get fresh recovery codes; either after the password or a code."""
    form = ProofForm()
    if request.method == "GET":
        return _proof_page(form, step)
    if not form.validate():
        return _proof_page(form, step), 422
    try:
        return _change(form, visitor, step)
    except PasswordRefused as error:
        show_problems(form, error.problems, "proof")
        return _proof_page(form, step), 422
    except AccessChanged:
        flash(gettext("The second factor is off already."), "info")
        return redirect(url_for("security.show"), 303)
    except TooManyAttempts as error:
        return wait(_proof_page(form, step, too_many(error.seconds)), error.seconds)
    except ServiceUnavailable:
        return busy(_proof_page(form, step, unavailable()))


def _change(form: ProofForm, visitor: Visitor, step: str) -> Any:
    identity, proof = portal().identity, form.proof.data
    if step == "renew":
        codes = identity.renew_recovery_codes(visitor.subject_id, proof, device_address())
        return _codes_page(codes, fresh=False)
    identity.remove_factor(visitor.subject_id, proof, device_address())
    flash(gettext("The second factor is off: your password alone lets you in now."), "success")
    return redirect(url_for("security.show"), 303)


@security.route("/sessions/<uuid:session_id>/end", methods=["GET", "POST"])
@client_required
def end_session(visitor: Visitor, session_id: uuid.UUID) -> Any:
    """Sign one other browser out, after asking; this one has a button of its own for that."""
    if session_id == visitor.session_id:
        flash(gettext("That is the browser you are using. To end it, sign out."), "info")
        return redirect(url_for("security.show"), 303)
    if request.method == "POST":
        with current().db.write() as session:
            ended = end_one_session(session, visitor.subject_id, session_id)
        return _ended(ended)
    found = [one for one in _others(visitor) if one.id == session_id]
    if not found:
        return _ended(0)
    return render_template(
        "confirm.html",
        layout="portal/frame.html",
        title=gettext("Sign this browser out"),
        message=gettext("%(browser)s will be signed out.", browser=browser_in_words(found[0].user_agent)),
        details=[gettext("If it was not you, change your password as well.")],
        action=url_for("security.end_session", session_id=session_id),
        accept=gettext("Sign it out"),
        cancel=url_for("security.show"),
        kind="danger",
    )


@security.route("/sessions/end-others", methods=["GET", "POST"])
@client_required
def end_others(visitor: Visitor) -> Any:
    """Sign every other browser out, after asking."""
    if request.method == "POST":
        with current().db.write() as session:
            ended = end_sessions_but(session, visitor.subject_id, visitor.session_id)
        return _ended(ended)
    number = len(_others(visitor))
    if not number:
        return _ended(0)
    return render_template(
        "confirm.html",
        layout="portal/frame.html",
        title=gettext("Sign the others out"),
        number=number,
        message=ngettext("browser will be signed out.", "browsers will be signed out.", number),
        details=[gettext("You stay signed in here."), gettext("If it was not you, change your password as well.")],
        action=url_for("security.end_others"),
        accept=gettext("Sign them out"),
        cancel=url_for("security.show"),
        kind="danger",
    )


def _others(visitor: Visitor) -> list[Any]:
    with current().db.read() as session:
        every = list_open_sessions(session, visitor.subject_id, portal().lifetime, clock.now())
    return [one for one in every if one.id != visitor.session_id]


def _ended(number: int) -> Any:
    if number:
        text = ngettext("%(num)d browser is signed out.", "%(num)d browsers are signed out.", number)
        flash(text, "success")
    else:
        flash(gettext("It was signed out already."), "info")
    return redirect(url_for("security.show"), 303)


def _scan_page(form: CodeForm, visitor: Visitor) -> str:
    key, address = portal().identity.begin_factor(visitor.subject_id)  # the same key as before, until it is confirmed
    return render_template("portal/second_factor.html", form=form, picture=qr_image(address), key=_in_fours(key))


def _in_fours(key: str) -> str:
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def _codes_page(codes: list[str], *, fresh: bool) -> Any:
    page = render_template("portal/recovery_codes.html", codes=codes, fresh=fresh)
    return make_response(page, 200, {"Cache-Control": "no-store"})


def _proof_page(form: ProofForm, step: str, problem: str = "") -> str:
    return render_template("portal/prove.html", form=form, removing=step == "remove", problem=problem)


def _away() -> Any:
    flash(unavailable(), "warning")
    return redirect(url_for("security.show"), 303)
