"""Requests of clients (PQRS), to read."""

import uuid
from typing import Any

from flask import jsonify
from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint

from services.portal.queries.cases import CaseFilter, find_case, list_cases, list_messages
from services.portal.schemas.cases import CaseQuery, CaseView, WholeCaseView, whole_case
from shared.web import Problem, answer_page, current, page_schema, require_scope

cases_api = Blueprint("cases_api", __name__, url_prefix="/cases", description="Requests of clients (PQRS)")


@cases_api.route("")
class Cases(MethodView):
    """All of them."""

    @require_scope("cases:read")
    @cases_api.arguments(CaseQuery, location="query")
    @cases_api.response(200, page_schema(CaseView))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Requests: the unanswered ones by their deadline, all others the newest first."""
        wanted = CaseFilter(state=query["state"], kind=query["kind"], text=query["q"], party_id=query["party_id"])
        with current().db.read() as session:
            return answer_page(list_cases(session, wanted, cursor=query["cursor"], limit=query["limit"]))


@cases_api.route("/<uuid:case_id>")
class OneCase(MethodView):
    """One of them."""

    @require_scope("cases:read")
    @cases_api.response(200, WholeCaseView)
    def get(self, case_id: uuid.UUID) -> Any:
        """A request with its conversation, without the notes of the staff."""
        with current().db.read() as session:
            found = find_case(session, case_id)
            if found is None:
                raise Problem(404, gettext("There is no such request."))
            return jsonify(whole_case(found, list_messages(session, case_id, notes=False)))
