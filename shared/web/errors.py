"""Everything that goes wrong is answered here: a page in plain words for people, RFC 9457 for programs."""

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, render_template, request
from flask_babel import gettext, lazy_gettext
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from shared.correlation import correlation_id
from shared.web.context import Text, current
from shared.web.lingering import linger
from shared.web.messages import flatten

Answer = tuple[int, Text] | tuple[int, Text, str]
"""Status, text for the reader, and (where it is about one) the field."""

PLAIN = {
    400: (lazy_gettext("The request could not be understood"), lazy_gettext("Check what you sent and try again.")),
    401: (lazy_gettext("You are not signed in"), lazy_gettext("Sign in and try again.")),
    403: (lazy_gettext("You may not do this"), lazy_gettext("Your role does not allow it. Ask an administrator.")),
    404: (lazy_gettext("There is nothing here"), lazy_gettext("The address is wrong, or what it showed is gone.")),
    405: (lazy_gettext("This does not work that way"), lazy_gettext("The address takes no such request.")),
    409: (lazy_gettext("Something changed meanwhile"), lazy_gettext("Look at the present state and try again.")),
    413: (lazy_gettext("That is too large"), lazy_gettext("Send a smaller file, or divide it.")),
    415: (lazy_gettext("This format is not accepted"), lazy_gettext("Send it in another format.")),
    422: (lazy_gettext("Some data is not right"), lazy_gettext("Correct what is marked and send it again.")),
    429: (lazy_gettext("Too many attempts"), lazy_gettext("Wait a little and try again.")),
    500: (lazy_gettext("Something failed on our side"), lazy_gettext("Nothing half-done was kept. Try again later.")),
    502: (lazy_gettext("A part of the system does not answer"), lazy_gettext("Try again in a moment.")),
    503: (lazy_gettext("Not available at the moment"), lazy_gettext("Try again in a moment.")),
}
PROBLEM_PATHS = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/introspect", "/.well-known/", "/healthz", "/readyz")

log = structlog.get_logger(__name__)


class Problem(HTTPException):
    """Raise it anywhere in a request: `raise Problem(409, _("It was cancelled meanwhile."))`.

    `errors` holds `{"field": …, "message": …}`; `extra` becomes members of the problem document.
    """

    def __init__(
        self,
        status: int,
        detail: Text | None = None,
        *,
        errors: Iterable[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(str(detail) if detail is not None else None)
        self.code = status
        self.detail, self.errors, self.extra = detail, list(errors), extra
        self.headers = dict(headers or {})

    def get_headers(self, environ: Any = None, scope: Any = None) -> list[tuple[str, str]]:  # noqa: ARG002
        """The extra headers of the answer."""
        return list(self.headers.items())


def wants_problem() -> bool:
    """Whether the present request is a program's, not a person's."""
    return request.path.startswith(PROBLEM_PATHS)


def problem_response(
    status: int,
    detail: Text | None = None,
    *,
    errors: Iterable[Mapping[str, str]] = (),
    headers: Iterable[tuple[str, str]] = (),
    **extra: Any,
) -> Response:
    """An RFC 9457 answer in the reader's language."""
    title = PLAIN[status][0] if status in PLAIN else HTTPStatus(status).phrase
    document: dict[str, Any] = {"type": "about:blank", "title": str(title), "status": status}
    if detail is not None:
        document["detail"] = str(detail)
    if listed := list(errors):
        document["errors"] = listed
    document |= extra
    if current_id := correlation_id():
        document["correlation_id"] = current_id
    response = Response(json.dumps(document, ensure_ascii=False), status, content_type="application/problem+json")
    for name, value in headers:
        response.headers[name] = value
    return response


def register_errors(app: Flask, answers: Mapping[type[Exception], Answer | Callable[[Any], Answer]]) -> None:
    """Say once how domain errors are answered over HTTP: `{EmailTaken: (409, _l("…"), "emails")}`.

    A function instead of a tuple gets the error and gives the tuple, for texts that hold a value of it.
    """
    app.extensions["porteria"].problems.update(answers)
    for kind in answers:
        app.register_error_handler(kind, _answer_domain_error)


def error_answer(error: Exception) -> tuple[int, str, str]:
    """Status, translated text and field ("" = none) of a registered domain error, for pages that show it in a form."""
    problems = current().problems
    answer = next(problems[kind] for kind in type(error).__mro__ if kind in problems)
    if not isinstance(answer, tuple):
        answer = answer(error)
    status, text = answer[:2]
    return status, str(text), answer[2] if len(answer) > 2 else ""


def _answer_domain_error(error: Exception) -> Response:
    status, text, field = error_answer(error)
    errors = [{"field": field, "message": text}] if field else []
    return _answer(Problem(status, text, errors=errors))


def init_errors(app: Flask) -> None:
    """Register the handlers of everything that is an HTTP error, and of what nobody caught."""
    app.register_error_handler(HTTPException, _answer)


def _answer(error: HTTPException) -> Response:
    status = error.code or 500
    headers = [(name, value) for name, value in error.get_headers() if name.lower() != "content-type"]
    data = getattr(error, "data", None) or {}  # what webargs and smorest attach to their aborts
    headers += list((data.get("headers") or {}).items())
    errors = getattr(error, "errors", None) or flatten(data.get("errors") or data.get("messages") or {})
    detail = error.detail if isinstance(error, Problem) else data.get("message")
    if wants_problem():
        extra = error.extra if isinstance(error, Problem) else {}
        plain = PLAIN[status][1] if status in PLAIN else None
        response = problem_response(status, detail or plain, errors=errors, headers=headers, **extra)
    else:
        response = _page(status, detail, errors, headers)
    if isinstance(error, RequestEntityTooLarge):
        linger(response)
    return response


def _page(status: int, detail: Text | None, errors: list[Any], headers: list[tuple[str, str]]) -> Response:
    title, advice = PLAIN.get(status, (HTTPStatus(status).phrase, ""))
    shown = {"status": status, "title": title, "detail": detail or advice, "errors": errors}
    try:
        layout, home = _surroundings()
        body = render_template("error.html", correlation_id=correlation_id(), layout=layout, home=home, **shown)
    except Exception:
        # The page needs the session and maybe the database; what broke them must not hide the message.
        log.exception("error_page_failed")
        body = f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{gettext('Try again in a moment.')}</p>"
    response = Response(body, status, content_type="text/html; charset=utf-8")
    for name, value in headers:
        response.headers[name] = value
    return response


def _surroundings() -> tuple[str, str]:
    """The frame of the area in which the error happened, and where its start is."""
    if request.path.startswith("/customerarea"):
        return "customerarea.html", "/customerarea/"
    return "backoffice.html", current().home
