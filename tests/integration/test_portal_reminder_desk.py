"""The staff sets when clients are reminded, looks at what happened and at what comes, and marks disputes."""

import csv
import io
import re
from datetime import timedelta

import pytest

from services.portal.queries.reminders import class_rules, client_rules
from services.portal.rules.reminders import StepRule
from tests.support.alone import portal_alone
from tests.support.billing import issue, today
from tests.support.reminding import run_day, said, switch_on
from tests.support.sixty_days import at

DESK = "/backoffice/portal/reminders"
TENANTS = f"{DESK}/rules/tenant"
WRITTEN = {"on_overdue_first": "yes", "days_overdue_first": "3", "on_overdue_second": "yes", "days_overdue_second": "9"}


def numbers(page: str) -> set[str]:
    """The invoices that a page names."""
    return set(re.findall(r"FV-\d+", page))


@pytest.fixture
def portal(tmp_path, sqlite_url):
    with portal_alone(tmp_path, sqlite_url) as made:
        yield made


def test_at_first_all_is_off_and_the_page_says_what_to_do(portal):
    page = portal.staff("administrator").get(DESK).text
    assert "Todos los recordatorios están apagados" in page
    assert TENANTS in page
    assert "Un administrador puede encenderlos" in portal.staff().get(DESK).text
    assert TENANTS not in portal.staff().get(DESK).text
    assert "Todos los recordatorios están apagados" in portal.staff().get(f"{DESK}/tomorrow").text


def test_an_administrator_switches_steps_on_with_days_that_make_sense(portal):
    admin = portal.staff("administrator")
    for wrong in ({"days_overdue_first": "0"}, {"days_overdue_first": "61"}, {"days_overdue_second": "3"}):
        refused = admin.post(TENANTS, **WRITTEN | wrong)
        assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (422, True), wrong
        assert 'value="9"' in refused.text or "days_overdue_second" in wrong
    assert admin.post(TENANTS, **WRITTEN).status_code == 303
    with portal.db.read() as session:
        rules = {rule.kind: rule for rule in class_rules(session)["tenant"]}
        assert not any(rule.enabled for rule in class_rules(session)["owner"])
    assert rules["overdue_second"] == StepRule("overdue_second", 9, True)
    assert not rules["reminder_due"].enabled
    assert "3 días después del vencimiento" in admin.get(DESK).text


def test_one_client_is_reminded_on_other_days_or_never(portal):
    switch_on(portal.db)
    party, other, admin = portal.party(), portal.party(2), portal.staff("administrator")
    page = f"/backoffice/portal/clients/{party}/reminders"
    refused = admin.post(page, way_overdue_first="own", days_overdue_first="")
    assert (refused.status_code, "número de días de 1 a 60" in refused.text) == (422, True)
    assert (
        admin.post(page, way_overdue_first="own", days_overdue_first="2", way_reminder_due="never").status_code == 303
    )
    issue(portal.db, party, due_in=0)
    issue(portal.db, other, due_in=0)
    for number in range(3):
        run_day(portal.db, today() + timedelta(number))
    told = [(one.kind, one.number) for one in said(portal.db)]
    assert told == [("reminder_due", "FV-000002"), ("overdue_first", "FV-000002"), ("overdue_first", "FV-000001")]
    shown = portal.staff().get(page).text
    assert "2 días después del vencimiento" in shown
    assert "<form" not in shown.split("<main", 1)[1], "an agent looks"
    assert admin.post(page, way_overdue_first="class", way_reminder_due="class").status_code == 303
    with portal.db.read() as session:
        assert client_rules(session, [party]) == {}


def test_what_comes_tomorrow_is_shown_counted_paged_and_downloaded(portal):
    switch_on(portal.db)
    for number in range(1, 54):
        issue(portal.db, portal.party(number), due_in=1)
    agent = portal.staff()
    page = agent.get(f"{DESK}/tomorrow").text
    assert "53 correos" in page
    following = page.split('rel="next" href="')[1].split('"')[0]
    first, second = numbers(page), numbers(agent.get(following).text)
    assert (len(first), len(second), len(first | second)) == (50, 3, 53)
    rows = list(csv.reader(io.StringIO(agent.get(f"{DESK}/tomorrow.csv").text.lstrip("\ufeff"))))
    assert {row[1] for row in rows[1:]} == first | second
    assert said(portal.db) == []


def test_today_is_repeated_for_rules_that_were_switched_on_since(portal):
    issue(portal.db, portal.party(), due_in=0)
    run_day(portal.db, today())
    switch_on(portal.db)
    with at(today(), 12):
        admin = portal.staff("administrator")
        page = admin.get(DESK).text
        assert f"{DESK}/repeat" in page
        assert admin.post(f"{DESK}/repeat").status_code == 303
        assert "En curso" in admin.get(DESK).text
    run_day(portal.db, today())
    assert [one.kind for one in said(portal.db)] == ["reminder_due"]


def test_a_dispute_has_a_reason_that_the_client_reads_and_ends_when_it_is_settled(portal):
    party = portal.party()
    invoice = issue(portal.db, party, due_in=3)
    agent, client = portal.staff(), portal.client(party)
    page = f"/backoffice/portal/invoices/{invoice.id}"
    assert agent.post(f"{page}/dispute", reason="").status_code == 422
    assert agent.post(f"{page}/dispute", reason="El valor no es el pactado").status_code == 303
    for shown in (agent.get(page), client.get(f"/customerarea/invoices/{invoice.id}")):
        assert "El valor no es el pactado" in shown.text
    for listed in (agent.get("/backoffice/portal/invoices"), client.get("/customerarea/invoices")):
        assert "En disputa" in listed.text
    assert agent.post(f"{page}/settle").status_code == 303
    assert "En disputa" not in client.get("/customerarea/invoices").text
    assert agent.post(f"{page}/settle").status_code == 303
    assert "Ya se resolvió antes" in agent.get(page).text
