"""Contacts of a client: what they get and what they may do, and that nobody gives what is not theirs to give."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.portal.actions.contacts import AddressTaken, ContactData, add_contact, change_contact
from services.portal.actions.sub_accounts import Means, OwnEntry, TooManyInvitations
from services.portal.models import ClientSession, Contact, Invitation, Notice
from services.portal.rules.contacts import MOST_CONTACTS, MOST_INVITATIONS
from services.portal.rules.notices import PREFERENCES, RAISED, RECEIPT, WITHDRAWN
from services.portal.rules.rights import (
    EDIT_PROFILE,
    MANAGE_CONTACTS,
    OPEN_CASES,
    PAY_INVOICES,
    RIGHTS,
    SEE_CASES,
    SEE_INVOICES,
)
from shared import clock
from shared.db import new_id
from shared.events import decode
from shared.events.acts import ACT_EVENTS
from shared.events.portal import NoticeSecret, NoticeWithdrawn, SubAccountRemoved, SubAccountSuspended
from shared.outbox import outbox
from tests.support.alone import Alone, portal_alone
from tests.support.clientarea import Browser

CONTACTS = "/customerarea/contacts"
NEW = f"{CONTACTS}/new"
HOME = "/customerarea/"
PERSON = {"name": "Ana Contadora", "address": "ana@despacho.example.com", "phone": "", "language": "es"}


@pytest.fixture
def portal(tmp_path: Path, sqlite_url: str) -> Iterator[Alone]:
    with portal_alone(tmp_path, sqlite_url) as made:
        yield made


@pytest.fixture
def both(tmp_path: Path, database_url: str) -> Iterator[Alone]:
    with portal_alone(tmp_path, database_url) as made:
        yield made


def rows(portal: Alone, party_id: uuid.UUID) -> list[Contact]:
    with portal.db.read() as session:
        return list(session.scalars(select(Contact).where(Contact.party_id == party_id).order_by(Contact.id)))


def told(portal: Alone, kind: type[Any]) -> list[Any]:
    with portal.db.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.id)).all()
    return [event for event in (decode(bytes(body)).event for body in bodies) if isinstance(event, kind)]


def acts(portal: Alone) -> list[tuple[str, str]]:
    return [(one.act, one.actor_name) for one in told(portal, ACT_EVENTS["portal"])]


def send(browser: Browser, path: str, **changes: Any) -> Any:
    return browser.post(path, form=NEW, **(PERSON | changes))


def act(browser: Browser, contact_id: uuid.UUID, step: str) -> Any:
    return browser.post(f"{CONTACTS}/{contact_id}/{step}", form=NEW)


def is_open(portal: Alone, contact_id: uuid.UUID) -> bool:
    """Whether somebody is signed in as this contact."""
    with portal.db.read() as session:
        mine = (ClientSession.contact_id == contact_id, ClientSession.ended_at.is_(None))
        return session.scalar(select(ClientSession.id).where(*mine)) is not None


def test_what_somebody_gets_and_what_they_may_do_are_two_lists(both: Alone) -> None:
    party = both.party(1)
    client = both.client(party)
    chosen = {"notices": ["reminder", "receipt"], "instead": ["receipt"], "rights": [SEE_CASES]}
    assert send(client, NEW, phone="300 123 4567", **chosen).location == CONTACTS
    (ana,) = rows(both, party)
    assert (ana.notices, ana.instead, ana.rights, ana.state) == (
        ["reminder", "receipt"],
        ["receipt"],
        [SEE_CASES],
        "none",
    )
    assert (ana.phone, ana.created_by) == ("+573001234567", "Persona Número 1")
    page = client.get(CONTACTS).text
    assert "Recordatorio de pago · Recibo de pago" in page
    assert "En lugar de usted: Recibo de pago." in page
    assert "Puede hacer" not in page, "without a sub-account nothing may be done"
    assert acts(both) == [("contact.added", "Persona Número 1")]
    (added,) = told(both, ACT_EVENTS["portal"])
    assert {one.name: one.value for one in added.details} == {
        "name": ana.name,
        "email": ana.address,
        "rights": SEE_CASES,
        "notices": "reminder, receipt",
        "instead": "receipt",
    }


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "a" * 121}),
        ("address", {"address": "ana"}),
        ("address", {"address": "PERSONA1@example.com"}),  # the client's own
        ("address", {"address": "Otra@Example.com"}),  # another contact's
        ("phone", {"phone": "12"}),
        ("password", {"password": "tres caballos bailan"}),  # without a sub-account
        ("rights", {"sub_account": "y"}),  # without any right
        ("rights", {"rights": "everything"}),
        ("notices", {"notices": "everything"}),
        ("notices", {"instead": "receipt"}),  # would go to nobody
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(
    portal: Alone, field: str, wrong: dict[str, str]
) -> None:
    party = portal.party(1)
    portal.let_in(party, name="Otra")
    answer = send(portal.client(party), NEW, **({"name": "Ana Contadora", "notices": "reminder"} | wrong))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert len(rows(portal, party)) == 1
    if field != "notices":
        assert 'value="reminder" checked' in " ".join(answer.text.split()), "what was typed is kept"


def test_while_nobody_can_be_invited_nothing_is_saved_and_what_was_typed_stays(portal: Alone) -> None:
    party = portal.party(1)
    answer = send(portal.client(party), NEW, sub_account="y", rights="see_and_pay_invoices")
    assert answer.status_code == 503
    assert "no se guardó nada" in answer.text
    assert 'value="ana@despacho.example.com"' in answer.text
    assert rows(portal, party) == []
    assert acts(portal) == []


def test_a_right_that_is_taken_away_is_gone_at_the_next_click(portal: Alone) -> None:
    party = portal.party(1)
    ana = portal.contact(party, rights=[SEE_INVOICES, PAY_INVOICES, SEE_CASES])
    assert ana.get("/customerarea/cases").status_code == 200
    (row,) = rows(portal, party)
    kept = {"rights": ["see_and_pay_invoices", SEE_INVOICES], "shown_both": "yes", "sub_account": "y"}
    assert send(portal.client(party), f"{CONTACTS}/{row.id}", **(kept | {"address": row.address})).status_code == 303
    assert rows(portal, party)[0].rights == [SEE_INVOICES]
    assert ana.get("/customerarea/cases").status_code == 403
    assert ana.get("/customerarea/invoices").status_code == 200, "still signed in"


def test_suspending_signs_out_at_once_and_letters_go_on(both: Alone) -> None:
    party = both.party(1)
    client, ana = both.client(party), both.contact(party, rights=[SEE_INVOICES], notices=["invoice"])
    (row,) = rows(both, party)
    assert "Los correos siguen como antes" in client.get(f"{CONTACTS}/{row.id}/suspend").text
    assert act(client, row.id, "suspend").status_code == 303
    assert not is_open(both, row.id)
    assert ana.get(HOME).status_code == 303
    (row,) = rows(both, party)
    assert (row.state, row.notices, row.rights) == ("suspended", ["invoice"], [SEE_INVOICES])
    assert act(client, row.id, "suspend").status_code == 303, "again, it changes nothing"
    assert act(client, row.id, "resume").status_code == 303
    assert rows(both, party)[0].state == "active"
    assert acts(both) == [
        ("sub_account.suspended", "Persona Número 1"),
        ("sub_account.resumed", "Persona Número 1"),
    ]
    assert [one.contact_id for one in told(both, SubAccountSuspended)] == [row.id]


def test_who_was_removed_gets_and_sees_nothing_and_can_be_named_again(both: Alone) -> None:
    party = both.party(1)
    client = both.client(party)
    both.contact(party, rights=[SEE_INVOICES], notices=["receipt"])
    (row,) = rows(both, party)
    waiting = _letter(both, party, row)
    assert act(client, row.id, "remove").status_code == 303
    assert not is_open(both, row.id)
    with both.db.read() as session:
        assert session.get_one(Notice, waiting).state == WITHDRAWN
    assert [one.notice_id for one in told(both, NoticeWithdrawn)] == [waiting]
    assert [one.contact_id for one in told(both, SubAccountRemoved)] == [row.id]
    assert client.get(f"{CONTACTS}/{row.id}").status_code == 404
    assert send(client, NEW, address=row.address).status_code == 303
    former, now = rows(both, party)
    assert (former.state, now.state) == ("removed", "none")
    assert former.removed_at


def test_letters_that_the_client_does_not_want_for_a_contact_any_more_are_taken_back(portal: Alone) -> None:
    party = portal.party(1)
    row = portal.let_in(party, [SEE_INVOICES], ["receipt", "invoice"])
    waiting, path = _letter(portal, party, row), f"{CONTACTS}/{row.id}"
    fields = {"address": row.address, "sub_account": "y", "rights": SEE_INVOICES}
    send(portal.client(party), path, **fields, notices="receipt")
    assert told(portal, NoticeWithdrawn) == [], "invoices are another kind"
    send(portal.client(party), path, **fields)
    assert [one.notice_id for one in told(portal, NoticeWithdrawn)] == [waiting]


def _letter(portal: Alone, party: uuid.UUID, contact: Contact) -> uuid.UUID:
    made, moment = new_id(), clock.now()
    with portal.db.write() as session:
        session.add(
            Notice(
                id=made,
                notice_id=made,
                party_id=party,
                contact_id=contact.id,
                kind=RECEIPT,
                about=new_id(),
                name=contact.name,
                address=contact.address,
                address_key=contact.address_key,
                language="es",
                state=RAISED,
                raised_at=moment,
                worth_until=moment,
            )
        )
    return made


def test_switching_the_sub_account_off_signs_out_and_keeps_letters_and_rights(portal: Alone) -> None:
    party = portal.party(1)
    ana = portal.contact(party, rights=[SEE_CASES], notices=["cases"])
    (row,) = rows(portal, party)
    path = f"{CONTACTS}/{row.id}"
    assert send(portal.client(party), path, address=row.address, rights=SEE_CASES, notices="cases").status_code == 303
    assert ana.get(HOME).status_code == 303
    (row,) = rows(portal, party)
    assert (row.state, row.person_id, row.rights, row.notices) == ("none", None, [SEE_CASES], ["cases"])
    assert ("sub_account.switched_off", "Persona Número 1") in acts(portal)


def test_another_address_is_another_person(portal: Alone) -> None:
    party = portal.party(1)
    ana = portal.contact(party, rights=[SEE_CASES])
    (row,) = rows(portal, party)
    fields = {"address": "otra@despacho.example.com", "rights": SEE_CASES}
    answer = send(portal.client(party), f"{CONTACTS}/{row.id}", sub_account="y", **fields)
    assert answer.status_code == 503, "an invitation is needed, and cannot be sent here"
    assert ana.get(HOME).status_code == 200, "so nothing changed"
    assert send(portal.client(party), f"{CONTACTS}/{row.id}", **fields).status_code == 303
    (row,) = rows(portal, party)
    assert (row.state, row.person_id, row.accepted_at) == ("none", None, None)
    assert ana.get(HOME).status_code == 303


def test_who_manages_contacts_gives_only_what_they_have(both: Alone) -> None:
    party = both.party(1)
    manager = both.contact(party, rights=[MANAGE_CONTACTS, SEE_INVOICES], notices=["invoice"], name="Marta")
    other = both.let_in(party, [EDIT_PROFILE, SEE_INVOICES], ["cases"], name="Otra")
    path, mine = f"{CONTACTS}/{other.id}", {"address": other.address, "sub_account": "y"}
    page = " ".join(manager.get(path).text.split())
    assert 'value="edit_profile" checked disabled' in page
    assert 'value="see_invoices" checked aria' in page
    forged: tuple[tuple[str, dict[str, Any]], ...] = (
        ("rights", {"rights": OPEN_CASES}),
        ("rights", {"rights": "see_and_pay_invoices"}),
        ("notices", {"notices": "receipt"}),
        ("notices", {"notices": "invoice", "instead": "invoice"}),
        ("address", {"address": "suya@example.com"}),
    )
    for field, what in forged:
        answer = send(manager, path, **(mine | what))
        assert answer.status_code == 422, what
        assert f'id="{field}-error"' in answer.text, what
        kept = rows(both, party)[1]
        assert (kept.rights, kept.notices, kept.address) == (other.rights, ["cases"], other.address)
    assert send(manager, path, **mine, notices="invoice").status_code == 303
    kept = rows(both, party)[1]
    assert (kept.rights, kept.notices) == ([EDIT_PROFILE], ["invoice", "cases"]), "what is not theirs stays"
    assert acts(both) == [("contact.changed", "Marta")], "under the name of who did it"


def test_who_manages_contacts_lets_nobody_in_who_may_more_than_they(portal: Alone) -> None:
    party = portal.party(1)
    manager = portal.contact(party, rights=[MANAGE_CONTACTS], name="Marta")
    other = portal.let_in(party, [EDIT_PROFILE], name="Otra")
    assert act(manager, other.id, "suspend").status_code == 303, "taking away is no giving"
    resume = f"{CONTACTS}/{other.id}/resume"
    assert resume not in manager.get(CONTACTS).text
    assert resume in portal.client(party).get(CONTACTS).text
    act(manager, other.id, "resume")
    assert rows(portal, party)[1].state == "suspended"
    assert "solo el cliente puede hacer esto" in manager.get(CONTACTS).text
    act(portal.client(party), other.id, "resume")
    assert rows(portal, party)[1].state == "active"


def test_nobody_changes_their_own_entry_but_can_leave_and_is_told_before(portal: Alone) -> None:
    party = portal.party(1)
    manager = portal.contact(party, rights=[MANAGE_CONTACTS], name="Marta")
    (row,) = rows(portal, party)
    for path in (f"{CONTACTS}/{row.id}", f"{CONTACTS}/{row.id}/suspend"):
        assert manager.get(path).location == CONTACTS
    answer = send(manager, f"{CONTACTS}/{row.id}", address=row.address, rights=list(RIGHTS), notices=list(PREFERENCES))
    assert answer.status_code == 303
    act(manager, row.id, "suspend")
    with pytest.raises(OwnEntry), portal.db.write() as session:
        change_contact(session, party, row.id, _person(1, sub_account=True), None, row.id)
    (row,) = rows(portal, party)
    assert (row.rights, row.notices, row.state) == ([MANAGE_CONTACTS], [], "active")
    assert "Esta entrada es la suya: saldrá enseguida" in manager.get(f"{CONTACTS}/{row.id}/remove").text
    assert act(manager, row.id, "remove").location == HOME
    assert manager.get(HOME).status_code == 303
    assert rows(portal, party)[0].state == "removed"


def test_a_contact_of_somebody_else_is_not_there(portal: Alone) -> None:
    theirs = portal.let_in(portal.party(2), [SEE_INVOICES])
    client = portal.client(portal.party(1))
    for path in (f"{CONTACTS}/{theirs.id}", *(f"{CONTACTS}/{theirs.id}/{step}" for step in ("remove", "suspend"))):
        assert client.get(path).status_code == 404
        assert client.post(path, form=NEW).status_code == 404
    assert client.get(f"/customerarea/contacts/{new_id()}").status_code == 404


def _means() -> Means:
    return Means(new_id().hex, NoticeSecret(ciphertext="AA==", sealing_key="1"), "America/Bogota")


def _person(number: int, *, sub_account: bool) -> ContactData:
    lists: dict[str, Any] = {"notices": frozenset(), "instead": frozenset(), "rights": frozenset({SEE_CASES})}
    address = f"persona.{number}@despacho.example.com"
    return ContactData(
        name=f"Contacto {number}", address=address, phone="", language="es", sub_account=sub_account, **lists
    )


def test_a_client_invites_only_so_many_a_day_and_names_only_so_many(portal: Alone) -> None:
    party = portal.party(1)
    with portal.db.write() as session:
        for number in range(MOST_INVITATIONS):
            add_contact(session, party, _person(number, sub_account=True), _means(), None)
    with pytest.raises(TooManyInvitations), portal.db.write() as session:
        add_contact(session, party, _person(99, sub_account=True), _means(), None)
    with portal.db.write() as session:
        for number in range(MOST_INVITATIONS, MOST_CONTACTS):
            add_contact(session, party, _person(number, sub_account=False), None, None)
    answer = send(portal.client(party), NEW)
    assert answer.status_code == 422
    assert f"Ya hay {MOST_CONTACTS} contactos" in answer.text
    with portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Invitation)) == MOST_INVITATIONS


def test_of_two_that_name_the_same_address_at_once_one_does(both: Alone) -> None:
    party, gate = both.party(1), threading.Barrier(2)

    def name_them() -> bool:
        gate.wait(10)
        try:
            with both.db.write() as session:
                add_contact(session, party, _person(1, sub_account=False), None, None)
        except AddressTaken:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        done = [future.result(30) for future in [threads.submit(name_them) for _ in range(2)]]
    assert sorted(done) == [False, True]
    assert len(rows(both, party)) == 1


def test_the_staff_sees_all_of_it_and_agents_act_in_their_own_name(both: Alone) -> None:
    party = both.party(1)
    both.contact(party, rights=[SEE_INVOICES], notices=["invoice"])
    (row,) = rows(both, party)
    desk = f"/backoffice/portal/clients/{party}/contacts"
    auditor = both.staff("auditor")
    page = auditor.get(desk).text
    for text in (row.name, row.address, "Ver facturas", "Factura emitida", "Activo"):
        assert text in page
    assert f"{desk}/{row.id}/suspend" not in page
    assert auditor.get(f"{desk}/{row.id}/suspend").status_code == 403
    agent = both.staff("agent")
    assert f"{desk}/{row.id}/suspend" in agent.get(desk).text
    assert agent.post(f"{desk}/{row.id}/suspend").location == desk
    assert not is_open(both, row.id)
    agent.post(f"{desk}/{row.id}/remove")
    assert acts(both) == [("sub_account.suspended", "Ana Gómez"), ("contact.removed", "Ana Gómez")]
    assert "Contactos quitados" in agent.get(desk).text
