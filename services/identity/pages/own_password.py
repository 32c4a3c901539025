"""A member of the staff changes their own password; after the first sign-in they have to."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from services.identity.actions.runtime import runtime
from services.identity.actions.staff import SamePassword, WrongPassword, change_password, prepare_password
from services.identity.actions.throttling import Counted, Throttled, count_attempt, forgive_attempt
from services.identity.actions.verification import TooManyAtOnce
from services.identity.pages.staff_session import signed_in
from services.identity.queries.staff import SignedIn
from services.identity.rules.addresses import own_path
from services.identity.rules.hashing import matching
from services.identity.rules.logins import throttle_key
from services.identity.rules.passwords import REFUSALS
from services.identity.schemas.refusals import explain_refusal
from services.identity.schemas.staff import OwnPasswordForm
from shared.web import current

blp = Blueprint("own_password", __name__, url_prefix="/backoffice/identity/password")


@blp.route("/", methods=["GET", "POST"])
def change() -> Any:
    """The page is also for those who may see no other one before they changed their first password."""
    person = signed_in()
    if person is None:
        return redirect(url_for("sign_in.login", next=request.full_path.rstrip("?")), 303)
    target = own_path(request.args.get("next"), url_for("start.show"))
    form = OwnPasswordForm()
    if not form.validate_on_submit():
        return _page(form, person, target, 422 if form.errors else 200)
    try:
        _change(person, form.current.data, form.new.data)
    except Throttled as error:
        minutes = max(1, round(error.retry_after / 60))
        form.current.errors = [gettext("Too many attempts. Try again in %(minutes)s minutes.", minutes=minutes)]
        return _page(form, person, target, 429)
    except TooManyAtOnce:
        form.current.errors = [gettext("Very many people are signing in at this moment. Try again in a few seconds.")]
        return _page(form, person, target, 503)
    except SamePassword:
        form.new.errors = [gettext("The new password must be another one.")]
        return _page(form, person, target, 422)
    except WrongPassword:
        form.current.errors = [gettext("This is not your present password.")]
        return _page(form, person, target, 422)
    except REFUSALS as error:
        form.new.errors = [explain_refusal(error)]
        return _page(form, person, target, 422)
    flash(gettext("Your password is changed. You are signed out everywhere else."), "success")
    return redirect(target, 303)


def _change(person: SignedIn, present: str, new: str) -> None:
    """Raises Throttled, TooManyAtOnce, SamePassword, WrongPassword, or one of the rules' REFUSALS."""
    rules, member = runtime().policy, person.member
    if present == new:
        raise SamePassword
    account: Counted = (rules.account_limit, throttle_key("staff", member.username))
    with current().db.write() as session:
        count_attempt(session, [account])
    with runtime().gate.place():
        if matching(present, [member.password_hash], rules.password_cost) is None:
            raise WrongPassword
        hashed = prepare_password(member, new, rules.password_cost)
    with current().db.write() as session:
        forgive_attempt(session, account)
        change_password(session, person, hashed)


def _page(form: OwnPasswordForm, person: SignedIn, target: str, status: int) -> Any:
    forced = person.member.must_change
    return render_template("identity/own_password.html", form=form, forced=forced, target=target), status
