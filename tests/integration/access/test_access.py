"""Every route of every service, walked as everybody: who is let through, who is not. An auditor changes nothing."""

import uuid
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.integration.access.kinds import (
    CLIENT_AREA,
    FORBIDDEN,
    INTERNAL,
    LET,
    LETTER,
    NO_TOKEN,
    OWN,
    OWN_PROOF,
    SIGN_IN,
    STAFF,
    Kind,
)
from tests.support.house import SERVICES, House, whole_house
from tests.support.samples import NoSample, Samples

PAGES = ("anonymous", "client", *STAFF)
SIGN_INS = ("/signin", "/login")
# What grows whoever comes by: sessions, what was tried how often, and who looked at what (like columns `last_…_at`).
NOT_DATA = ("sessions", "throttle", "counters", "audit", "idempotency_keys")
NO_IDS = {"step", "purpose", "kind", "session_id"}
"""Arguments of addresses that name no object; and sessions: one that is not one's own is told to have ended already."""
Call = tuple[Rule, str, Kind]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """All four services; who may do what does not depend on the database."""
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as made:
        for room in made.rooms.values():
            room.app.config["WTF_CSRF_ENABLED"] = False  # so that the role decides, not the missing form
        yield made


@pytest.fixture(scope="module")
def samples(house: House) -> Samples:
    return Samples(house)


def calls(house: House, service: str) -> list[tuple[Rule, str]]:
    """Every rule with every method that somebody wrote."""
    rules = sorted(house.rooms[service].app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    return [(rule, method) for rule in rules for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]


def kinds(service: str) -> dict[tuple[str, str], Kind]:
    """The table of a service."""
    routes = import_module(f"tests.integration.access.{service}").ROUTES
    lines = [((route.endpoint, method), route.kind) for route in routes for method in route.methods.split()]
    twice = {key for key, _ in lines if [other for other, _ in lines].count(key) > 1}
    assert not twice, f"tests/integration/access/{service}.py says it twice: {sorted(twice)}"
    return dict(lines)


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_has_a_line_and_every_line_a_route(house: House, service: str) -> None:
    known, there = set(kinds(service)), {(rule.endpoint, method) for rule, method in calls(house, service)}
    missing = [f'    Route("{endpoint}", "{method}", …),' for endpoint, method in sorted(there - known)]
    gone = [f'    Route("{endpoint}", "{method}", …),' for endpoint, method in sorted(known - there)]
    where = f"tests/integration/access/{service}.py"
    assert not missing, "\n".join([f"who may call these? Add to ROUTES in {where}:", *missing])
    assert not gone, "\n".join([f"there is no such route any more; take out of ROUTES in {where}:", *gone])


@pytest.mark.parametrize("service", SERVICES)
def test_every_rest_route_asks_for_the_scopes_of_its_line_and_documents_them(house: House, service: str) -> None:
    client = house.rooms[service].app.test_client()
    document = client.get(f"/api/{service}/v1/openapi.json").json or {}
    wrong = []
    for rule, method, kind in described(house, service):
        if not kind.scopes:
            continue
        path = rule.rule.replace("<uuid:", "{").replace("<int:", "{").replace("<", "{").replace(">", "}")
        documented = document["paths"].get(path, {}).get(method.lower(), {}).get("security")
        if documented != [{"oauth2": list(kind.scopes)}]:
            wrong.append(f"{method} {path}: {documented}")
    assert not wrong, "\n".join(wrong)


def described(house: House, service: str) -> list[Call]:
    """Every call that has a line."""
    table = kinds(service)
    return [(rule, method, table[rule.endpoint, method]) for rule, method in calls(house, service)
            if (rule.endpoint, method) in table]  # fmt: skip


def test_what_is_one_clients_own_is_not_there_for_another(house: House, samples: Samples) -> None:
    """Every address of the client area with an id in it, whatever it leads to: page, paper, file.

    It stands before the walks in which agents change and remove what there is.
    """
    owner = Browser(house, samples, "portal", "client")
    stranger = house.client(samples.english[0], uuid.uuid4())
    wrong, tried = [], 0
    for rule, method, kind in described(house, "portal"):
        if kind != CLIENT_AREA or not rule.arguments - set(rule.defaults or {}) - NO_IDS:
            continue
        path, tried = address(samples, "portal", rule), tried + 1
        if method == "GET" and owner.open(path, method).status_code == 404:
            wrong.append(f"{path} ({rule.endpoint}) is not there for its own client: is another sample needed?")
        if (answer := stranger.open(path, method=method, buffered=True)).status_code != 404:
            wrong.append(f"{method} {rule.rule} ({rule.endpoint}): another client gets {answer.status}, not 404")
    assert not wrong, "\n".join(wrong)
    assert tried > 15


@pytest.mark.parametrize("visitor", PAGES)
@pytest.mark.parametrize("service", SERVICES)
def test_everybody_gets_what_the_table_says(house: House, samples: Samples, service: str, visitor: str) -> None:
    browser = Browser(house, samples, service, visitor)
    wrong = []
    for rule, method, kind in described(house, service):
        path = address(samples, service, rule)
        before = browser.rows() if visitor == "auditor" and method != "GET" and kind not in (OWN, LETTER) else None
        answer = browser.open(path, method)
        wanted = kind.gets.get(visitor)
        found = outcome(answer)
        if wanted is not None and found != wanted:
            wrong.append(f"{method} {rule.rule} ({rule.endpoint}): {found} ({answer.status}), the table says {wanted}")
        if answer.status_code >= 500:
            wrong.append(f"{method} {rule.rule} ({rule.endpoint}): {answer.status}")
        if before is not None and (changed := differences(before, browser.rows())):
            wrong.append(f"{method} {rule.rule} ({rule.endpoint}): an auditor changed {changed}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("service", SERVICES)
def test_looking_at_everything_changes_nothing(house: House, samples: Samples, service: str) -> None:
    browser = Browser(house, samples, service, "auditor")
    before = {name: Browser(house, samples, name, "anonymous").rows() for name in SERVICES}
    for rule, method, _ in described(house, service):
        if method == "GET":
            browser.open(address(samples, service, rule), method)
    for name in SERVICES:
        assert not differences(before[name], Browser(house, samples, name, "anonymous").rows()), name


@pytest.mark.parametrize("service", SERVICES)
def test_a_page_that_may_be_seen_is_there(house: House, samples: Samples, service: str) -> None:
    """Otherwise a 404 would pass for an open door."""
    browser = Browser(house, samples, service, "administrator")
    lost = []
    for rule, method, kind in described(house, service):
        if method == "GET" and kind.gets.get("administrator") == LET and rule.endpoint != "static":
            try:
                path = samples.path(service, rule)
            except NoSample as error:
                lost.append(str(error))
                continue
            if browser.open(path, method).status_code == 404:
                lost.append(f"{path} ({rule.endpoint}) is not there: is another sample needed?")
    assert not lost, "\n".join(lost)


@pytest.mark.parametrize("service", SERVICES)
def test_programs_get_what_their_token_allows(house: House, samples: Samples, service: str) -> None:
    client = house.rooms[service].app.test_client()
    other = {kind.scopes[0] for *_, kind in described(house, service) if kind.scopes}
    tokens: dict[tuple[str, ...], str] = {}
    wrong = []
    for rule, method, kind in described(house, service):
        if not kind.scopes:
            continue
        lacking = next(scope for scope in (*other, "invoices:write", "keys:read") if scope not in kind.scopes)
        for holder, scopes in (("stranger's token", (lacking,)), ("token", kind.scopes)):
            if scopes not in tokens:
                tokens[scopes] = house.token(scopes)
            answer = client.open(
                address(samples, service, rule), method=method, headers={"Authorization": f"Bearer {tokens[scopes]}"}
            )
            if outcome(answer) != kind.gets[holder] or answer.status_code >= 500:
                wrong.append(f"{method} {rule.rule} with {scopes}: {answer.status}, the table says {kind.gets[holder]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_internal_or_asks_for_a_proof_opens_to_nobody_else(
    house: House, samples: Samples, service: str
) -> None:
    client = house.rooms[service].app.test_client()
    for rule, method, kind in described(house, service):
        path = address(samples, service, rule)
        if kind == INTERNAL:
            assert client.open(path, method=method).status_code == 200
            assert client.open(path, method=method, headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 404
        if kind == OWN_PROOF:
            assert client.open(path, method=method).status_code in (400, 401), rule


class Browser:
    """Somebody who calls one address after the other, and signs in again when that ended the session."""

    def __init__(self, house: House, samples: Samples, service: str, visitor: str) -> None:
        self._house, self._samples, self._service, self._visitor = house, samples, service, visitor
        self._client = self._fresh()

    def _fresh(self) -> FlaskClient:
        if self._visitor in STAFF:
            return self._house.staff(self._service, self._visitor)
        if self._visitor == "client" and self._service == "portal":
            return self._house.client(self._samples.party, self._samples.credential)
        return self._house.rooms[self._service].app.test_client()

    def open(self, path: str, method: str) -> TestResponse:
        """Call it with an empty form."""
        answer = self._client.open(path, method=method, buffered=True)
        if any("01 Jan 1970" in cookie for cookie in answer.headers.getlist("Set-Cookie")):
            self._client = self._fresh()  # that ended the session
        return answer

    def rows(self) -> dict[str, list[Any]]:
        """What stands in the tables of the service."""
        found = {}
        with self._house.rooms[self._service].db.read() as session:
            for name, table in self._samples.tables[self._service].tables.items():
                if not any(part in name for part in NOT_DATA):
                    wanted = select(*(column for column in table.columns if not column.name.startswith("last_")))
                    if name == "outbox":  # that somebody looked as somebody else is told to the audit trail
                        wanted = wanted.where(~table.c.routing_key.contains("ActRecorded"))
                    found[name] = sorted(map(repr, session.execute(wanted)))
        return found


def address(samples: Samples, service: str, rule: Rule) -> str:
    """A path that the rule takes; with a made-up id where the data has none."""
    try:
        return samples.path(service, rule)
    except NoSample:
        built = rule.build({name: uuid.uuid4() for name in rule.arguments}, append_unknown=False)
        assert built is not None
        return built[1]


def outcome(answer: TestResponse) -> str:
    """What became of a call, in the words of the table."""
    if answer.status_code == 401:
        return NO_TOKEN
    if answer.status_code == 403:
        return FORBIDDEN
    leads_to = urlsplit(answer.location or "").path
    return SIGN_IN if answer.status_code in (302, 303) and leads_to.endswith(SIGN_INS) else LET


def differences(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[str]:
    """The tables in which something changed."""
    return [name for name in before if before[name] != after[name]]
