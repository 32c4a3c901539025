"""The client area on a phone, as a new client meets it, and the agency beside it; and the guide that is made of it."""

import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from shared.embedded.demo_steps import Api
from shared.embedded.guide_data import SCOPES, make_clients
from shared.embedded.guide_walk import walk
from tests.browser.client_walk import (
    RENT,
    accept_the_proof,
    answer_the_complaint,
    attach_fiscal_document,
    change_the_address,
    complain,
    get_the_guide,
    look_as_the_client,
    look_at_the_debts,
    pay_two_online,
    prepare,
    read_an_invoice,
    read_the_answer,
    report_a_transfer,
    see_the_payment,
    see_them_paid,
    see_what_is_due,
    sign_in_for_the_first_time,
)
from tests.browser.conftest import OpenPage
from tests.browser.contacts_walk import (
    NUMBER,
    accept_the_invitation,
    add_the_accountant,
    read_download_and_pay,
    remind_today,
    see_nothing_else,
    sign_in_again,
)
from tests.browser.steps import sign_in_as_administrator
from tests.support.billing import today
from tests.support.embedded import EmbeddedRun
from tests.support.smtp import ReceivedLetter
from tests.support.walking import Walker

pytestmark = pytest.mark.browser


def test_a_client_sees_pays_asks_and_reads_the_answer_on_a_phone(running: EmbeddedRun, open_page: OpenPage) -> None:
    def letters_to(address: str) -> list[ReceivedLetter]:
        return [letter for letter in running.sink() if address in letter.recipients[0]]

    owing = prepare(running.system.client())
    agent, client = Walker(open_page(), "clienta"), Walker(open_page(phone=True), "clienta")
    sign_in_as_administrator(agent, running.system.admin_password)
    attach_fiscal_document(agent, owing.ids[RENT])

    sign_in_for_the_first_time(client)
    see_what_is_due(client, "3.950.000,50")
    read_an_invoice(client)
    pay_two_online(client)
    see_them_paid(client)
    change_the_address(client, letters_to)
    complain(client)
    look_at_the_debts(agent)
    report_a_transfer(client)

    answer_the_complaint(agent)
    see_the_payment(agent)
    accept_the_proof(agent)
    look_as_the_client(agent, owing.party)

    read_the_answer(client)
    get_the_guide(client)
    assert not agent.barriers + client.barriers, "\n".join(agent.barriers + client.barriers)
    assert not agent.overflows + client.overflows, "\n".join(agent.overflows + client.overflows)


def test_a_contact_is_let_in_sees_pays_and_is_reminded_once(running: EmbeddedRun, open_page: OpenPage) -> None:
    def letters_to(address: str) -> list[ReceivedLetter]:
        return [letter for letter in running.sink() if address in letter.recipients[0]]

    owing = prepare(running.system.client(), NUMBER, {RENT: 0})
    agent = Walker(open_page(), "contactos")
    client, contact = Walker(open_page(phone=True), "contactos"), Walker(open_page(phone=True), "contactos")
    sign_in_as_administrator(agent, running.system.admin_password)
    attach_fiscal_document(agent, owing.ids[RENT], NUMBER)

    sign_in_for_the_first_time(client, NUMBER)
    add_the_accountant(client)
    accept_the_invitation(contact, letters_to)
    sign_in_again(contact)
    see_nothing_else(contact)
    remind_today(agent, letters_to)
    read_download_and_pay(contact)
    for walker in (agent, client, contact):
        assert not walker.barriers, "\n".join(walker.barriers)
        assert not walker.overflows, "\n".join(walker.overflows)


def test_the_guide_finds_each_of_its_steps_and_gets_its_picture(
    running: EmbeddedRun, browser: Browser, tmp_path: Path
) -> None:
    system = running.system
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    made = json.loads(system.run("identity", "create-client", "guide", *scopes).splitlines()[-1])
    people = make_clients(Api(system.url, made["client_id"], made["client_secret"]), today(), ("es",))
    steps = json.loads(system.run("portal", "guide-steps").splitlines()[-1])

    taken, skipped = walk(browser, system.url, "es", people["es"], steps, tmp_path, may_change=True)

    assert (taken, skipped) == (len(steps), [])
    system.run("portal", "make-guide", str(tmp_path))
    guide = (system.folder / "var" / "portal" / "guide" / "guia-es.pdf").read_bytes()
    assert sum(len(page.images) for page in PdfReader(io.BytesIO(guide)).pages) == len(steps)
