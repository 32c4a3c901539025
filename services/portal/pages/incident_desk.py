"""What gateways leave to agents: payments that do not fit, forged notifications, money given back."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from services.portal.actions.incidents import resolve_incident
from services.portal.pages.invoice_deciding import LONGEST_REASON
from services.portal.pages.written import Written
from services.portal.queries.incidents import find_incident, list_incidents
from services.portal.schemas.fields import text_of
from services.portal.schemas.reports import INCIDENTS
from shared.web import current, staff_required

incident_desk = Blueprint("incident_desk", __name__, url_prefix="/backoffice/portal/incidents")


@incident_desk.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """What is open, the newest first; or what was settled."""
    resolved = request.args.get("state") == "resolved"
    with current().db.read() as session:
        page = list_incidents(session, resolved=resolved, cursor=request.args.get("cursor"))
    return render_template("portal/payments/incidents.html", page=page, resolved=resolved, words=INCIDENTS)


@incident_desk.route("/<uuid:incident_id>", methods=["GET", "POST"])
@staff_required()
def show(incident_id: uuid.UUID) -> Any:
    """What happened and what to do; and noting what was done."""
    with current().db.read() as session:
        incident = find_incident(session, incident_id) or abort(404)
    decision = Written(request.form.to_dict())
    if request.method == "POST":
        said = decision.read("resolution", _resolution)
        if said is not None:
            with current().db.write() as session:
                settled = resolve_incident(session, incident_id, said)
            flash(gettext("Settled.") if settled else gettext("Somebody settled it before."), "info")
            return redirect(url_for("incident_desk.index"), 303)
    page = render_template(
        "portal/payments/incident.html",
        incident=incident,
        form=decision,
        words=INCIDENTS.get(incident.kind, (incident.kind, "")),
        most=LONGEST_REASON,
    )
    return page, 422 if decision.errors else 200


def _resolution(text: str) -> str:
    return text_of(text, LONGEST_REASON, needed=gettext("Write what you found and what you did."))
