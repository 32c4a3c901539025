"""The way of a notice between the portal and the mailer, both of them real: raised, written, stopped, taken back."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.mailer.actions.ending import cancel_all
from services.mailer.actions.suppressing import release_address, suppress_address
from services.mailer.models import Letter
from services.portal.actions.notices import renew_notices, tell
from services.portal.models import Notice, Party
from tests.support.billing import issue, void
from tests.support.clientarea import party_event
from tests.support.house import House, whole_house
from tests.support.notices import ANA, HOLDER, contact, hear, news_about, states

PARTY = party_event(1)


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str) -> Iterator[House]:
    with whole_house(tmp_path, sqlite_url, identity={"password_cost": 10}) as made:
        hear(made.rooms["portal"].db, PARTY)
        contact(made.rooms["portal"].db, PARTY.party_id, notices=["invoice", "reminder"])
        made.carry()
        yield made


def letters(house: House) -> dict[str, str]:
    """Address → state of its last letter, as the mailer has it."""
    with house.rooms["mailer"].db.read() as session:
        return {row.address: row.state for row in session.scalars(select(Letter).order_by(Letter.id))}


def addresses(house: House) -> dict[uuid.UUID, str]:
    """Letter → address, all that the mailer has."""
    with house.rooms["mailer"].db.read() as session:
        return {row.id: row.address for row in session.scalars(select(Letter))}


def test_one_click_takes_the_waiting_letter_back_and_the_staff_may_cancel_the_other(house):
    portal, mailer = house.rooms["portal"], house.rooms["mailer"]
    issue(portal.db, PARTY.party_id)
    house.carry()
    assert set(letters(house).items()) == {(HOLDER, "pending"), (ANA, "pending")}
    with mailer.db.read() as session:
        path = session.scalars(select(Letter.stop_path).where(Letter.address == ANA)).one()
    sent = portal.app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    assert sent.status_code == 200
    house.carry()
    assert letters(house)[HOLDER] == "pending"
    assert letters(house)[ANA] != "pending"
    with mailer.db.write() as session:
        cancel_all(session, "agent")
    house.carry()
    assert states(portal.db) == {HOLDER: "withdrawn", ANA: "withdrawn"}
    issue(portal.db, PARTY.party_id)
    house.carry()
    with mailer.db.read() as session:
        waiting = session.scalars(select(Letter.address).where(Letter.state == "pending")).all()
    assert waiting == [HOLDER]


def test_a_void_invoice_takes_its_letters_along_and_new_words_take_the_place_of_old_ones(house):
    portal, mailer = house.rooms["portal"], house.rooms["mailer"]
    invoice = issue(portal.db, PARTY.party_id)
    house.carry()
    void(portal.db, invoice)
    house.carry()
    assert "pending" not in letters(house).values()
    said = {"number": "FV-1", "amount": "$ 1", "due": "mañana", "concept": "Canon"}
    news = replace(news_about(PARTY.party_id), values_in=lambda _language: said)
    for change in (tell, renew_notices):
        with portal.db.write() as session:
            assert change(session, session.get_one(Party, PARTY.party_id), news) == 2
        house.carry()
    with mailer.db.read() as session:
        ends = [(row.address, row.state) for row in session.scalars(select(Letter).where(Letter.kind == news.kind))]
    assert sorted(ends) == [(ANA, "pending"), (ANA, "replaced"), (HOLDER, "pending"), (HOLDER, "replaced")]
    with portal.db.read() as session:
        ends = sorted(row.tuple() for row in session.execute(select(Notice.kind, Notice.state)))
    assert ends == [("invoice_issued", "withdrawn")] * 2 + [("reminder_due", "raised")] * 2


def test_an_address_that_the_staff_blocks_gets_no_letters_until_it_is_released(house):
    portal, mailer = house.rooms["portal"], house.rooms["mailer"]

    def told_after(change: Callable[[Session, str], bool]) -> set[str]:
        before = set(addresses(house))
        with mailer.db.write() as session:
            assert change(session, ANA)
        house.carry()
        issue(portal.db, PARTY.party_id)
        house.carry()
        return {address for letter_id, address in addresses(house).items() if letter_id not in before}

    assert told_after(lambda session, address: suppress_address(session, address, "agent")) == {HOLDER}
    assert told_after(release_address) == {HOLDER, ANA}
