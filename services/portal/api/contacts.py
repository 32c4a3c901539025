"""Contacts and sub-accounts of clients, to read."""

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from services.portal.queries.contacts import page_contacts
from services.portal.schemas.contacts import ContactQuery, ContactView
from shared.web import answer_page, current, page_schema, require_scope

contacts_api = Blueprint(
    "contacts_api", __name__, url_prefix="/contacts", description="Contacts and sub-accounts of clients"
)


@contacts_api.route("")
class Contacts(MethodView):
    """All of them."""

    @require_scope("contacts:read")
    @contacts_api.arguments(ContactQuery, location="query")
    @contacts_api.response(200, page_schema(ContactView))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Contacts that are there, in the order in which they were added; those who were removed are left out."""
        with current().db.read() as session:
            return answer_page(page_contacts(session, query["party_id"], cursor=query["cursor"], limit=query["limit"]))
