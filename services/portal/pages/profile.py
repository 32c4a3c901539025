"""A client's own data: how the agency reaches them. It is kept by the directory, which says what it does not take."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext

from services.portal.actions.profile import note_contact_change
from services.portal.clients.directory import PartyChangedMeanwhile, PartyRefused
from services.portal.pages.answers import busy, unavailable
from services.portal.pages.forms import ContactForm, show_problems
from services.portal.pages.visitor import AREA, Visitor, client_required, portal
from services.portal.queries.profile import find_newest_change
from services.portal.schemas.clients import party_from_rest
from services.portal.schemas.contact import by_form_field, changed_fields, changes_of, contact_of, countries
from shared import clock
from shared.i18n import language
from shared.web import CallFailed, ServiceUnavailable, current

profile = Blueprint("profile", __name__, url_prefix=f"{AREA}/profile")


@profile.get("")
@client_required
def show(visitor: Visitor) -> str:
    """What the agency has, and what the client may change of it."""
    party = _find(visitor)
    form = ContactForm(formdata=None, data=contact_of(party)) if party else None
    return _page(visitor, form, party)


@profile.post("")
@client_required
def save(visitor: Visitor) -> Any:
    """Let the directory have the changes."""
    form = ContactForm()
    if not form.validate():
        return _page(visitor, form, _find(visitor)), 422
    before = _find(visitor)
    if before is None:
        return busy(_page(visitor, form, None, unavailable()))
    try:
        after = portal().directory.change_party(visitor.party.id, changes_of(form.data))
    except PartyRefused as error:
        show_problems(form, by_form_field(dict(error.problems)), "phones")
        return _page(visitor, form, before), 422
    except PartyChangedMeanwhile:
        form.version.data = str(before["version"])
        told = gettext("Somebody at the agency changed your data meanwhile. Look at what you wrote and save again.")
        return _page(visitor, form, before, told), 409
    except (ServiceUnavailable, CallFailed):
        return busy(_page(visitor, form, before, unavailable()))
    if fields := changed_fields(before, after):
        with current().db.write() as session:
            note_contact_change(session, party_from_rest(after), fields)
    flash(gettext("Your data is saved.") if fields else gettext("Nothing was different."), "success")
    return redirect(url_for("profile.show"), 303)


def _find(visitor: Visitor) -> dict[str, Any] | None:
    """None while the directory does not answer: the rest of the page is shown without it."""
    try:
        return portal().directory.find_party(visitor.party.id)
    except (ServiceUnavailable, CallFailed):
        return None


def _page(visitor: Visitor, form: ContactForm | None, party: dict[str, Any] | None, problem: str = "") -> str:
    if form is not None:
        form.country.choices = [("", "—"), *countries(language())]
    with current().db.read() as session:
        change = find_newest_change(session, visitor.party.id)
    return render_template(
        "portal/profile/show.html",
        visitor=visitor,
        party=visitor.party,
        form=form,
        known=party,
        emails=party["emails"] if party else visitor.party.emails,
        change=change,
        now=clock.now(),
        problem=problem,
    )
