"""The whole main job through the pages, as an agent and the clients do it: the steps of the agency's own guide."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.steps import (
    accept,
    apply_the_import,
    cancel_what_waits,
    choose_own_password,
    document_of,
    generate_at_random,
    is_at_home,
    is_refused,
    issue_to_owners_except,
    name_of,
    pause_sending,
    read_in_the_local_mailbox,
    resume_sending,
    save_another_field,
    send_slowly,
    sign_in,
    sign_in_as_administrator,
    sign_in_for_the_first_time,
    sign_out,
    type_a_password,
    upload_people,
)
from tests.support.embedded import EmbeddedRun
from tests.support.people import as_csv, person
from tests.support.smtp import ReceivedLetter
from tests.support.waiting import wait_until
from tests.support.walking import Walker

pytestmark = pytest.mark.browser

PEOPLE, FIRST_OWNER = 1000, 600  # numbered in the order of the file, which is the order of their letters
WITHOUT_ADDRESS, WITHOUT_CLASS = 700, 10
LEFT_OUT = (900, 901)
HAS_CHOSEN_ONE, HAS_A_TYPED_ONE, HAS_NONE = 999, 998, 997
OWN_PASSWORD = "tejado nube cincel 42"
TYPED, TYPED_LATER, TYPED_FOR_NOBODY = "lámpara verde y pan 7", "puente azul con sal 8", "ventana gris de maíz 9"


def agency() -> bytes:
    """1,000 people: one row has no known class and so a problem, one owner has no address."""
    people = [person(number, classes="tenant" if number < FIRST_OWNER else "owner") for number in range(PEOPLE)]
    people[WITHOUT_ADDRESS]["emails"] = []
    row = f"{name_of(WITHOUT_CLASS)},inquilino"
    return as_csv(people).replace(row.encode(), row.replace("inquilino", "vecino").encode())


def letters_to(running: EmbeddedRun, number: int) -> list[ReceivedLetter]:
    return [letter for letter in running.sink() if f"persona{number}@example.com" in letter.recipients[0]]


def test_from_the_list_of_people_to_a_key_in_each_hand(running: EmbeddedRun, open_page: OpenPage) -> None:
    agent, client = Walker(open_page(), "es"), Walker(open_page(phone=True), "es")
    sign_in_as_administrator(agent, running.system.admin_password)
    upload_people(agent, agency(), new=PEOPLE - 1)
    expect(agent.page.get_by_role("row", name=re.compile("vecino"))).to_contain_text("clase")
    apply_the_import(agent)
    agent.page.goto("/backoffice/directory/")
    expect(agent.page.get_by_text(f"{PEOPLE - 1} terceros")).to_be_visible()
    agent.see("terceros")

    # One by one: at random, typed, and by saving nothing.
    generate_at_random(agent, HAS_CHOSEN_ONE)
    type_a_password(agent, HAS_A_TYPED_ONE, TYPED)
    wait_until(lambda: letters_to(running, HAS_CHOSEN_ONE) and letters_to(running, HAS_A_TYPED_ONE))
    save_another_field(agent, HAS_CHOSEN_ONE)
    login, password = read_in_the_local_mailbox(agent, HAS_CHOSEN_ONE)
    assert login == document_of(HAS_CHOSEN_ONE)
    client.page.goto("/customerarea/")
    client.see("cliente-ingreso")
    sign_in_for_the_first_time(client, HAS_CHOSEN_ONE, login, password, OWN_PASSWORD)

    # To all owners except two, paused before it is through.
    send_slowly(agent, "10")
    to_send = issue_to_owners_except(agent, LEFT_OUT)
    assert to_send == PEOPLE - FIRST_OWNER - len(LEFT_OUT) - 1
    expect(agent.page.get_by_role("row", name=name_of(WITHOUT_ADDRESS))).to_contain_text("Sin correo electrónico")
    accept(agent, to_send)
    wait_until(lambda: letters_to(running, FIRST_OWNER), message="the batch's first letter did not leave", timeout=30)
    pause_sending(agent)
    expect(agent.page.locator(".state", has_text="Pendiente").first).to_be_visible()

    # Letters that wait are replaced by these two, whose passwords we know, and cancelled with all others.
    type_a_password(agent, HAS_A_TYPED_ONE, TYPED_LATER)
    type_a_password(agent, HAS_NONE, TYPED_FOR_NOBODY)
    cancelled = cancel_what_waits(agent)
    assert 2 < cancelled < to_send
    resume_sending(agent)
    agent.page.goto("/backoffice/mailer/letters")
    agent.see("todas-las-cartas")
    agent.page.get_by_role("table").get_by_role("link").first.click()
    agent.see("carta")

    # Who got a letter signs in with what it says.
    login, password = read_in_the_local_mailbox(agent, FIRST_OWNER)
    sign_in_for_the_first_time(client, FIRST_OWNER, login, password, OWN_PASSWORD)
    # Nobody who was cancelled can sign in with a new password; whoever had one before still can with the old.
    is_refused(client, document_of(HAS_NONE), TYPED_FOR_NOBODY)
    client.see("cliente-rechazado")
    is_refused(client, document_of(HAS_A_TYPED_ONE), TYPED_LATER)
    sign_in(client, document_of(HAS_A_TYPED_ONE), TYPED)
    choose_own_password(client, TYPED, OWN_PASSWORD)
    is_at_home(client, HAS_A_TYPED_ONE)
    sign_out(client)
    sign_in(client, document_of(HAS_CHOSEN_ONE), OWN_PASSWORD)
    is_at_home(client, HAS_CHOSEN_ONE)

    # Saving another field, and being left out, sent nothing; nobody got two letters of the batch.
    assert len(letters_to(running, HAS_CHOSEN_ONE)) == 1
    assert not any(letters_to(running, number) for number in (*LEFT_OUT, WITHOUT_ADDRESS, HAS_NONE))
    assert len({letter.recipients for letter in running.sink()}) == len(running.sink())
    assert not agent.barriers + client.barriers, "\n".join(agent.barriers + client.barriers)
    assert not agent.overflows + client.overflows, "\n".join(agent.overflows + client.overflows)
