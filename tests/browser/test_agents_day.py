"""A whole day in the back office, as somebody who sees it for the first time: in Spanish at a desk, in English on a
phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.agents_day import (
    Agent,
    change_the_letter,
    correct_and_issue_again,
    find_out_on_the_start_page,
    find_the_audit_entries,
    hand_in_what_came_back,
    import_with_problems,
    issue_links,
    name_of,
    read_the_story,
    sign_in,
)
from tests.browser.conftest import OpenPage
from tests.support.embedded import EmbeddedRun
from tests.support.processes import kill_tree
from tests.support.smtp import ReceivedLetter
from tests.support.waiting import wait_until

pytestmark = pytest.mark.browser

BOUNCED = 77
SUBJECT = "Su llave del área de clientes"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[EmbeddedRun]:
    """A fresh installation for each day."""
    made = EmbeddedRun(tmp_path)
    made.start()
    yield made
    kill_tree(made.process)


@pytest.mark.parametrize(("language", "phone"), [("es", False), ("en", True)], ids=["es-desk", "en-phone"])
def test_an_agents_day(running: EmbeddedRun, open_page: OpenPage, language: str, phone: bool) -> None:
    locale = {"es": "es-CO", "en": "en-US"}[language]
    agent = Agent(open_page(phone=phone, language=locale), language, f"dia-{language}")
    sign_in(agent, running.system.admin_password)

    import_with_problems(agent)
    change_the_letter(agent, SUBJECT)
    tests = wait_until(lambda: letters_to(running, "agente@example.com"), timeout=30)
    assert SUBJECT in str(tests[0].message["Subject"])

    issue_links(agent)
    first = wait_until(lambda: letters_to(running, f"persona{BOUNCED}@example.com"), timeout=60)[0]
    assert str(first.message["Subject"]) == SUBJECT
    hand_in_what_came_back(agent, first)
    find_out_on_the_start_page(agent, name_of(BOUNCED))
    correct_and_issue_again(agent, BOUNCED, "nueva.direccion@example.com")
    wait_until(lambda: letters_to(running, "nueva.direccion@example.com"), timeout=60)
    read_the_story(agent, BOUNCED)
    find_the_audit_entries(agent, BOUNCED)

    assert not agent.barriers, "\n".join(agent.barriers)
    assert not agent.overflows, "\n".join(agent.overflows)


def letters_to(running: EmbeddedRun, address: str) -> list[ReceivedLetter]:
    return [letter for letter in running.sink() if address in letter.recipients[0]]
