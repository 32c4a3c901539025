"""The portal lets people in at identity, and the other services hear of people whom no directory knows."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.identity.actions.lifecycle import revoke_access
from services.mailer.models import Letter
from services.portal.clients.identity import Guest, Identity, PasswordRefused, Verified
from services.portal.models import Party
from shared.audit import Actor, acting, record_act
from shared.inbox import deferred
from shared.web.paging import BadCursor
from tests.support.house import SERVICES, House, whole_house

ANA = "ana@example.test"
FIRST, CHOSEN, LATER = "tres caballos bailan sin zapatos", "cuatro nubes comen pan", "siete gatos leen el diario"


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[House]:
    with whole_house(tmp_path, database_url, identity={"password_cost": 10}) as made:
        made.learn_signing_keys()
        yield made


def identity_of(house: House) -> Identity:
    client: Identity = house.rooms["portal"].app.extensions["portal"].identity
    return client


def test_a_guest_of_the_portal_signs_in_recovers_and_is_shut_out_and_every_service_takes_it(house: House) -> None:
    identity = identity_of(house)
    assert identity.find_guest(ANA) == Guest(None, False)
    made = identity.create_guest(ANA, "Ana Contadora", "es", FIRST, initial=True)
    assert made.created
    assert made.credential_id
    assert identity.find_guest(ANA) == Guest(made.subject, True)
    again = identity.create_guest(ANA, "Another", "es", CHOSEN, initial=False)
    assert (again.subject, again.credential_id, again.created) == (made.subject, None, False)
    assert identity.verify(ANA, FIRST, "10.0.0.1") == Verified(
        made.subject, made.credential_id, must_change=True, guest=True
    )
    identity.change_password(made.subject, FIRST, CHOSEN, "10.0.0.1")
    identity.request_recovery(ANA, "10.0.0.1")
    house.carry()
    with house.rooms["mailer"].db.read() as session:
        letter = session.scalars(select(Letter)).one()
    assert (letter.kind, letter.login, letter.address, letter.party_id) == ("recovery", ANA, ANA, made.subject)
    with house.rooms["identity"].db.write() as session:
        revoke_access(session, made.subject, "Laura")
    house.carry()
    assert identity.find_guest(ANA) == Guest(made.subject, False)
    for service in SERVICES:
        with house.rooms[service].db.read() as session:
            assert session.scalar(select(func.count()).select_from(deferred)) == 0, f"{service} chokes on a guest"
    with house.rooms["portal"].db.read() as session:
        assert session.scalar(select(func.count()).select_from(Party)) == 0
    agent = house.staff("directory", "agent")
    page = agent.get("/backoffice/directory/")
    assert page.status_code == 200
    assert "Ana Contadora" not in page.text
    assert agent.get(f"/backoffice/directory/parties/{made.subject}").status_code == 404


def test_a_weak_password_comes_back_in_the_reader_s_language(house: House) -> None:
    identity, portal = identity_of(house), house.rooms["portal"].app
    for language, words in (("es", "demasiado corta"), ("en", "too short")):
        with (
            portal.test_request_context("/", headers={"Accept-Language": language}),
            pytest.raises(PasswordRefused) as refused,
        ):
            identity.create_guest(ANA, "Ana", "es", "corta", initial=False)
        assert words in refused.value.problems["password"][0]


def test_the_acts_of_an_area_are_read_in_the_language_of_whoever_reads_them(house: House) -> None:
    identity, portal = identity_of(house), house.rooms["portal"]
    guest = identity.create_guest(ANA, "Ana Contadora", "es", FIRST, initial=False).subject
    party_id = uuid.uuid4()
    with portal.db.write() as session, acting(Actor("party", str(guest), "Ana", "10.0.0.1")):
        for amount in ("10 COP", "20 COP", "30 COP"):
            record_act(session, "portal", "payment.started", party_id=party_id, details={"amount": amount})
    house.carry()
    with portal.app.test_request_context("/", headers={"Accept-Language": "en"}):
        page = identity.list_acts(party_id, None, "es", limit=2)
        rest = identity.list_acts(party_id, page.next, "en", limit=2)
        with pytest.raises(BadCursor):
            identity.list_acts(party_id, "nonsense", "es")
    assert [one.details for one in page.items] == [(("Valor", "30 COP"),), (("Valor", "20 COP"),)]
    assert page.items[0].text.startswith("Ana Contadora inició un pago en línea")
    assert (page.items[0].actor_kind, page.items[0].actor_name) == ("party", "Ana Contadora")
    assert rest.items[0].text.startswith("Ana Contadora started an online payment")
    assert (rest.next, rest.items[0].act) == (None, "payment.started")
    assert abs((rest.items[0].at - datetime.now(UTC)).total_seconds()) < 600
