"""The pages for everybody: in English, on a phone, without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

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
    pause_sending,
    read_in_the_local_mailbox,
    resume_sending,
    sign_in,
    sign_in_as_administrator,
    sign_out,
    type_a_password,
    upload_people,
)
from tests.support.embedded import EmbeddedRun
from tests.support.people import as_csv, person
from tests.support.waiting import wait_until
from tests.support.walking import Walker

pytestmark = pytest.mark.browser

OWN_PASSWORD = "tejado nube cincel 42"


def sign_in_in_english(page: Page, password: str) -> None:
    page.goto("/backoffice/")
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Back office", exact=True)).to_be_visible()


def test_the_menu_of_a_phone_leads_everywhere(running: EmbeddedRun, open_page: OpenPage) -> None:
    page = open_page(phone=True, language="en-US")
    sign_in_in_english(page, running.system.admin_password)
    for area, section, heading in (
        ("Directory", "Imports", "Imports"),
        ("Access", "History", "History of batches"),
        ("Mail", "All letters", "All letters"),
        ("Client area", "Clients", "Clients in the client area"),
    ):
        page.get_by_text("Menu", exact=True).click()
        page.get_by_role("navigation", name="Back offices").get_by_role("link", name=area, exact=True).click()
        page.get_by_text("Menu", exact=True).click()
        page.get_by_role("navigation", name=area, exact=True).get_by_role("link", name=section, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    page.get_by_text("Menu", exact=True).click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/backoffice/directory/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_everything_essential_works_without_javascript(running: EmbeddedRun, open_page: OpenPage) -> None:
    agent, client = Walker(open_page(scripts=False)), Walker(open_page(phone=True, scripts=False))
    sign_in_as_administrator(agent, running.system.admin_password)
    people = [person(number, classes="owner") for number in range(30_000, 30_006)]
    upload_people(agent, as_csv(people), new=len(people))
    apply_the_import(agent)

    generate_at_random(agent, 30_000)
    wait_until(lambda: any("persona30000@" in letter.recipients[0] for letter in running.sink()))
    login, password = read_in_the_local_mailbox(agent, 30_000)
    sign_in(client, login, password)
    choose_own_password(client, password, OWN_PASSWORD)
    is_at_home(client, 30_000)
    sign_out(client)

    pause_sending(agent)
    accept(agent, issue_to_owners_except(agent, [30_001]))
    type_a_password(agent, 30_002, "puente azul con sal 8")
    assert cancel_what_waits(agent) >= len(people) - 1
    resume_sending(agent)
    is_refused(client, document_of(30_002), "puente azul con sal 8")
    sign_in(client, login, OWN_PASSWORD)
    is_at_home(client, 30_000)
