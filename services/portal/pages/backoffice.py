"""The portal's back office: which clients have signed in, and ending their sessions."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from services.portal.actions.sessions import end_session_about, end_sessions_of_parties
from services.portal.models import ClientSession
from services.portal.pages.visitor import portal
from services.portal.queries.sessions import (
    Client,
    count_clients,
    count_open_sessions,
    find_client,
    list_clients,
    list_sessions_about,
    who_signed_in,
)
from shared import clock
from shared.audit import record_act
from shared.web import current, current_staff, staff_required
from shared.web.browsers import browser_in_words

backoffice = Blueprint("backoffice", __name__, url_prefix="/backoffice/portal")


@backoffice.get("/clients")
@staff_required()
def clients() -> str:
    """Who has signed in, the latest first."""
    text, signed_in = request.args.get("q", ""), request.args.get("signed_in") == "yes"
    lifetime, now = portal().lifetime, clock.now()
    with current().db.read() as session:
        page = list_clients(session, lifetime, now, text=text, signed_in=signed_in, cursor=request.args.get("cursor"))
        total, signed_in_now = count_clients(session), count_open_sessions(session, lifetime, now)
    return render_template(
        "portal/clients.html", page=page, total=total, open_sessions=signed_in_now, filtered=bool(text or signed_in)
    )


@backoffice.get("/clients/<uuid:party_id>")
@staff_required()
def client(party_id: uuid.UUID) -> str:
    """In which browsers a client is signed in, and whoever the client lets in."""
    found, sessions = _client(party_id)
    return render_template(
        "portal/client.html", client=found, sessions=sessions, who=who_signed_in, browser_in_words=browser_in_words
    )


@backoffice.route("/clients/<uuid:party_id>/sessions/<uuid:session_id>/end", methods=["GET", "POST"])
@staff_required("agent")
def end_one(party_id: uuid.UUID, session_id: uuid.UUID) -> Any:
    """End one of a client's sessions, after asking."""
    _, sessions = _client(party_id)
    meant = [one for one in sessions if one.id == session_id]
    if request.method == "GET" and meant:
        browser = browser_in_words(meant[0].user_agent)
        return render_template(
            "confirm.html",
            title=gettext("End this session"),
            message=gettext(
                "%(name)s will be signed out of %(browser)s.", name=who_signed_in(meant[0]), browser=browser
            ),
            details=[gettext("The password stays as it is. To take away access, revoke the key in the directory.")],
            action=url_for("backoffice.end_one", party_id=party_id, session_id=session_id),
            accept=gettext("End this session"),
            cancel=url_for("backoffice.client", party_id=party_id),
            kind="danger",
        )
    ended, staff = 0, current_staff()
    if request.method == "POST":
        with current().db.write() as session:
            ended = end_session_about(session, party_id, session_id, staff.name if staff else None)
    flash(gettext("That browser is signed out.") if ended else gettext("It was signed out already."), "info")
    return redirect(url_for("backoffice.client", party_id=party_id), 303)


def _client(party_id: uuid.UUID) -> tuple[Client, Sequence[ClientSession]]:
    lifetime, now = portal().lifetime, clock.now()
    with current().db.read() as session:
        found = find_client(session, party_id, lifetime, now) or abort(404)
        return found, list_sessions_about(session, party_id, lifetime, now)


@backoffice.route("/clients/<uuid:party_id>/end-sessions", methods=["GET", "POST"])
@staff_required("agent")
def end_sessions(party_id: uuid.UUID) -> Any:
    """End a client's sessions, after asking."""
    with current().db.read() as session:
        client = find_client(session, party_id, portal().lifetime, clock.now()) or abort(404)
    if request.method == "GET":
        return render_template(
            "confirm.html",
            title=gettext("End sessions"),
            number=client.open_sessions,
            message=gettext("%(name)s will be signed out everywhere and can sign in again.", name=client.name),
            details=[
                gettext("So will be whoever they let in."),
                gettext("The password stays as it is. To take away access, revoke the key in the directory."),
            ],
            action=url_for("backoffice.end_sessions", party_id=party_id),
            accept=gettext("End sessions"),
            cancel=url_for("backoffice.clients"),
            kind="danger",
        )
    staff = current_staff()
    with current().db.write() as session:
        ended = end_sessions_of_parties(session, [party_id], "staff", staff.name if staff else None)
        if ended:
            record_act(session, "portal", "sessions.ended", party_id=party_id, count=ended)
    flash(
        ngettext(
            "%(num)d session of %(name)s was ended.",
            "%(num)d sessions of %(name)s were ended.",
            ended,
            name=client.name,
        ),
        "success",
    )
    return redirect(url_for("backoffice.clients"), 303)
