"""How long lists, filters, searches, orders and charts take with two people at once.

What to ask is read from the pages themselves: every entry of their filters, every order, the next page; and from the
OpenAPI documents every list of REST. A new list or filter is measured without a line here.
"""

import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import requests

from tests.bench.crowd import fill
from tests.support.people import person
from tests.support.system import SERVICES, System
from tests.support.waiting import wait_until

LIMIT = 300.0
TIMES = 12
PEOPLE = 2
LATER = 8
"""Which page stands for the later ones, followed by its cursors."""
TYPED = {"q": "maria", "document": "20050000", "code": "K5000", "email": "p77@example.com"}
STARTS = (
    "/backoffice/",
    "/backoffice/directory/",
    "/backoffice/identity/parties/",
    "/backoffice/identity/batches/new",
    "/backoffice/portal/",
)


@dataclass(frozen=True)
class Measured:
    """One address and what it took, in milliseconds."""

    path: str
    median: float
    p95: float
    status: int


class _Page(HTMLParser):
    """Links, pictures, and the fields of forms that ask (GET)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.fields: dict[str, list[str]] = {}
        self._asking, self._select = False, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "img" and "src" in given:
            self.pictures.append(given["src"])
        elif tag == "form":
            self._asking = given.get("method", "get").lower() == "get"
        elif self._asking and tag == "select":
            self._select = given.get("name", "")
        elif self._asking and tag == "option" and self._select and given.get("value"):
            self.fields.setdefault(self._select, []).append(given["value"])
        elif self._asking and tag == "input" and given.get("name") in TYPED:
            self.fields.setdefault(given["name"], []).append(TYPED[given["name"]])
        elif self._asking and tag == "input" and given.get("type") == "checkbox" and given.get("name"):
            self.fields.setdefault(given["name"], []).append(given.get("value", "on"))

    def handle_endtag(self, tag: str) -> None:
        """Note where a field or a form ends."""
        if tag == "select":
            self._select = ""
        elif tag == "form":
            self._asking = False


class Walk:
    """A member of the staff who looks for everything that can be asked."""

    def __init__(self, system: System) -> None:
        self._url = system.url
        self.session = requests.Session()
        page = self.session.get(f"{self._url}/backoffice/identity/login").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        form = {
            "csrf_token": unescape(token[1]) if token else "",
            "username": "admin",
            "password": system.admin_password,
        }
        answer = self.session.post(f"{self._url}/backoffice/identity/login", data=form)
        assert "csrf_token" not in answer.url, answer.url
        assert answer.ok, answer.text[:500]

    def addresses(self) -> list[str]:
        """Every list with every single filter and order, its later pages, and every page that a menu leads to."""
        found: dict[str, None] = {}
        waiting = list(STARTS)
        while waiting:
            path = waiting.pop(0)
            if path in found:
                continue
            found[path] = None
            answer = self.session.get(self._url + path)
            if "text/html" not in answer.headers.get("content-type", ""):
                continue
            page = _Page(answer.text)
            found.update(dict.fromkeys(_asked(path, page)))
            found.update(dict.fromkeys(self._later(path, page)))
            waiting += [link for link in _menu(page) if link not in found]
            found.update(dict.fromkeys(urljoin(path, one) for one in page.pictures if "/static/" not in one))
        return list(found)

    def _later(self, path: str, page: _Page) -> Iterator[str]:
        for _ in range(LATER):
            following = [urljoin(path, link) for link in page.links if "cursor=" in link]
            if not following:
                return
            yield following[-1]
            page = _Page(self.session.get(self._url + following[-1]).text)


def _menu(page: _Page) -> Iterator[str]:
    """Pages without an id and without a question: those that menus lead to, and one with an id of each kind."""
    kinds = set()
    for link in page.links:
        parts = urlsplit(link)
        if not parts.path.startswith("/backoffice/") or parts.query or parts.netloc:
            continue
        if any(part in parts.path for part in ("/signout", ".csv", ".xlsx", "export", "/static/", "/sink")):
            continue
        kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", parts.path)
        if kind not in kinds:
            kinds.add(kind)
            yield parts.path


def _asked(path: str, page: _Page) -> Iterator[str]:
    for name, values in page.fields.items():
        for value in values:
            yield f"{path}?{urlencode({name: value})}"
    for link in page.links:
        parts = urlsplit(urljoin(path, link))
        if parts.path == path and dict(parse_qsl(parts.query)).keys() & {"sort", "order", "days", "hours"}:
            yield f"{parts.path}?{parts.query}"


def _rest(system: System) -> Iterator[str]:
    """Every list of REST, with every value of every filter that has a choice."""
    for service in SERVICES:
        document: Any = requests.get(f"{system.url}/api/{service}/v1/openapi.json", timeout=30).json()
        for path, operations in document["paths"].items():
            if "get" not in operations or "{" in path or path.endswith(("/export", ".csv", ".xlsx")):
                continue  # a download of everything is no list
            yield path
            for parameter in operations["get"].get("parameters", ()):
                schema = parameter.get("schema", {})
                values = [
                    *filter(None, schema.get("enum", ())),
                    *([TYPED[parameter["name"]]] if parameter["name"] in TYPED else []),
                ]
                values += ["true", "false"] if schema.get("type") == "boolean" else []
                yield from (f"{path}?{urlencode({parameter['name']: value})}" for value in values)
            if any(parameter.get("name") == "limit" for parameter in operations["get"].get("parameters", ())):
                yield f"{path}?limit=500"


def prepare(system: System) -> None:
    """Let the services make one of everything, then copy it."""
    api = system.client()
    api.post("mailer/v1/queue/pause")
    party = api.post("directory/v1/parties", person(1))
    api.post("identity/v1/credentials", {"party_id": party["id"], "mode": "random", "delivery": "password"})
    wait_until(lambda: api.get("mailer/v1/letters")["items"], timeout=60, message="no letter came")
    began = time.perf_counter()
    fill(system)
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)


def measure(system: System) -> list[Measured]:
    """Ask everything, two at once."""
    walk, token = (
        Walk(system),
        system.client("parties:read", "credentials:issue", "letters:read", "attention:read", "keys:read").token(),
    )
    asked: list[tuple[str, dict[str, str]]] = [(path, {}) for path in walk.addresses()]
    asked += [(path, {"Authorization": f"Bearer {token}"}) for path in _rest(system)]
    print(f"{len(asked)} addresses, {TIMES} times each, {PEOPLE} at once", flush=True)
    results = []
    for path, headers in asked:
        results.append(_ask(system, walk, path, headers))
        if results[-1].p95 > LIMIT:
            print(f"  slow: {results[-1].p95:.0f} ms {path}", flush=True)
    return sorted(results, key=lambda one: -one.p95)


def _ask(system: System, walk: Walk, path: str, headers: dict[str, str]) -> Measured:
    cookies = walk.session.cookies

    def once(_number: int) -> tuple[float, int]:
        began = time.perf_counter()
        answer = requests.get(system.url + path, headers=headers, cookies=cookies if not headers else None, timeout=60)
        return (time.perf_counter() - began) * 1000, answer.status_code

    once(0)
    with ThreadPoolExecutor(PEOPLE) as pool:
        results = list(pool.map(once, range(TIMES)))
    times = [milliseconds for milliseconds, _ in results]
    return Measured(path, statistics.median(times), statistics.quantiles(times, n=20)[-1], max(s for _, s in results))


def bench_lists(system: System) -> None:
    """Fill, ask, and print the slowest first; what is over the limit is marked."""
    prepare(system)
    results = measure(system)
    print(
        f"{'p95 ms':>8} {'p50 ms':>8}  status  address   ({len(results)} asked, {PEOPLE} at once, aim {LIMIT:.0f} ms)"
    )
    for one in results:
        mark = "  SLOW" if one.p95 > LIMIT else ""
        print(f"{one.p95:>8.0f} {one.median:>8.0f}  {one.status:>6}  {one.path}{mark}", flush=True)
    slow = [one for one in results if one.p95 > LIMIT]
    print(f"{len(slow)} of {len(results)} are over {LIMIT:.0f} ms")
