"""Pages of parties: list, one, new, change, deactivate, activate again."""

import uuid
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.directory.actions.parties import (
    CodeTaken,
    DocumentTaken,
    PartyChanged,
    PartyNotFound,
    deactivate_party,
    reactivate_party,
    register_party,
    update_party,
)
from services.directory.clients import Credentials
from services.directory.models import Party
from services.directory.pages import access
from services.directory.pages.forms import (
    CLASS_NAMES,
    DOCUMENTS,
    EMAIL_STATES,
    LABELS,
    PartyForm,
    empty_form,
    form_of,
    letter_note,
    sent_form,
    values_of,
)
from services.directory.pages.similar import SimilarFound, describe, require_unlike
from services.directory.pages.wording import line_of
from services.directory.queries.changes import list_changes
from services.directory.queries.parties import (
    SORTS,
    PartyFilter,
    count_parties,
    count_up_to,
    find_party,
    list_facts,
    list_parties,
)
from services.directory.rules.parties import CLASSES, InvalidParty
from services.directory.rules.parties import EMAIL_STATES as KNOWN_STATES
from shared.web import BadCursor, current, error_answer, staff_required

Answer = str | Response | tuple[str, int]
PAGE = 50
LATEST = 10
MOST_COUNTED = 10_000
"""Of a filtered list that is longer the number is not told: counting it would take longer than showing it."""

pages = Blueprint("pages", __name__, url_prefix="")


@pages.get("/")
@staff_required()
def list_page() -> Answer:
    """The list with its filters."""
    wanted, sort = asked_filter(), asked_sort()
    with current().db.read() as session:
        try:
            page = list_parties(session, wanted, sort=sort, cursor=request.args.get("cursor"), limit=PAGE)
        except BadCursor:
            page = list_parties(session, wanted, sort=sort, limit=PAGE)
        filtered = wanted != PartyFilter()
        total = count_up_to(session, wanted, MOST_COUNTED) if filtered else count_parties(session)
        return render_template(
            "directory/parties.html",
            page=page,
            total=total,
            filtered=filtered,
            uncounted=filtered and total > MOST_COUNTED,
            most=MOST_COUNTED,
            everybody=count_up_to(session, PartyFilter(), 0) if filtered and not total else total,
            facts=list_facts(session, [party.id for party in page.items]),
            classes=CLASS_NAMES,
            states={**EMAIL_STATES, "none": gettext("No e-mail")},
        )


def asked_sort() -> str:
    """The order of the address, by name if it asks for none that there is."""
    sort = request.args.get("sort", "name")
    return sort if sort in SORTS else "name"


def asked_filter() -> PartyFilter:
    """The filter of the address; what it cannot mean is as if it were not there."""
    args = request.args
    yes_no = {"yes": True, "no": False}
    return PartyFilter(
        q=args.get("q", "").strip(),
        document=args.get("document", "").strip(),
        code=args.get("code", "").strip(),
        party_class=args.get("class", "") if args.get("class") in (*CLASSES, "both") else "",
        active=yes_no.get(args.get("active", "")),
        email_state=args.get("email_state", "") if args.get("email_state") in (*KNOWN_STATES, "none") else "",
        has_credentials=yes_no.get(args.get("has_credentials", "")),
        never_signed_in=yes_no.get(args.get("never_signed_in", "")),
        letter_failed=yes_no.get(args.get("letter_failed", "")),
    )


@pages.get("/parties/<uuid:party_id>")
@staff_required()
def show(party_id: uuid.UUID) -> Answer:
    """One party and its keys."""
    with current().db.read() as session:
        party = _existing(session, party_id)
        facts = list_facts(session, [party_id]).get(party_id)
        changes = list_changes(session, party_id, limit=LATEST)
    return render_template(
        "directory/party.html",
        party=party,
        keys=credentials().state(party_id),
        facts=facts,
        lines=[line_of(change) for change in changes.items],
        more_changes=changes.next is not None,
        note=letter_note(party),
        classes=CLASS_NAMES,
        labels=LABELS,
    )


@pages.get("/parties/new")
@staff_required("agent")
def new() -> Answer:
    """The form of a new party."""
    return _form_page(empty_form())


@pages.post("/parties/new")
@staff_required("agent")
def create() -> Answer:
    """Register a party."""
    form = sent_form(request.form)
    try:
        with current().db.write() as session:
            values = {**values_of(form), "code": form.values["code"]}
            party = register_party(session, values, language=current().settings.language)
            require_unlike(session, party)
    except (InvalidParty, DocumentTaken, CodeTaken, SimilarFound) as error:
        return _refused(form, error)
    flash(gettext("%(name)s is registered with the code %(code)s.", name=party.name, code=party.code), "success")
    return redirect(url_for("pages.show", party_id=party.id), 303)


@pages.get("/parties/<uuid:party_id>/edit")
@staff_required("agent")
def edit(party_id: uuid.UUID) -> Answer:
    """The form of a party. `?clave=escribir` shows the field for a typed password."""
    with current().db.read() as session:
        party = _existing(session, party_id)
    typing = request.args.get("clave") == "escribir"
    return _form_page(form_of(party), party, marker=access.new_marker(party.id) if typing else "")


@pages.post("/parties/<uuid:party_id>/edit")
@staff_required("agent")
def update(party_id: uuid.UUID) -> Answer:
    """Save the fields; and issue a typed password, if its field was asked for and filled in."""
    form = sent_form(request.form)
    typed = access.typed_password(party_id)
    with current().db.read() as session:
        before = _existing(session, party_id)
    if typed is not None and typed.refusal:
        form.add_text("password", typed.refusal)
        return _form_page(form, before, marker=access.new_marker(party_id), status=422)
    try:
        with current().db.write() as session:
            version = request.form.get("version", type=int)
            party = update_party(session, party_id, values_of(form), version=version)
            require_unlike(session, party, before)
    except (InvalidParty, DocumentTaken, CodeTaken, PartyChanged, SimilarFound) as error:
        marker = access.new_marker(party_id) if typed else ""
        return _refused(form, error, before, marker=marker)
    if typed is None:
        flash(gettext("Saved. No letter goes out by saving."), "success")
        return redirect(url_for("pages.show", party_id=party_id), 303)
    return access.issue_typed(before, party, typed)


@pages.get("/parties/<uuid:party_id>/<any(deactivate, reactivate):what>")
@staff_required("agent")
def confirm_activity(party_id: uuid.UUID, what: str) -> Answer:
    """Ask before a party is deactivated or activated again."""
    with current().db.read() as session:
        party = _existing(session, party_id)
    ending = what == "deactivate"
    message = (
        gettext("Deactivate %(name)s? At once the client can no longer sign in, open sessions end, and waiting "
                "letters are stopped. Nothing is deleted.", name=party.name)
        if ending
        else gettext("Activate %(name)s again? The credentials that were valid before work again.", name=party.name)
    )  # fmt: skip
    return render_template(
        "confirm.html",
        title=gettext("Deactivate party") if ending else gettext("Activate party"),
        message=message,
        action=url_for("pages.change_activity", party_id=party_id, what=what),
        accept=gettext("Deactivate") if ending else gettext("Activate"),
        cancel=url_for("pages.show", party_id=party_id),
        kind="danger" if ending else "primary",
    )


@pages.post("/parties/<uuid:party_id>/<any(deactivate, reactivate):what>")
@staff_required("agent")
def change_activity(party_id: uuid.UUID, what: str) -> Answer:
    """Deactivate a party or activate it again."""
    with current().db.write() as session:
        party = (deactivate_party if what == "deactivate" else reactivate_party)(session, party_id)
    texts = {True: gettext("%(name)s is active again.", name=party.name),
             False: gettext("%(name)s is inactive now.", name=party.name)}  # fmt: skip
    flash(texts[party.active], "success")
    return redirect(url_for("pages.show", party_id=party_id), 303)


def credentials() -> Credentials:
    """The client for keys of this application."""
    client: Credentials = current_app.extensions["directory.credentials"]
    return client


def _existing(session: Session, party_id: uuid.UUID) -> Party:
    party = find_party(session, party_id)
    if party is None:
        raise PartyNotFound
    return party


def _refused(form: PartyForm, error: Exception, party: Party | None = None, marker: str = "") -> Answer:
    if isinstance(error, SimilarFound):
        form.similar = [describe(one) for one in error.found]
        status = 409
    elif isinstance(error, InvalidParty):
        form.add(error.faults)
        status = 422
    else:
        status, text, name = error_answer(error)
        form.add_text(name, text)
    return _form_page(form, party, marker=marker, status=status)


def _form_page(form: PartyForm, party: Party | None = None, *, marker: str = "", status: int = 200) -> Answer:
    shown: dict[str, Any] = {"keys": credentials().state(party.id), "note": letter_note(party)} if party else {}
    page = render_template(
        "directory/party_form.html",
        form=form,
        party=party,
        marker=marker,
        labels=LABELS,
        classes=CLASS_NAMES,
        documents=DOCUMENTS,
        states=EMAIL_STATES,
        version=request.form.get("version") or (party.version if party else ""),
        **shown,
    )
    return page, status
