"""Calls from one service to another: over HTTP, with a token, in the name of whoever is at work, and never for long."""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import requests
import structlog
from flask import has_request_context
from opentelemetry.trace import SpanKind
from requests.adapters import HTTPAdapter

from shared.audit import current_actor
from shared.correlation import correlation_id
from shared.i18n import language
from shared.keyring import Keyring
from shared.metrics import CALLS
from shared.settings import CommonSettings
from shared.tracing import current_traceparent, span
from shared.web.staff import current_staff
from shared.web.tokens import ACTOR_HEADER, PARTY_HEADER, acting_staff

TIMEOUT = (1.0, 5.0)
ATTEMPTS = 3
PAUSE = 0.1
RENEW_BEFORE = 30.0
PASSING = (502, 503, 504)
CHUNK = 64 * 1024

log = structlog.get_logger(__name__)


class ServiceUnavailable(Exception):
    """Another service did not answer, or answered that it cannot at the moment. Trying later makes sense."""

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} does not answer")
        self.service = service


class CallFailed(Exception):
    """Another service refused a call. `problem` is its RFC 9457 document ({} if it sent none).

    `retry_after` is in how many seconds it asks to be called again, None if it did not say.
    """

    def __init__(
        self, service: str, status: int, problem: Mapping[str, Any], *, retry_after: int | None = None
    ) -> None:
        super().__init__(f"{service} answered {status}: {problem.get('detail') or problem.get('title') or ''}")
        self.service, self.status, self.problem, self.retry_after = service, status, problem, retry_after


class ServiceClient:
    """Calls the other services as `porteria-<service>`. One for each process; threads may share it.

    `timeout` (seconds to connect, seconds to wait for more of the answer) and `attempts` are for calls whose answer
    somebody waits for and can do without.
    """

    def __init__(
        self,
        settings: CommonSettings,
        service: str,
        *,
        scope: str = "",
        timeout: tuple[float, float] = TIMEOUT,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._settings, self._service, self._scope = settings, service, scope
        self._timeout, self._attempts = timeout, attempts
        self._http = requests.Session()
        self._http.trust_env = False  # a ~/.netrc would replace our Authorization header, a proxy see our tokens
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(pool_connections=8, pool_maxsize=32))
        self._token, self._token_until = "", 0.0
        self._lock = threading.Lock()

    def get(self, target: str, path: str, **params: Any) -> Any:
        """GET `/api/<target>/v1<path>`, without parameters that are None or "".

        Raises CallFailed if it was refused, ServiceUnavailable if there was no answer.
        """
        return self.request("GET", target, path, params=_given(params))

    def get_file(self, target: str, path: str, *, most: int, language: str = "") -> bytes | None:
        """GET a file in this language; None if it has more than `most` bytes. Raises as `get` does."""
        extra = {"Accept": "*/*"} | ({"Accept-Language": language} if language else {})
        with span(f"GET {target}", SpanKind.CLIENT, attributes={"http.request.method": "GET"}):
            try:
                with self._answer("GET", target, path, key=None, extra=extra, stream=True) as answer:
                    if not answer.ok:
                        self._read(target, "GET", answer)  # raises
                    content = _at_most(answer, most)
            except requests.RequestException as error:  # it broke off in the middle
                CALLS.labels(target, "GET", "unavailable").inc()
                raise ServiceUnavailable(target) from error
        CALLS.labels(target, "GET", "ok").inc()
        return content

    def post(self, target: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """POST JSON; with an idempotency `key` it is safe to try again, and is."""
        return self.request("POST", target, path, json={} if body is None else body, key=key)

    def patch(self, target: str, path: str, body: Any) -> Any:
        """PATCH JSON."""
        return self.request("PATCH", target, path, json=body)

    def every(self, target: str, path: str, **params: Any) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(target, path, **params, cursor=cursor)
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return

    def request(
        self,
        method: str,
        target: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        key: str | None = None,
    ) -> Any:
        """One call with bounded retries; returns the JSON of the answer, None if it has no body."""
        with span(f"{method} {target}", SpanKind.CLIENT, attributes={"http.request.method": method}):
            return self._call(method, target, path, params=params, json=json, key=key)

    def _call(self, method: str, target: str, path: str, *, params: Any, json: Any, key: str | None) -> Any:
        return self._read(target, method, self._answer(method, target, path, key=key, params=params, json=json))

    def _answer(
        self,
        method: str,
        target: str,
        path: str,
        *,
        key: str | None,
        extra: Mapping[str, str] | None = None,
        **parts: Any,
    ) -> requests.Response:
        url = f"{self._settings.internal_url(target)}/api/{target}/v1{path}"
        headers = self._headers(key) | dict(extra or {})
        safe = method in ("GET", "HEAD") or key is not None
        answer = self._send(target, method, url, safe=safe, headers=headers, **parts)
        if answer.status_code == 401:
            # Identity changed its keys, or its clock and ours differ: one fresh token, then the answer counts.
            answer.close()
            self._forget_token(headers["Authorization"])
            headers["Authorization"] = f"Bearer {self._bearer()}"
            answer = self._send(target, method, url, safe=safe, headers=headers, **parts)
        return answer

    def _send(self, target: str, method: str, url: str, *, safe: bool, **parts: Any) -> requests.Response:
        for attempt in range(1, self._attempts + 1):
            try:
                answer = self._http.request(method, url, timeout=self._timeout, allow_redirects=False, **parts)
                if answer.status_code not in PASSING:
                    return answer
                failure = str(answer.status_code)
            except requests.RequestException as error:
                failure = type(error).__name__
            log.warning("service_call_failed", target=target, method=method, failure=failure, attempt=attempt)
            if not safe:
                break
            if attempt < self._attempts:
                time.sleep(PAUSE * attempt)
        CALLS.labels(target, method, "unavailable").inc()
        raise ServiceUnavailable(target)

    def _read(self, target: str, method: str, answer: requests.Response) -> Any:
        CALLS.labels(target, method, "ok" if answer.ok else str(answer.status_code)).inc()
        try:
            body = answer.json() if answer.content else None
        except ValueError:
            body = None
        if not answer.ok:
            wait = answer.headers.get("Retry-After", "")
            retry_after = int(wait) if wait.isdecimal() else None
            problem = body if isinstance(body, dict) else {}
            raise CallFailed(target, answer.status_code, problem, retry_after=retry_after)
        return body

    def _headers(self, key: str | None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._bearer()}", "Accept": "application/json"}
        if has_request_context():
            headers["Accept-Language"] = language()  # so that a refusal can be shown to the reader as it is
        if current := correlation_id():
            headers["X-Correlation-Id"] = current
        if trace := current_traceparent():
            headers["traceparent"] = trace
        headers |= _acting()
        if key is not None:
            headers["Idempotency-Key"] = key
        return headers

    def _bearer(self) -> str:
        with self._lock:
            if time.monotonic() >= self._token_until:
                self._token, lifetime = self._fetch_token()
                self._token_until = time.monotonic() + max(lifetime - RENEW_BEFORE, 1.0)
            return self._token

    def _forget_token(self, authorization: str) -> None:
        with self._lock:
            if authorization == f"Bearer {self._token}":
                self._token_until = 0.0

    def _fetch_token(self) -> tuple[str, float]:
        secret = Keyring(self._settings.data, self._service).client_secret()
        data = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        url = self._settings.internal_url("identity") + "/oauth/token"
        auth = (f"porteria-{self._service}", secret)
        answer = self._send("identity", "POST", url, safe=True, data=data, auth=auth)
        granted = self._read("identity", "POST", answer)
        return str(granted["access_token"]), float(granted.get("expires_in", 60))


def _at_most(answer: requests.Response, most: int) -> bytes | None:
    content = bytearray()
    for piece in answer.iter_content(CHUNK):
        content += piece
        if len(content) > most:
            return None
    return bytes(content)


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None and value != ""}


def _acting() -> dict[str, str]:
    """The header that tells who stands behind this call: who is at the page, or for whom we ourselves were called."""
    at_work = current_actor()
    if at_work.kind == "party":
        return {PARTY_HEADER: f"{at_work.id};{quote(at_work.name)}"}
    if not has_request_context():
        return {}
    staff = current_staff() or acting_staff()
    return {ACTOR_HEADER: f"{staff.id};{quote(staff.name)}"} if staff else {}
