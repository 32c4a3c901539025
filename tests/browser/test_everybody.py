"""The pages for everybody: in English, on a phone, without JavaScript."""

import re

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

SPANISH = re.compile(r"[áéíóúüñ¿¡«»]", re.IGNORECASE)
OWN_PASSWORD = "tejado nube cincel 42"
READER = 20_000

# What is data, or names a language or a column of the file, may be in Spanish on an English page.
TEXT = """() => {
  const page = document.body.cloneNode(true);
  for (const part of page.querySelectorAll("code, script, [lang=es], .brand, .foot")) part.remove();
  return page.innerText.replaceAll("Portería", "").replaceAll("Español", "");
}"""


def english_person(number: int, classes: str = "owner") -> dict[str, object]:
    return {**person(number, classes=classes), "name": f"Person {number}", "language": "en"}


def sign_in_in_english(page: Page, password: str) -> None:
    page.goto("/backoffice/")
    page.get_by_label("User").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Back office")).to_be_visible()


def test_every_page_is_english_and_fits_a_phone(running: EmbeddedRun, open_page: OpenPage) -> None:
    api = running.system.client()
    api.import_csv(as_csv(english_person(number) for number in range(READER, READER + 3)))
    bad = api.import_csv(as_csv([{**english_person(READER + 4), "classes": []}]))
    parties = {party["document_number"]: party["id"] for party in api.all("directory/v1/parties", q="Person")}
    party = parties[document_of(READER)]
    batch = api.issue_batch(scope="only", party_ids=list(parties.values()))
    letters = wait_until(lambda: api.get("mailer/v1/letters", batch_id=batch["id"])["items"])
    wait_until(lambda: len(running.sink()) >= 3)
    pages = {
        "start": "/backoffice/",
        "parties": "/backoffice/directory/?q=person",
        "party": f"/backoffice/directory/parties/{party}",
        "party-edit": f"/backoffice/directory/parties/{party}/edit",
        "party-type-key": f"/backoffice/directory/parties/{party}/edit?clave=escribir",
        "party-new": "/backoffice/directory/parties/new",
        "imports": "/backoffice/directory/imports",
        "import-new": "/backoffice/directory/imports/new",
        "import-problems": f"/backoffice/directory/imports/{bad['id']}",
        "draft": "/backoffice/identity/batches/new?q=person",
        "draft-confirm": "/backoffice/identity/batches/new/confirm",
        "batches": "/backoffice/identity/batches/",
        "batch": f"/backoffice/identity/batches/{batch['id']}",
        "access": "/backoffice/identity/parties/?q=person",
        "access-party": f"/backoffice/identity/parties/{party}",
        "staff": "/backoffice/identity/staff/",
        "own-password": "/backoffice/identity/password/",
        "waiting": "/backoffice/mailer/",
        "letters": "/backoffice/mailer/letters",
        "letter": f"/backoffice/mailer/letters/{letters[0]['id']}",
        "pace": "/backoffice/mailer/queue",
        "mailbox": "/backoffice/mailer/sink",
        "clients": "/backoffice/portal/",
        "nothing-here": "/backoffice/directory/parties/nobody",
    }
    reader = Walker(open_page(phone=True, language="en-US"), "en")
    sign_in_in_english(reader.page, running.system.admin_password)
    spanish: list[str] = []
    for name, address in pages.items():
        answer = reader.page.goto(address)
        assert answer is not None
        assert answer.status == (404 if name == "nothing-here" else 200), f"{name}: {answer.status} {address}"
        spanish += left_in_spanish(reader, name)
        reader.see(name)
    client = Walker(open_page(phone=True, language="en-US"), "en")
    for name, address in {
        "client-sign-in": "/customerarea/",
        "client-forgot": "/customerarea/forgot",
        "client-link-gone": "/customerarea/reset?token=gone",
    }.items():
        client.page.goto(address)
        spanish += left_in_spanish(client, name)
        client.see(name)

    assert not reader.barriers + client.barriers, "\n".join(reader.barriers + client.barriers)
    assert not reader.overflows + client.overflows, "\n".join(reader.overflows + client.overflows)
    assert not spanish, "\n".join(spanish)


def left_in_spanish(walker: Walker, name: str) -> list[str]:
    lines = walker.page.evaluate(TEXT).splitlines()
    return [f"{name}: {line.strip()}" for line in lines if SPANISH.search(line)]


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
