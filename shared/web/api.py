"""REST of a service: flask-smorest below `/api/<service>/v1`, its OpenAPI document and the page that shows it."""

from http import HTTPStatus
from typing import Any

import flask_smorest
import marshmallow as ma
from apispec import BasePlugin
from flask import Blueprint, Flask, Response, redirect, render_template, send_from_directory, url_for
from flask_babel import gettext
from flask_swagger_ui.flask_swagger_ui import _DIST_DIR as SWAGGER_FILES

from shared.web.context import Text, current
from shared.web.errors import Problem
from shared.web.idempotency import HEADER, IDEMPOTENT, LONGEST
from shared.web.paging import BadCursor, Page
from shared.web.security import set_policy

LARGEST_PAGE = 500


class ErrorEntry(ma.Schema):
    """What is wrong with one field."""

    field = ma.fields.String(metadata={"description": "Path of the field, empty for the whole body"})
    message = ma.fields.String()


class ProblemDocument(ma.Schema):
    """RFC 9457 problem details; an answer may have further members of its own."""

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String()
    title = ma.fields.String()
    status = ma.fields.Integer()
    detail = ma.fields.String()
    correlation_id = ma.fields.String()
    errors = ma.fields.List(ma.fields.Nested(ErrorEntry))


class PageQuery(ma.Schema):
    """The query of every list; extend it with filters."""

    cursor = ma.fields.String(load_default=None, metadata={"description": "`next` of the former page"})
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, LARGEST_PAGE))


def page_schema(item: type[ma.Schema]) -> ma.Schema:
    """The answer of a list: `items` and `next` (null at the end), for a `Page`."""
    content: dict[str, Any] = {
        "items": ma.fields.List(ma.fields.Nested(item), required=True),
        "next": ma.fields.String(required=True, allow_none=True),
    }
    return ma.Schema.from_dict(content, name=f"{item.__name__}Page")()


KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST},
    "description": "The same key with the same request has its effect once and gets the same answer again.",
}


class CommonAnswers(BasePlugin):
    """Documents what may come of any request of a kind, so that the views only say what is theirs alone."""

    def operation_helper(self, path: str | None = None, operations: Any = None, **_options: Any) -> None:
        """Add them to the operations of a path."""
        for operation in (operations or {}).values():
            responses = operation.setdefault("responses", {})
            if operation.pop(IDEMPOTENT, False):
                operation.setdefault("parameters", []).append(KEY_PARAMETER)
            known = {str(status) for status in responses}
            for status in self._possible(path or "", operation):
                if str(status.value) not in known:
                    responses[str(status.value)] = status.name

    @staticmethod
    def _possible(path: str, operation: dict[str, Any]) -> list[HTTPStatus]:
        possible = [HTTPStatus.SERVICE_UNAVAILABLE]  # the database, or another service that is asked, is away
        parameters = {one["name"] for one in operation.get("parameters", ()) if isinstance(one, dict) and "name" in one}
        if operation.get("security"):
            possible += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
        if "{" in path:
            possible.append(HTTPStatus.NOT_FOUND)
        if parameters & {"cursor", HEADER} or "requestBody" in operation:
            possible.append(HTTPStatus.BAD_REQUEST)  # a cursor of another list, an unfit key, JSON that is none
        if HEADER in parameters:  # used for another request, or done before with an answer that was not kept
            possible += [HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT]
        if "requestBody" in operation:
            possible.append(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return possible


class Api(flask_smorest.Api):
    """Errors are answered by `shared.web.errors`."""

    ERROR_SCHEMA = ProblemDocument
    DEFAULT_ERROR_RESPONSE_NAME = None  # "anything may come" is no promise: every status is named

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        # The only responses that smorest registers by itself are those of errors.
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/json"

    def register_blueprint(self, blp: Any, *, parameters: Any = None, **options: Any) -> None:
        """Register a blueprint whose prefix is relative to `/api/<service>/v1`."""
        service = current_service(self._app)
        options.setdefault("url_prefix", f"/api/{service}/v1{blp.url_prefix or ''}")
        super().register_blueprint(blp, parameters=parameters, **options)


def current_service(app: Flask) -> str:
    """The name of the service of an application."""
    return str(app.extensions["porteria"].service)


def create_api(app: Flask, service: str, title: Text) -> Api:
    """The REST interface of a service. Register blueprints with `api.register_blueprint(blp)`.

    Their `url_prefix` is relative: `Blueprint("parties", __name__, url_prefix="/parties")`.
    """
    prefix = f"/api/{service}/v1"
    app.config.update(
        API_TITLE=str(title),
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=prefix,
        OPENAPI_JSON_PATH="openapi.json",
    )
    settings = app.extensions["porteria"].settings
    api = Api(app, spec_kwargs={"servers": [{"url": settings.public_url}], "extra_plugins": [CommonAnswers()]})
    flow = {"tokenUrl": f"{settings.public_url}/oauth/token", "scopes": {}}
    api.spec.components.security_scheme("oauth2", {"type": "oauth2", "flows": {"clientCredentials": flow}})
    app.register_blueprint(_docs_blueprint(prefix))
    return api


def _docs_blueprint(prefix: str) -> Blueprint:
    docs = Blueprint("api_docs_page", __name__, url_prefix=f"{prefix}/docs")

    @docs.get("/")
    def show() -> str:
        # Swagger UI writes style attributes; scripts stay limited to files of our own.
        set_policy(style_src="'self' 'unsafe-inline'")
        return render_template("swagger.html", title=current().title, spec_url=url_for("api-docs.openapi_json"))

    @docs.get("/<path:name>")
    def asset(name: str) -> Response:
        response = send_from_directory(SWAGGER_FILES, name, max_age=86400)
        set_policy(style_src="'self' 'unsafe-inline'")
        return response

    @docs.get("", strict_slashes=False)
    def without_slash() -> Any:
        return redirect(url_for("api_docs_page.show"), 308)

    return docs


def bad_cursor(_error: BadCursor) -> tuple[int, str, str]:
    """The answer to a cursor that we did not give out."""
    return 400, gettext("This cursor is not one of this list. Begin again without it."), "cursor"


def answer_page(page: Page[Any], **more: Any) -> dict[str, Any]:
    """What a list view returns for `page_schema`, with further members if given."""
    return {"items": page.items, "next": page.next, **more}


__all__ = ["Api", "PageQuery", "Problem", "answer_page", "create_api", "page_schema"]
