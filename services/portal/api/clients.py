"""Clients that have signed in."""

import uuid
from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint

from services.portal.queries.sessions import Client, find_client, list_clients, list_sessions_about, who_signed_in
from services.portal.rules.sessions import Lifetime
from services.portal.schemas.clients import ClientQuery, ClientSessions, ClientView
from shared import clock
from shared.web import Problem, answer_page, current, page_schema, require_scope


def clients_blueprint(lifetime: Lifetime) -> Blueprint:
    """`/clients`; `lifetime` tells which sessions count as open."""
    clients = Blueprint("clients", __name__, url_prefix="/clients", description="Clients that have signed in")

    @clients.route("")
    class Clients(MethodView):
        @require_scope("parties:read")
        @clients.arguments(ClientQuery, location="query")
        @clients.response(200, page_schema(ClientView))
        def get(self, query: dict[str, Any]) -> dict[str, Any]:
            """Who has signed in, the latest first."""
            with current().db.read() as session:
                page = list_clients(
                    session,
                    lifetime,
                    clock.now(),
                    text=query["q"],
                    signed_in=query["signed_in"],
                    cursor=query.get("cursor"),
                    limit=query["limit"],
                )
            return answer_page(page)

    @clients.route("/<uuid:party_id>")
    class OneClient(MethodView):
        @require_scope("parties:read")
        @clients.response(200, ClientView)
        @clients.alt_response(404, description="The party has never signed in")
        def get(self, party_id: uuid.UUID) -> Client:
            """When a party signed in last, and in how many browsers it is signed in now."""
            with current().db.read() as session:
                found = find_client(session, party_id, lifetime, clock.now())
            if found is None:
                raise Problem(404, gettext("This party has never signed in."))
            return found

    @clients.route("/<uuid:party_id>/sessions")
    class Sessions(MethodView):
        @require_scope("parties:read")
        @clients.response(200, ClientSessions)
        def get(self, party_id: uuid.UUID) -> dict[str, Any]:
            """Who is signed in at this moment: the party, and whoever it lets in."""
            with current().db.read() as session:
                found = list_sessions_about(session, party_id, lifetime, clock.now())
            return {"items": [{**vars(one), "name": who_signed_in(one)} for one in found]}

    return clients
