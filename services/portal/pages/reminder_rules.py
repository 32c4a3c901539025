"""Setting when clients are reminded: a class, and one client in place of it."""

import uuid

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from services.portal.actions.reminder_rules import set_class_rules, set_client_rules
from services.portal.pages.reminder_form import ClassForm, ClientForm
from services.portal.pages.reminder_words import ROLE_NAMES, STEP_NAMES, when_text
from services.portal.queries.parties import find_party
from services.portal.queries.reminders import class_rules, client_rules
from services.portal.rules.invoices import ROLES
from services.portal.rules.reminders import LEAST_DAYS, MOST_DAYS
from shared.web import current, staff_required

Answer = str | Response | tuple[str, int]

reminder_rules = Blueprint("reminder_rules", __name__, url_prefix="/backoffice/portal")


@reminder_rules.route(f"/reminders/rules/<any({', '.join(ROLES)}):role>", methods=["GET", "POST"])
@staff_required("administrator")
def of_class(role: str) -> Answer:
    """Each step of a class: on or off, with its days."""
    if request.method == "POST":
        form = ClassForm(request.form.to_dict())
        rules = form.rules()
        if not form.errors:
            with current().db.write() as session:
                changed = set_class_rules(session, role, rules)
            _say(changed)
            return redirect(url_for("reminder_desk.index"), 303)
    else:
        with current().db.read() as session:
            form = ClassForm.of_rules(class_rules(session).get(role, []))
    page = render_template(
        "portal/reminders/class.html",
        form=form,
        class_name=ROLE_NAMES[role],
        step_names=STEP_NAMES,
        least=LEAST_DAYS,
        most=MOST_DAYS,
    )
    return page, 422 if form.errors else 200


@reminder_rules.get("/clients/<uuid:party_id>/reminders")
@staff_required()
def of_client(party_id: uuid.UUID) -> Answer:
    """Each step of one client: as the class has it, on another day, or never."""
    return _client_page(party_id, None)


@reminder_rules.post("/clients/<uuid:party_id>/reminders")
@staff_required("administrator")
def change_client(party_id: uuid.UUID) -> Answer:
    """Set the rules of one client."""
    form = ClientForm(request.form.to_dict())
    rules = form.rules()
    if form.errors:
        return _client_page(party_id, form)
    with current().db.write() as session:
        if find_party(session, party_id) is None:
            abort(404)
        changed = set_client_rules(session, party_id, rules)
    _say(changed)
    return redirect(url_for("reminder_rules.of_client", party_id=party_id), 303)


def _client_page(party_id: uuid.UUID, form: ClientForm | None) -> Answer:
    with current().db.read() as session:
        party = find_party(session, party_id) or abort(404)
        usual, own = class_rules(session), client_rules(session, [party_id]).get(party_id, [])
    shown = form or ClientForm.of_rules(own)
    roles = [role for role in ROLES if role in party.classes] or list(ROLES)
    page = render_template(
        "portal/reminders/client.html",
        party=party,
        form=shown,
        own={rule.kind: rule for rule in own},
        usual=[(ROLE_NAMES[role], {rule.kind: rule for rule in usual.get(role, [])}) for role in roles],
        step_names=STEP_NAMES,
        when_text=when_text,
    )
    return page, 422 if shown.errors else 200


def _say(changed: bool) -> None:
    if changed:
        flash(gettext("The rules were saved. They count from the next run on."), "success")
    else:
        flash(gettext("Nothing was changed."), "info")
