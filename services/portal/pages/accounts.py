"""Whom to look at, for people whom several clients let in: choosing after the sign-in, and switching."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext

from services.portal.actions.sessions import NotLetIn, PartyInactive, switch_session
from services.portal.pages.opening import no_area, sign_in_again
from services.portal.pages.visitor import AREA, Visitor, actor_of, current_visitor, safe_target, signin_address
from services.portal.queries.accounts import Account, list_accounts
from services.portal.schemas.contacts import rights_told
from shared.audit import become
from shared.web import current

accounts = Blueprint("accounts", __name__, url_prefix=f"{AREA}/accounts")


def person_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let only who signed in themselves see a page, at whoever's area they look. An initial password goes first."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        visitor = current_visitor()
        if visitor is None or visitor.viewer:
            return redirect(signin_address(), 303)
        if visitor.must_change:
            return redirect(url_for("passwords.change"), 303)
        become(actor_of(visitor))
        return view(visitor, *args, **kwargs)

    return guarded


@accounts.get("")
@person_required
def choose(visitor: Visitor) -> Any:
    """Whose areas open to this person, with what they may do there."""
    every = _accounts(visitor)
    if not every:
        return sign_in_again(no_area())
    return render_template(
        "portal/accounts/choose.html",
        accounts=every,
        here=None if visitor.must_choose else visitor.party.id,
        wanted=safe_target(request.args.get("next")),
        rights_told=rights_told,
    )


@accounts.post("/switch")
@person_required
def switch(visitor: Visitor) -> Response:
    """Look at the area of another client; nobody has to sign out for it."""
    return _look_at(visitor, request.form.get("of", ""), request.form.get("next"))


@accounts.get("/follow")
@person_required
def follow(visitor: Visitor) -> Response:
    """The link of a letter: the area that it is about, then its page."""
    return _look_at(visitor, request.args.get("of", ""), request.args.get("next"))


def _look_at(visitor: Visitor, meant: str, wanted: str | None) -> Response:
    if not meant:
        return make_response(redirect(url_for("accounts.choose"), 303))
    found = [one for one in _accounts(visitor) if str(one.party_id) == meant.lower()]
    if not found:
        return _not_let_in()
    try:
        with current().db.write() as writing:
            switch_session(writing, visitor.session_id, found[0].party_id, found[0].contact_id)
    except (NotLetIn, PartyInactive):
        return _not_let_in()
    # A form of the former area, in another tab, must not act in this one.
    session.pop("csrf_token", None)
    if visitor.has_choice and found[0].party_id != visitor.party.id:
        flash(gettext("You are in the area of %(name)s now.", name=found[0].name), "success")
    return make_response(redirect(safe_target(wanted), 303))


def _accounts(visitor: Visitor) -> list[Account]:
    with current().db.read() as reading:
        return list_accounts(reading, visitor.subject_id)


def _not_let_in() -> Response:
    return make_response(render_template("portal/accounts/not_let_in.html"), 403)
