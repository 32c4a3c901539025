"""What a sub-account opens in the client area: every right alone and every pair of them against every route.

All of it comes from the table in rules/rights.py and from the routes that there are: a new page is walked by itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import combinations
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from services.portal.models import Case, Contact, IncomeStatement, Invoice, Party, Payment
from services.portal.pages.visitor import AREA
from services.portal.rules.rights import (
    EDIT_PROFILE,
    MANAGE_CONTACTS,
    NEEDED_BY,
    PAY_INVOICES,
    RIGHTS,
    SEE_CASES,
    SEE_INVOICES,
    SEE_MAIL,
    SEE_RECEIPTS,
    THE_CLIENT,
    may_open,
)
from tests.integration.access.kinds import CLIENT_AREA
from tests.integration.access.test_access import NO_IDS, Browser, calls, differences, kinds
from tests.support.alone import Alone
from tests.support.house import House, whole_house
from tests.support.samples import Samples

SETS = [(), *((one,) for one in RIGHTS), *combinations(RIGHTS, 2), RIGHTS]
FEW = [*SETS[: 1 + len(RIGHTS)], (SEE_INVOICES, PAY_INVOICES), (SEE_CASES, "open_cases"), RIGHTS]
ABOUT_ONESELF = ("passwords.", "accounts.")
"""Pages about one's own sign-in, whoever lets one in: no right is asked for."""
LINK = re.compile(r'<a\b[^>]*\shref="(?P<url>[^"]+)"')
FORM = re.compile(r"<form\b(?P<marks>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
BUTTON = re.compile(r'\sformaction="([^"]+)"')
SLOW = ("security.", "guide.")
"""Pages that need no right and ask others: each right alone has shown that they open, pairs need not."""
UNLINKED = {"reports.show", "sandbox.show"}
"""Pages that letters, and what one has just sent, lead to."""


@dataclass
class World:
    """A client with one of each thing, and a browser in which somebody is signed in whom the client lets in."""

    house: House
    samples: Samples
    contact: Contact
    browser: FlaskClient

    @property
    def area(self) -> list[tuple[Rule, str]]:
        """Every route of the area that asks for who is signed in, with its methods."""
        table = kinds("portal")
        return [
            (rule, method)
            for rule, method in calls(self.house, "portal")
            if table.get((rule.endpoint, method)) == CLIENT_AREA and not rule.endpoint.startswith(ABOUT_ONESELF)
        ]

    def let(self, rights: Sequence[str]) -> None:
        """Give the contact these rights and no other."""
        with self.house.rooms["portal"].db.write() as session:
            session.execute(update(Contact).where(Contact.id == self.contact.id).values(rights=list(rights)))

    def rows(self) -> dict[str, list[str]]:
        """What stands in the portal's tables."""
        return Browser(self.house, self.samples, "portal", "anonymous").rows()

    def path(self, rule: Rule) -> str:
        """An address of a thing that is the client's."""
        return self.samples.path("portal", rule)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """On SQLite: who may do what does not depend on the database."""
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as house:
        room = house.rooms["portal"]
        room.app.config["WTF_CSRF_ENABLED"] = False  # so that the right decides, not the missing form
        samples = Samples(house)
        alone = Alone(room.app, room.db, folder / "portal" / "files")
        alone.let_in(samples.party, name="Pedro Esposo")  # the first of the contacts: whom the pages about one are of
        # Somebody whom identity knows, because they are a client as well.
        contact = alone.let_in(samples.party, person_id=samples.english[0])
        browser = alone.sign_in(samples.party, contact_id=contact.id).client
        yield World(house, samples, contact, browser)


def test_every_route_of_the_area_has_a_line_in_the_table_and_every_line_a_route(world: World) -> None:
    there = {rule.endpoint for rule, _ in world.area}
    assert not there - set(NEEDED_BY), "which right opens these? Add them to _PAGES in services/portal/rules/rights.py"
    assert not set(NEEDED_BY) - there, "there are no such routes in the tables of tests/integration/access"
    known = {*RIGHTS, THE_CLIENT}
    assert all(needed <= known for needed in NEEDED_BY.values())
    assert {right for needed in NEEDED_BY.values() for right in needed} >= known, "a right opens nothing"


@pytest.mark.parametrize("rights", SETS, ids=lambda rights: "+".join(rights) or "none")
def test_rights_open_what_the_table_says_and_nothing_more(world: World, rights: tuple[str, ...]) -> None:
    world.let(rights)
    closed = [(rule, method) for rule, method in world.area if not may_open(rights, rule.endpoint)]
    before, wrong = world.rows(), []
    for rule, method in closed:
        answer = world.browser.open(world.path(rule), method=method, buffered=True)
        if answer.status_code != 403:
            wrong.append(f"{method} {rule.rule} ({rule.endpoint}) is open: {answer.status}")
    wrong += [f"something that is closed changed {table}" for table in differences(before, world.rows())]
    for rule, method in world.area:
        if may_open(rights, rule.endpoint) and not (len(rights) == 2 and rule.endpoint.startswith(SLOW)):
            answer = world.browser.open(world.path(rule), method=method, buffered=True)
            good = (200, 302, 303) if method == "GET" else (200, 302, 303, 409, 413, 422, 429, 503)
            if answer.status_code not in good or "/signin" in (answer.location or ""):
                wrong.append(f"{method} {rule.rule} ({rule.endpoint}) should open: {answer.status} {answer.location}")
    assert not wrong, "\n".join(wrong)
    assert len(closed) < len(world.area)


@pytest.mark.parametrize("rights", FEW, ids=lambda rights: "+".join(rights) or "none")
def test_what_a_page_offers_opens_and_what_it_tells_belongs_to_the_rights(
    world: World, rights: tuple[str, ...]
) -> None:
    world.let(rights)
    secrets = [(mark, owners) for mark, owners in marks_of(world).items() if not owners.intersection(rights)]
    wrong: list[str] = []
    home = dict(pages_of(world.browser, [f"{AREA}/"], wrong))
    opens = [world.path(rule) for rule, method in world.area if method == "GET" and may_open(rights, rule.endpoint)]
    for path, page in {**home, **dict(pages_of(world.browser, opens, wrong))}.items():
        wrong += [f"{path} offers {what}" for what in closed_forms(world, page, rights)]
        wrong += [f"{path} tells {mark}, which is of {sorted(owners)}" for mark, owners in secrets if mark in page]
    assert not wrong, "\n".join(sorted(set(wrong)))
    pages = {one for one in NEEDED_BY if one.endswith((".index", ".show")) and may_open(rights, one)}
    reached = {endpoint_of(world, path) for path in home}
    assert not pages - reached - UNLINKED, "no link leads there"


def test_an_agent_who_sees_the_area_as_the_client_is_offered_nothing_that_ends_in_a_refusal(world: World) -> None:
    agent = world.house.staff("portal", "agent")
    agent.post(f"/backoffice/portal/clients/{world.samples.party}/view", data={"reason": "Llamó"})
    wrong: list[str] = []
    found = dict(pages_of(agent, [f"{AREA}/"], wrong))
    for path, page in found.items():
        posts = [url for method, url in forms_of(page) if method == "POST" and not url.endswith("/viewing/leave")]
        wrong += [f"{path} has a form to {url}" for url in posts if not url.startswith("/language")]
    assert not wrong, "\n".join(wrong)
    assert f"{AREA}/invoices" in found
    assert not [path for path in found if path.startswith(f"{AREA}/pay")]


def test_the_client_opens_everything(world: World) -> None:
    browser, wrong = world.house.client(world.samples.party, world.samples.credential), []
    for rule, method in world.area:
        if method == "GET":
            answer = browser.open(world.path(rule), buffered=True)
            if answer.status_code in (401, 403, 404) or answer.status_code >= 500:
                wrong.append(f"{rule.rule} ({rule.endpoint}): {answer.status}")
    assert not wrong, "\n".join(wrong)


def test_all_rights_of_one_client_open_nothing_of_another(world: World) -> None:
    other, wrong, tried = world.samples.english[0], [], 0
    room = world.house.rooms["portal"]
    alone = Alone(room.app, room.db, world.house.folder)
    stranger = alone.contact(other, rights=RIGHTS, name="Rosa Extraña").client
    before = world.rows()
    for rule, method in world.area:
        if THE_CLIENT in NEEDED_BY[rule.endpoint] or not rule.arguments - set(rule.defaults or {}) - NO_IDS:
            continue
        tried += 1
        answer = stranger.open(world.path(rule), method=method, buffered=True)
        if answer.status_code != 404:
            wrong.append(f"{method} {rule.rule} ({rule.endpoint}): {answer.status}")
    assert not wrong, "\n".join(wrong)
    assert not differences(before, world.rows())
    assert tried > 15


def test_a_right_that_is_taken_away_closes_the_next_page(world: World) -> None:
    world.let([SEE_INVOICES])
    assert world.browser.get(f"{AREA}/invoices").status_code == 200
    world.let([])
    answer = world.browser.get(f"{AREA}/invoices")
    assert answer.status_code == 403
    assert "no le ha dado permiso" in answer.text
    world.let(["the_client", "every_right"])
    assert world.browser.get(f"{AREA}/profile/email").status_code == 403, "only the known rights count"


def test_a_program_interface_opens_to_nobody_by_the_cookie_of_the_area(world: World) -> None:
    world.let(RIGHTS)
    wrong = []
    for rule, method in calls(world.house, "portal"):
        kind = kinds("portal").get((rule.endpoint, method))
        if kind and kind.scopes:
            answer = world.browser.open(world.path(rule), method=method, buffered=True)
            if answer.status_code != 401:
                wrong.append(f"{method} {rule.rule}: {answer.status}")
    assert not wrong, "\n".join(wrong)


def marks_of(world: World) -> dict[str, set[str]]:
    """What pages tell of the client's things, and the rights of which one is enough to read it."""
    party_id, histories = world.samples.party, {SEE_MAIL, MANAGE_CONTACTS}
    with world.house.rooms["portal"].db.read() as session:

        def of(model: type, column: str) -> str:
            wanted = select(getattr(model, column)).where(model.party_id == party_id).limit(1)  # type: ignore[attr-defined]
            return str(session.scalar(wanted.where(getattr(model, column).is_not(None))))

        emails = session.get_one(Party, party_id).emails
        return {
            of(Invoice, "number"): {SEE_INVOICES, PAY_INVOICES, SEE_RECEIPTS} | histories,
            of(Payment, "receipt_number"): {SEE_RECEIPTS} | histories,
            of(IncomeStatement, "number"): {SEE_RECEIPTS} | histories,
            of(Case, "number"): {SEE_CASES} | histories,
            of(Case, "subject"): {SEE_CASES} | histories,
            str(emails[0]["address"]): {EDIT_PROFILE} | histories,
        }


def pages_of(browser: FlaskClient, starts: Sequence[str], wrong: list[str]) -> Iterator[tuple[str, str]]:
    """Every page of the area that links lead to from these, as path and text; links that do not open go to `wrong`."""
    waiting, known = list(starts), {urlsplit(start).path for start in starts}
    while waiting:
        url = waiting.pop()
        answer = browser.get(url, buffered=True)
        if answer.status_code not in (200, 302, 303):
            wrong.append(f"a link leads to {url}: {answer.status}")
            continue
        if answer.mimetype != "text/html":
            continue
        page = answer.get_data(as_text=True)
        yield urlsplit(url).path, page
        links = [unescape(one["url"]) for one in LINK.finditer(page)]
        links += [url for method, url in forms_of(page) if method == "GET"]
        links += [answer.location] if answer.location else []
        for link in links:
            path = urlsplit(link).path
            if path.startswith(AREA) and path not in known and not path.endswith("/signout"):
                known.add(path)
                waiting.append(link)


def forms_of(page: str) -> list[tuple[str, str]]:
    """Method and address of every form of a page, and of its buttons that send it elsewhere."""
    found = []
    for form in FORM.finditer(page):
        marks = dict(re.findall(r'(\w+)="([^"]*)"', form["marks"]))
        method = marks.get("method", "get").upper()
        urls = [*BUTTON.findall(form["body"]), *([marks["action"]] if "action" in marks else [])]
        found += [(method, unescape(url)) for url in urls]
    return found


def closed_forms(world: World, page: str, rights: Sequence[str]) -> Iterator[str]:
    """Forms that the rights do not open."""
    adapter = world.house.rooms["portal"].app.url_map.bind("localhost")
    for method, url in forms_of(page):
        if url.startswith(AREA):
            endpoint, _ = adapter.match(urlsplit(url).path, method)
            if endpoint in NEEDED_BY and not may_open(rights, endpoint):
                yield f"{method} {url}"


def endpoint_of(world: World, path: str) -> str:
    """The endpoint of a page."""
    try:
        return str(world.house.rooms["portal"].app.url_map.bind("localhost").match(path, "GET")[0])
    except HTTPException:
        return ""
