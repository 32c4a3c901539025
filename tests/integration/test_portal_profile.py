"""A client's contact data, and another e-mail: with the real directory, identity and mailer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from services.portal.actions import applying
from services.portal.actions.profile import confirm_email, expire_email_changes
from services.portal.models import EmailChange
from services.portal.queries.profile import find_newest_change
from shared import clock
from tests.support.clients import PASSWORD, Client, new_client
from tests.support.house import House, whole_house

PROFILE, EMAIL = "/customerarea/profile", "/customerarea/profile/email"
CONFIRM = f"{EMAIL}/confirm"
NEW = "nueva@example.test"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as made:
        yield made


@pytest.fixture
def client(house: House) -> Client:
    return new_client(house)


def ask(client: Client, address: str = NEW, password: str = PASSWORD) -> Any:
    return client.post(EMAIL, address=address, password=password)


def link_of(client: Client, number: int = -1) -> str:
    return f"{CONFIRM}?token={client.token_of(client.letters('email_confirmation')[number])}"


def confirm(client: Client, link: str) -> Any:
    client.get(link)
    return client.post(CONFIRM)


def newest(client: Client) -> EmailChange:
    with client.house.rooms["portal"].db.read() as session:
        found = find_newest_change(session, client.party_id)
    assert found is not None
    return found


def principal(client: Client) -> str:
    (address,) = [one["address"] for one in client.known()["emails"] if one["principal"]]
    return str(address)


def saved(client: Client, **changes: str) -> Any:
    version = str(client.known()["version"])
    usual = {"phones": "", "street": "", "city": "", "region": "", "postal_code": "", "country": "", "language": "es"}
    return client.post(PROFILE, **(usual | {"version": version} | changes))


def test_contact_data_goes_to_the_directory_in_the_name_of_the_client(client: Client) -> None:
    answer = saved(client, phones="300 123 4567\n+52 55 1234 5678", city="Cali", country="CO", language="en")
    assert answer.status_code == 303
    known = client.known()
    assert known["phones"] == ["+573001234567", "+525512345678"]
    assert (known["address"]["city"], known["language"]) == ("Cali", "en")
    page = client.get(PROFILE).text
    assert "Language of letters" in page, "the copy follows at once"
    assert "+57 300 1234567" in page
    headers = {"Authorization": f"Bearer {client.house.token(['parties:read'])}"}
    directory = client.house.rooms["directory"].app.test_client()
    log = (directory.get(f"/api/directory/v1/parties/{client.party_id}/changes", headers=headers).json or {})["items"]
    assert {(one["actor_kind"], one["actor_id"]) for one in log if one["field"] == "phones"} == {
        ("party", str(client.party_id))
    }


def test_what_the_directory_does_not_take_is_said_at_the_field(client: Client) -> None:
    answer = saved(client, phones="12", city="Cali")
    assert answer.status_code == 422
    assert 'id="phones-error"' in answer.text
    assert 'value="Cali"' in answer.text
    assert client.known()["phones"] != ["12"]


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(client: Client) -> None:
    before = client.known()["version"]
    saved(client, city="Cali")
    answer = saved(client, city="Pasto", version=str(before))
    assert answer.status_code == 409
    assert "Mientras tanto" in answer.text
    assert client.known()["address"]["city"] == "Cali"


def test_while_the_directory_is_away_the_page_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    room = client.house.rooms["directory"]
    monkeypatch.setattr(room, "app", _away)
    page = client.get(PROFILE)
    assert page.status_code == 200
    assert "no podemos consultar" in page.text
    assert saved_while_away(client) == 503


def saved_while_away(client: Client) -> int:
    return client.post(PROFILE, phones="", language="es", version="1").status_code


def _away(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [])
    return [b""]


def test_a_new_address_counts_after_the_link_and_the_old_one_is_told(client: Client) -> None:
    assert ask(client).status_code == 303
    (letter,) = client.letters("email_confirmation")
    assert letter.address == NEW
    assert principal(client) == client.address
    link = link_of(client)
    opened = client.get(link)
    assert (opened.status_code, opened.location) == (303, CONFIRM), "out of the address at once"
    assert NEW in client.get(CONFIRM).text
    assert newest(client).state == "waiting", "opening the link confirms nothing"
    assert client.post(CONFIRM).status_code == 303
    assert newest(client).state == "confirmed"
    client.house.work("portal", "email_changes")
    assert newest(client).state == "applied"
    assert client.known()["emails"] == [{"address": NEW, "principal": True, "state": "valid"}]
    (told,) = client.letters("email_changed")
    assert told.address == client.address
    assert NEW in client.get(PROFILE).text
    assert confirm(client, link).status_code == 410


def test_the_password_is_asked_for(client: Client) -> None:
    answer = ask(client, password="somebody elses guess")
    assert answer.status_code == 422
    assert "La contraseña no es correcta." in answer.text
    assert client.letters("email_confirmation") == []


def test_the_present_address_and_nonsense_are_refused_at_the_field(client: Client) -> None:
    for address in (client.address.upper(), "no-address"):
        answer = ask(client, address)
        assert answer.status_code == 422
        assert 'id="address-error"' in answer.text


def test_a_newer_request_or_a_withdrawal_ends_the_link(client: Client) -> None:
    ask(client, "first@example.test")
    first = link_of(client)
    ask(client, "second@example.test")
    assert confirm(client, first).status_code == 410
    second = link_of(client)
    assert client.post(f"{EMAIL}/withdraw", form=PROFILE).status_code == 303
    assert confirm(client, second).status_code == 410
    assert newest(client).state == "withdrawn"


def test_a_link_is_over_after_a_day(client: Client) -> None:
    ask(client)
    link = link_of(client)
    tomorrow, db = clock.now() + timedelta(hours=24, seconds=1), client.house.rooms["portal"].db
    with time_machine.travel(tomorrow), db.write() as session:
        expire_email_changes(session)
    assert newest(client).state == "expired"
    assert confirm(client, link).status_code == 410
    assert newest(client).confirmed_at is None


def test_the_link_of_another_client_confirms_nothing_and_signed_out_one_comes_back_to_it(
    house: House, client: Client
) -> None:
    ask(client)
    link = link_of(client)
    assert confirm(new_client(house), link).status_code == 410
    client.post("/customerarea/signout", form=PROFILE)
    client.get(link)
    answer = client.get(CONFIRM)
    assert answer.location == "/customerarea/signin?next=%2Fcustomerarea%2Fprofile%2Femail%2Fconfirm"
    assert newest(client).state == "waiting"


def test_only_so_many_letters_a_day(client: Client) -> None:
    answers = [ask(client, f"n{number}@example.test").status_code for number in range(6)]
    assert answers == [303] * 5 + [429]


def test_a_confirmed_address_waits_for_the_directory_and_is_applied_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client)
    confirm(client, link_of(client))
    room = client.house.rooms["directory"]
    with monkeypatch.context() as patched:
        patched.setattr(room, "app", _away)
        client.house.work("portal", "email_changes")
    assert newest(client).state == "confirmed"
    with monkeypatch.context() as patched:  # killed after the directory took it, before it was written down
        patched.setattr(applying, "finish_email", _killed)
        with pytest.raises(KeyboardInterrupt):
            client.house.work("portal", "email_changes")
    assert (principal(client), newest(client).state) == (NEW, "confirmed")
    for _ in range(2):
        client.house.work("portal", "email_changes")
    assert newest(client).state == "applied"
    assert len(client.letters("email_changed")) == 1


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_the_whole_way_on_both_databases(database_url: str, tmp_path: Path) -> None:
    with whole_house(tmp_path, database_url, identity={"password_cost": 10}) as house:
        client = new_client(house)
        ask(client)
        token = client.token_of(client.letters("email_confirmation")[0])
        with house.rooms["portal"].db.write() as session:
            confirm_email(session, client.party_id, token)
        house.work("portal", "email_changes")
        assert principal(client) == NEW
        assert [letter.address for letter in client.letters("email_changed")] == [client.address]
