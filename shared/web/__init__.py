"""The web of every service: application, sign-in of staff, REST, errors, paging, calls between services, the look."""

from shared.web.api import PageQuery, answer_page, create_api, page_schema
from shared.web.app import create_app
from shared.web.attention import Attention, attention_blueprint
from shared.web.context import MenuItem, Porteria, Staff, current
from shared.web.errors import Problem, error_answer, problem_response, register_errors
from shared.web.idempotency import do_not_store, idempotent, purge_idempotency_keys
from shared.web.paging import BadCursor, Page, paginate
from shared.web.security import set_policy
from shared.web.services_http import CallFailed, ServiceClient, ServiceUnavailable
from shared.web.staff import current_staff, has_role, remember_staff, safe_next, signin_url, staff_required
from shared.web.tokens import Actor, Client, acting_staff, current_client, require_scope

__all__ = [
    "Actor",
    "Attention",
    "BadCursor",
    "CallFailed",
    "Client",
    "MenuItem",
    "Page",
    "PageQuery",
    "Porteria",
    "Problem",
    "ServiceClient",
    "ServiceUnavailable",
    "Staff",
    "acting_staff",
    "answer_page",
    "attention_blueprint",
    "create_api",
    "create_app",
    "current",
    "current_client",
    "current_staff",
    "do_not_store",
    "error_answer",
    "has_role",
    "idempotent",
    "page_schema",
    "paginate",
    "problem_response",
    "purge_idempotency_keys",
    "register_errors",
    "remember_staff",
    "require_scope",
    "safe_next",
    "set_policy",
    "signin_url",
    "staff_required",
]
