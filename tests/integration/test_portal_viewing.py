"""See as this client: the staff looks at the client area, changes nothing, and everybody can know of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from services.portal.models import ClientSession, Viewing
from services.portal.pages.visitor import COOKIE
from shared import clock
from shared.events import decode
from shared.outbox import outbox
from tests.integration.access.test_access import address, calls
from tests.support.clients import Client, new_client, post
from tests.support.house import House, whole_house
from tests.support.samples import Samples

HOME = "/customerarea/"
REASON = "Llamó y no encuentra su factura"
BANNER = "como la ve el cliente. Solo lectura."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as made:
        yield made


@pytest.fixture
def client(house: House) -> Client:
    return new_client(house)


@pytest.fixture
def agent(house: House) -> FlaskClient:
    return house.staff("portal", "agent")


def view_of(client: Client) -> str:
    return f"/backoffice/portal/clients/{client.party_id}/view"


def look(agent: FlaskClient, client: Client, reason: str = REASON) -> None:
    answer = post(agent, view_of(client), reason=reason)
    assert (answer.status_code, answer.location) == (303, HOME), answer.text


def viewings(client: Client) -> list[Viewing]:
    with client.house.rooms["portal"].db.read() as session:
        return list(session.scalars(select(Viewing).where(Viewing.party_id == client.party_id).order_by(Viewing.id)))


def is_looking(browser: FlaskClient) -> bool:
    return BANNER in browser.get(HOME).text


def test_an_agent_sees_the_area_as_the_client_and_every_page_says_so(client: Client, agent: FlaskClient) -> None:
    look(agent, client)
    name = client.known()["name"]
    for path in (HOME, "/customerarea/profile", "/customerarea/invoices"):
        page = agent.get(path).text
        assert f"Usted ve el área de {name} {BANNER}" in page
        assert "/customerarea/viewing/leave" in page
        assert "/customerarea/signout" not in page
    assert not is_looking(client.browser), "the client sees nothing of it"


def test_it_is_recorded_with_the_reason(client: Client, agent: FlaskClient) -> None:
    client.house.carry()
    look(agent, client)
    with client.house.rooms["portal"].db.read() as session:
        bodies = list(session.scalars(select(outbox.c.body).order_by(outbox.c.id)))
    (act,) = [event for body in bodies if (event := decode(bytes(body)).event) and event.act == "client.viewed"]
    assert (act.actor_kind, act.party_id) == ("staff", client.party_id)
    assert [(one.name, one.value) for one in act.details] == [("reason", REASON)]


def test_without_a_reason_nothing_begins(client: Client, agent: FlaskClient) -> None:
    for reason in ("", "  ", "x" * 301):
        answer = post(agent, view_of(client), reason=reason)
        assert answer.status_code == 422
    assert viewings(client) == []


def test_nothing_can_be_changed_or_done_in_the_clients_name(house: House, client: Client, agent: FlaskClient) -> None:
    samples = Samples(house)
    look(agent, client)
    agent.application.config["WTF_CSRF_ENABLED"] = False  # so that the reading decides, not the missing form
    try:
        wrong = []
        for rule, method in calls(house, "portal"):
            if not rule.rule.startswith("/customerarea") or method == "GET" or rule.endpoint == "viewing.leave":
                continue
            answer = agent.open(address(samples, "portal", rule), method=method)
            if answer.status_code != 403 or "Usted ve el área como la ve" not in answer.text:
                wrong.append(f"{method} {rule.rule}: {answer.status}")
    finally:
        agent.application.config["WTF_CSRF_ENABLED"] = True
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "path",
    [
        "/customerarea/password",
        "/customerarea/security",
        "/customerarea/security/second-factor",
        "/customerarea/profile/email",
        "/customerarea/profile/email/confirm?token=0123456789abcdef",
        "/customerarea/reset?token=0123456789abcdef",
        "/customerarea/signin",
    ],
)
def test_what_only_the_client_should_see_or_open_stays_closed(client: Client, agent: FlaskClient, path: str) -> None:
    look(agent, client)
    answer = agent.get(path)
    assert answer.status_code == 403
    assert "porteria_new_email" not in str(answer.headers.getlist("Set-Cookie"))
    assert "Solo el cliente puede hacer esto" in answer.text


def test_the_profile_offers_nothing_to_do(client: Client, agent: FlaskClient) -> None:
    look(agent, client)
    page = agent.get("/customerarea/profile").text
    assert client.known()["name"] in page
    for link in ("/customerarea/profile/email", "/customerarea/password", "/customerarea/security", ">Guardar<"):
        assert link not in page


def test_leaving_ends_it(client: Client, agent: FlaskClient) -> None:
    look(agent, client)
    answer = post(agent, "/customerarea/viewing/leave", form=HOME)
    assert answer.location == f"/backoffice/directory/parties/{client.party_id}"
    assert not is_looking(agent)
    assert [one.ended_at is None for one in viewings(client)] == [False]


def test_a_token_that_was_left_opens_nothing_any_more(client: Client, agent: FlaskClient) -> None:
    look(agent, client)
    token = _cookie(agent)
    post(agent, "/customerarea/viewing/leave", form=HOME)
    agent.set_cookie("porteria_viewing", token, path="/customerarea")
    assert not is_looking(agent)


def test_it_ends_after_half_an_hour(client: Client, agent: FlaskClient) -> None:
    look(agent, client)
    end = clock.now() + timedelta(minutes=30)
    _renew(agent, end)
    with time_machine.travel(end - timedelta(seconds=5), tick=False):
        assert is_looking(agent)
    with time_machine.travel(end + timedelta(seconds=5), tick=False):
        answer = agent.get(HOME)
        assert answer.location == "/customerarea/signin"
        assert "Ya no ve el área como cliente" in agent.get(answer.location).text
        assert "Ya no ve el área como cliente" not in agent.get(answer.location).text


def test_it_is_over_when_the_agent_signs_out_or_somebody_else_signs_in(house: House, client: Client) -> None:
    agent, other = house.staff("portal", "agent"), house.staff("portal", "administrator")
    look(agent, client)
    other.set_cookie("porteria_viewing", _cookie(agent), path="/customerarea")
    assert not is_looking(other)
    nobody = house.rooms["portal"].app.test_client()
    nobody.set_cookie("porteria_viewing", _cookie(agent), path="/customerarea")
    assert not is_looking(nobody)
    assert is_looking(agent)
    post(agent, "/backoffice/portal/signout", form=view_of(client))
    assert not is_looking(agent)


def test_the_sign_in_of_the_staff_is_renewed_as_in_the_back_office(client: Client, agent: FlaskClient) -> None:
    look(agent, client)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        answer = agent.get("/customerarea/profile")
    assert answer.location == "/backoffice/portal/signin?next=%2Fcustomerarea%2Fprofile"


def test_the_clients_own_session_in_the_same_browser_goes_on(client: Client, agent: FlaskClient) -> None:
    other = new_client(client.house)
    token = other.browser.get_cookie(COOKIE, path="/customerarea")
    assert token is not None
    agent.set_cookie(COOKIE, token.value, path="/customerarea")
    look(agent, client)
    assert client.known()["name"] in agent.get("/customerarea/profile").text
    post(agent, "/customerarea/viewing/leave", form=HOME)
    assert other.known()["name"] in agent.get("/customerarea/profile").text
    with client.house.rooms["portal"].db.read() as session:
        ended = session.scalars(select(ClientSession).where(ClientSession.party_id == other.party_id)).all()
    assert [one.end_reason for one in ended] == [None]


def test_auditors_may_not_and_deactivated_clients_are_not_shown(house: House, client: Client) -> None:
    auditor = house.staff("portal", "auditor")
    assert auditor.get(view_of(client)).status_code == 403
    headers = {"Authorization": f"Bearer {house.token()}"}
    directory, agent = house.rooms["directory"].app.test_client(), house.staff("portal", "agent")
    look(agent, client)
    directory.patch(f"/api/directory/v1/parties/{client.party_id}", json={"active": False}, headers=headers)
    house.carry()
    assert not is_looking(agent)
    assert "desactivado" in agent.get(view_of(client)).text


def _cookie(browser: FlaskClient) -> str:
    found = browser.get_cookie("porteria_viewing", path="/customerarea")
    assert found is not None
    return found.value


def _renew(browser: FlaskClient, moment: object) -> None:
    """As identity does it when it is asked again."""
    with browser.session_transaction() as session:
        session["staff"] = session["staff"] | {"renewed_at": int(moment.timestamp())}  # type: ignore[attr-defined]
