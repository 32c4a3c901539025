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
from uuid import UUID

import requests

from tests.bench.billing import make_one_of_each
from tests.bench.crowd import fill
from tests.support.people import person
from tests.support.system import SERVICES, System
from tests.support.waiting import wait_until

LIMIT, AREA_LIMIT = 300.0, 200.0
TIMES = 12
PEOPLE = 2
LATER = 8
"""Which page stands for the later ones, followed by its cursors."""
CLIENT, PASSWORD = "20000501", "caracol-azul-vuela-7"
"""One of the copied parties; all of them have the first one's password."""
SCOPES = (
    "parties:read",
    "credentials:issue",
    "letters:read",
    "attention:read",
    "keys:read",
    "invoices:read",
    "payments:read",
    "cases:read",
)
NO_PAGES = (
    "/signout",
    "/pdf",
    "/zip",
    "/xml",
    "/guide",
    "/files/",
    ".csv",
    ".xlsx",
    "export",
    "/static/",
    "/sink",
)
"""Downloads, and what does something."""
TYPED = {"q": "maria", "document": "20050000", "code": "K5000", "email": "p77@example.com"}
STARTS = (
    "/backoffice/",
    "/backoffice/directory/",
    "/backoffice/identity/parties/",
    "/backoffice/identity/batches/new",
    "/backoffice/portal/",
)


Asked = tuple[str, dict[str, str], Any]
"""An address, the headers and the cookies with which it is asked."""


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
    """Somebody who looks for everything that can be asked: the staff by default, or a client with their password."""

    def __init__(self, system: System, login: str = "", password: str = "") -> None:
        self._url = system.url
        self._area = "/customerarea/" if login else "/backoffice/"
        self._starts: tuple[str, ...] = (self._area,) if login else STARTS
        self.session = requests.Session()
        sign_in = "/customerarea/signin" if login else "/backoffice/identity/login"
        page = self.session.get(self._url + sign_in).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        user = {"login": login} if login else {"username": "admin"}
        form = {
            "csrf_token": unescape(token[1]) if token else "",
            **user,
            "password": password or system.admin_password,
        }
        answer = self.session.post(self._url + sign_in, data=form)
        assert answer.ok, answer.text[:500]
        assert "signin" not in answer.url, answer.url
        assert "login" not in answer.url, answer.url

    def addresses(self) -> list[str]:
        """Every list with every single filter and order, its later pages, and every page that a menu leads to."""
        found: dict[str, None] = {}
        waiting = list(self._starts)
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
            waiting += [link for link in _menu(page, self._area) if link not in found]
            found.update(dict.fromkeys(urljoin(path, one) for one in page.pictures if "/static/" not in one))
        return list(found)

    def _later(self, path: str, page: _Page) -> Iterator[str]:
        for _ in range(LATER):
            following = [urljoin(path, link) for link in page.links if "cursor=" in link]
            if not following:
                return
            yield following[-1]
            page = _Page(self.session.get(self._url + following[-1]).text)


def _menu(page: _Page, area: str) -> Iterator[str]:
    """Pages without an id and without a question: those that menus lead to, and one with an id of each kind."""
    kinds = set()
    for link in page.links:
        parts = urlsplit(link)
        if not parts.path.startswith(area) or parts.query or parts.netloc:
            continue
        if any(part in parts.path for part in NO_PAGES):
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
    credential = {"party_id": party["id"], "mode": "manual", "password": PASSWORD, "delivery": "password"}
    api.post("identity/v1/credentials", credential)
    wait_until(lambda: api.get("mailer/v1/letters")["items"], timeout=60, message="no letter came")
    make_one_of_each(system, UUID(party["id"]))
    began = time.perf_counter()
    fill(system)
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)


def measure(system: System, asked: list[Asked], limit: float) -> list[Measured]:
    """Ask everything, two at once; the slowest first."""
    print(f"{len(asked)} addresses, {TIMES} times each, {PEOPLE} at once", flush=True)
    results = []
    for path, headers, cookies in asked:
        results.append(_ask(system, path, headers, cookies))
        if results[-1].p95 > limit:
            print(f"  slow: {results[-1].p95:.0f} ms {path}", flush=True)
    return sorted(results, key=lambda one: -one.p95)


def _ask(system: System, path: str, headers: dict[str, str], cookies: Any) -> Measured:
    def once(_number: int) -> tuple[float, int]:
        began = time.perf_counter()
        answer = requests.get(system.url + path, headers=headers, cookies=cookies, timeout=60)
        return (time.perf_counter() - began) * 1000, answer.status_code

    once(0)
    with ThreadPoolExecutor(PEOPLE) as pool:
        results = list(pool.map(once, range(TIMES)))
    times = [milliseconds for milliseconds, _ in results]
    return Measured(path, statistics.median(times), statistics.quantiles(times, n=20)[-1], max(s for _, s in results))


def bench_lists(system: System) -> None:
    """Everything that the staff and other systems can list."""
    prepare(system)
    walk, token = Walk(system), system.client(*SCOPES).token()
    asked: list[Asked] = [(path, {}, walk.session.cookies) for path in walk.addresses()]
    asked += [(path, {"Authorization": f"Bearer {token}"}, None) for path in _rest(system)]
    _report(measure(system, asked, LIMIT), LIMIT)


def bench_area(system: System) -> None:
    """The client's own pages, and the agents' pages about their invoices, with a million of them."""
    prepare(system)
    client, staff = Walk(system, CLIENT, PASSWORD), Walk(system)
    asked: list[Asked] = [(path, {}, client.session.cookies) for path in client.addresses()]
    desk = (path for path in staff.addresses() if path.startswith("/backoffice/portal"))
    asked += [(path, {}, staff.session.cookies) for path in desk]
    _report(measure(system, asked, AREA_LIMIT), AREA_LIMIT)


def _report(results: list[Measured], limit: float) -> None:
    """The slowest first; what is over the limit is marked."""
    print(
        f"{'p95 ms':>8} {'p50 ms':>8}  status  address   ({len(results)} asked, {PEOPLE} at once, aim {limit:.0f} ms)"
    )
    for one in results:
        mark = "  SLOW" if one.p95 > limit else ""
        print(f"{one.p95:>8.0f} {one.median:>8.0f}  {one.status:>6}  {one.path}{mark}", flush=True)
    print(f"{sum(one.p95 > limit for one in results)} of {len(results)} are over {limit:.0f} ms")
