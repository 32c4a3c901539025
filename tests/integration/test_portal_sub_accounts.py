"""Letting people in, with the real identity and mailer: by a link, and with a first password that the client types."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.mailer.models import Letter
from services.portal.models import Contact
from services.portal.rules.rights import MANAGE_CONTACTS, SEE_INVOICES
from shared.outbox import outbox
from tests.support.clients import Client, new_client, post
from tests.support.guests import CHOSEN, PAGE, Invitee, named, new_browser, sign_in
from tests.support.house import House, whole_house

CONTACTS = "/customerarea/contacts"
NEW = f"{CONTACTS}/new"
HOME, CHANGE = "/customerarea/", "/customerarea/password"
FIRST = "cuatro nubes comen pan de arroz"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as made:
        yield made


@pytest.fixture
def client(house: House) -> Client:
    return new_client(house)


def save(client: Client, address: str, path: str = NEW, **changes: Any) -> Any:
    usual = {"name": "Ana Contadora", "phone": "", "language": "es", "sub_account": "y", "rights": [SEE_INVOICES]}
    return client.post(path, form=NEW, address=address, **(usual | changes))


def act(client: Client, invitee: Invitee, step: str) -> str:
    client.post(f"{CONTACTS}/{invitee.contact_id}/{step}", form=NEW)
    return str(client.get(CONTACTS).text)


def contacts(client: Client) -> list[Invitee]:
    with client.house.rooms["portal"].db.read() as session:
        mine = select(Contact).where(Contact.party_id == client.party_id).order_by(Contact.id)
        return [Invitee(client, one.id, one.name, one.address) for one in session.scalars(mine)]


def letters(house: House, address: str) -> list[Letter]:
    house.carry()
    with house.rooms["mailer"].db.read() as session:
        return list(session.scalars(select(Letter).where(Letter.address == address).order_by(Letter.id)))


def link_to(invitee: Invitee) -> str:
    return f"{PAGE}?token={invitee.secrets('sub_account_invitation')[-1]}"


def test_who_is_named_with_a_sub_account_gets_a_link_and_opens_what_was_ticked(client: Client) -> None:
    assert save(client, "ana@uno.example.com", notices=["reminder"], rights="see_and_pay_invoices").location == CONTACTS
    (ana,) = contacts(client)
    page = client.get(CONTACTS).text
    assert "Enviamos una invitación a ana@uno.example.com" in page
    assert "La invitación sirve hasta el" in page
    browser = new_browser(client.house)
    assert ana.accept(browser, link_to(ana)).location == HOME
    assert browser.get("/customerarea/invoices").status_code == 200
    assert browser.get("/customerarea/receipts").status_code == 403
    assert browser.get(CONTACTS).status_code == 403
    assert "Última entrada" in client.get(CONTACTS).text


def test_a_first_password_that_the_client_types_is_changed_at_the_first_sign_in(client: Client) -> None:
    address = "luis@dos.example.com"
    weak = save(client, address, password="12345678")
    assert weak.status_code == 422
    assert 'id="password-error"' in weak.text
    assert contacts(client) == []
    assert save(client, address, password=FIRST).location == CONTACTS
    told = client.get(CONTACTS).text
    assert "Dígale usted la contraseña que escribió" in told
    (letter,) = letters(client.house, address)
    assert (letter.kind, letter.ciphertext) == ("sub_account_opened", None)
    (luis,) = contacts(client)
    assert luis.contact().state == "invited"
    browser = new_browser(client.house)
    assert sign_in(browser, address, FIRST).status_code == 303
    assert browser.get(HOME).location == CHANGE, "somebody else knows it"
    post(browser, CHANGE, current_password=FIRST, new_password=CHOSEN, repeat_password=CHOSEN)
    client.house.carry()
    assert browser.get("/customerarea/invoices").status_code == 200
    assert luis.contact().state == "active"
    assert luis.invitation().end_reason == "used"


def test_a_password_typed_for_somebody_who_has_one_changes_nothing_and_tells_nothing(client: Client) -> None:
    address = "maria@tres.example.com"
    maria = named(new_client(client.house), address=address)
    maria.joined()
    assert save(client, address, password=FIRST).location == CONTACTS
    assert "Dígale usted la contraseña que escribió" in client.get(CONTACTS).text, "the same words as for anybody"
    (here,) = contacts(client)
    assert here.contact().person_id is None, "she has to accept first"
    assert [one.kind for one in letters(client.house, address)][-1] == "sub_account_invitation"
    assert sign_in(new_browser(client.house), address, FIRST).status_code == 422
    assert sign_in(new_browser(client.house), address, CHOSEN).location == HOME


def test_what_was_typed_stands_in_no_table_and_no_event(client: Client) -> None:
    save(client, "clara@cuatro.example.com", password=FIRST)
    for service in ("portal", "identity"):
        with client.house.rooms[service].db.read() as session:
            assert FIRST.encode() not in b"".join(bytes(one) for one in session.scalars(select(outbox.c.body)))
    for room in client.house.rooms.values():
        file = Path(str(room.db.engine.url.database))
        for one in file.parent.glob(f"{file.name}*"):  # the log beside it too
            assert FIRST.encode() not in one.read_bytes()


def test_an_invitation_is_sent_again_revoked_and_given_anew(client: Client) -> None:
    save(client, "pepe@cinco.example.com")
    (pepe,) = contacts(client)
    first = link_to(pepe)
    assert "Escribimos a pepe@cinco.example.com" in act(client, pepe, "resend")
    second = link_to(pepe)
    assert first != second
    assert "más reciente" in new_browser(client.house).get(first, follow_redirects=True).text
    assert "ya no sirve" in act(client, pepe, "revoke")
    assert pepe.contact().state == "none"
    assert "retiró la invitación" in new_browser(client.house).get(second, follow_redirects=True).text
    assert save(client, pepe.address, f"{CONTACTS}/{pepe.contact_id}").status_code == 303
    assert pepe.accept(new_browser(client.house), link_to(pepe)).location == HOME


def test_who_has_another_address_is_somebody_else_and_accepts_anew(client: Client) -> None:
    former = named(client)
    browser = former.joined()
    assert save(client, "nueva@seis.example.com", f"{CONTACTS}/{former.contact_id}").status_code == 303
    assert browser.get(HOME).status_code == 303
    (now,) = contacts(client)
    contact = now.contact()
    assert (contact.state, contact.person_id, contact.last_sign_in_at) == ("invited", None, None)
    assert sign_in(new_browser(client.house), former.address).status_code == 403, "nobody lets them in"
    assert now.accept(new_browser(client.house), link_to(now)).location == HOME


def test_who_was_suspended_and_has_another_address_is_let_in_again_by_an_invitation(client: Client) -> None:
    former = named(client)
    former.joined()
    act(client, former, "suspend")
    assert save(client, "nueva@ocho.example.com", f"{CONTACTS}/{former.contact_id}").status_code == 303
    (now,) = contacts(client)
    assert now.contact().state == "suspended"
    assert letters(client.house, now.address) == []
    assert "Escribimos a nueva@ocho.example.com" in act(client, now, "resume")
    assert now.contact().state == "invited"
    assert now.accept(new_browser(client.house), link_to(now)).location == HOME


def test_what_somebody_did_stands_under_their_own_name(client: Client) -> None:
    manager = named(client, rights=[MANAGE_CONTACTS], name="Marta Vélez")
    browser = manager.joined()
    fields = {"name": "Otra", "address": "otra@siete.example.com", "language": "es", "phone": ""}
    assert post(browser, NEW, **fields).location == CONTACTS
    client.house.carry()
    page = " ".join(client.get("/customerarea/activity").text.split())
    assert 'data-label="Quién">Marta Vélez' in page
    assert "otra@siete.example.com" in page
    assert browser.get("/customerarea/activity").status_code == 200
    assert client.get("/customerarea/activity?cursor=nonsense").status_code == 400
    stranger = named(client, name="Ajena")
    assert stranger.joined().get("/customerarea/activity").status_code == 403


def test_rest_lists_the_contacts_of_a_client_page_by_page(client: Client) -> None:
    for number in range(3):
        named(client, name=f"Contacto {number}", notices=["receipt"])
    browser = client.house.rooms["portal"].app.test_client()
    headers = {"Authorization": f"Bearer {client.house.token(['contacts:read'])}"}
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        given = {"party_id": str(client.party_id), "limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = browser.get("/api/portal/v1/contacts", query_string=given, headers=headers)
        assert answer.status_code == 200, answer.text
        found += (answer.json or {})["items"]
        cursor = (answer.json or {})["next"]
    assert [one["name"] for one in found] == ["Contacto 0", "Contacto 1", "Contacto 2"]
    assert (found[0]["state"], found[0]["rights"], found[0]["notices"]) == ("none", [SEE_INVOICES], ["receipt"])
    other = {"Authorization": f"Bearer {client.house.token(['parties:read'])}"}
    assert browser.get("/api/portal/v1/contacts", headers=other).status_code == 403
