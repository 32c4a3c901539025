"""How many statements a page takes does not depend on how many rows there are, and is small.

Every page, list and document of the four services, found in the tables of `tests/integration/access`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.routing import Rule

from tests.integration.access.kinds import LET, Kind
from tests.integration.access.test_access import calls, kinds
from tests.support.crowd import crowd
from tests.support.house import SERVICES, House, whole_house
from tests.support.samples import NoSample, Samples

MANY = 500
SLACK = 2
"""A part of a page that few rows leave empty may take a statement of its own; one for each row would be many more."""
MOST = 16
"""Statements of a page; what needs more says why in MORE."""
MORE: dict[str, int] = {
    "start.show": 40,  # asks the four services what needs attention
    "credential_pages.show": 24,  # the whole story of a party, asked of three services
}
UNFIT = ("sign_in.signout", "staff.signin", "staff.callback")


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """On SQLite: how many statements there are does not depend on who answers them."""
    with whole_house(tmp_path, sqlite_url, identity={"password_cost": 10}) as made:
        yield made


def test_the_number_of_statements_is_small_and_does_not_grow_with_the_rows(house: House) -> None:
    samples = Samples(house)
    paths = {name: dict(opened(house, samples, name)) for name in SERVICES}
    few = {name: measured(house, samples, name, paths[name]) for name in SERVICES}
    for name in SERVICES:
        crowd(house.rooms[name].db.engine, MANY)
    many = {name: measured(house, samples, name, paths[name]) for name in SERVICES}
    wrong = []
    for name in SERVICES:
        for endpoint, count in many[name].items():
            if abs(count - few[name][endpoint]) > SLACK:
                wrong.append(f"{name} {endpoint}: {few[name][endpoint]} statements for few rows, {count} for many")
            elif count > MORE.get(endpoint, MOST):
                wrong.append(f"{name} {endpoint}: {count} statements, at most {MORE.get(endpoint, MOST)} are good")
    assert not wrong, "\n".join(wrong)


def opened(house: House, samples: Samples, service: str) -> Iterator[tuple[str, tuple[str, Kind]]]:
    """Endpoint, address and kind of every route that reads."""
    table = kinds(service)
    for rule, method in calls(house, service):
        kind = table.get((rule.endpoint, method))
        if method == "GET" and kind and reads(rule, kind):
            try:
                yield rule.endpoint, (samples.path(service, rule), kind)
            except NoSample:
                continue


def reads(rule: Rule, kind: Kind) -> bool:
    """Whether somebody who is signed in reads something there."""
    protected = kind.gets.get("anonymous") != LET and (
        kind.scopes or LET in (kind.gets.get("administrator"), kind.gets.get("client"))
    )
    return bool(protected) and rule.endpoint not in UNFIT


def measured(house: House, samples: Samples, service: str, paths: dict[str, tuple[str, Kind]]) -> dict[str, int]:
    """The number of statements by endpoint."""
    staff, headers = house.staff(service, "administrator"), {"Authorization": f"Bearer {house.token()}"}
    client = house.client(samples.party, samples.credential) if service == "portal" else staff
    found = {}
    for endpoint, (path, kind) in paths.items():
        browser = staff if kind.gets.get("administrator") == LET else client
        # Twice: the first one may fetch a token, or write down once a minute that somebody was here.
        found[endpoint] = min(
            statements_of(house, browser, path, headers if kind.scopes else {}, endpoint) for _ in range(2)
        )
    return found


def statements_of(house: House, browser: FlaskClient, path: str, headers: dict[str, str], endpoint: str) -> int:
    with counting(house) as statements:
        answer = browser.get(path, headers=headers, buffered=True)
    assert answer.status_code < 500, f"{endpoint}: {answer.status}"
    return len(statements)


@contextmanager
def counting(house: House) -> Iterator[list[str]]:
    """The statements that all services send during the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with ExitStack() as stack:
        for room in house.rooms.values():
            event.listen(room.db.engine, "before_cursor_execute", note)
            stack.callback(event.remove, room.db.engine, "before_cursor_execute", note)
        yield statements
