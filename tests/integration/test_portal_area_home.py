"""What tenants, owners and those who are both see of their money, and that it agrees with their invoices."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from services.portal.pages.visitor import AREA
from services.portal.queries.invoices import list_open_invoices
from services.portal.rules.money import money_text
from tests.support.alone import Alone, portal_alone
from tests.support.billing import credit, draft, earn, issue, pay, reverse, today, void
from tests.support.clientarea import Browser

HOME, INVOICES = f"{AREA}/", f"{AREA}/invoices"


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


def text_of(browser: Browser, path: str = HOME) -> str:
    """What a page says, without its marks."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.status
    body = re.sub(r"(?s)^.*<main|<(?:svg|title).*?</(?:svg|title)>|<[^>]*>", " ", answer.get_data(as_text=True))
    return re.sub(r"\s+", " ", body)


def cop(amount: str) -> str:
    return re.sub(r"\s+", " ", money_text(Decimal(amount), "COP", "es"))


def test_a_tenant_sees_how_much_is_due_until_when_and_one_button_to_pay_it(portal: Alone):
    party_id = portal.party(1)
    late = issue(portal.db, party_id, "1000000.10", due_in=-10, concept="Canon de octubre")
    next_one = issue(portal.db, party_id, "1850000.25", due_in=5, concept="Canon de noviembre")
    draft(portal.db, party_id, "7777777", concept="Un borrador")
    void(portal.db, issue(portal.db, party_id, "5555555", concept="Una anulada"))
    browser = portal.client(party_id)
    seen = text_of(browser)
    assert f"Por pagar {cop('2850000.35')}" in seen
    assert f"Vencido: {cop('1000000.10')}" in seen
    assert next_one.due_on
    assert f"El resto vence el {next_one.due_on.day} de" in seen
    assert "Vencida hace 10 días" in seen
    assert "Un borrador" not in seen
    assert "7.777.777" not in seen
    assert browser.get(HOME).get_data(as_text=True).count('href="/customerarea/pay/') == 1
    assert seen.index("Canon de octubre") < seen.index("Canon de noviembre"), "the most urgent first"
    pay(portal.db, party_id, "2850000.35", late, next_one)
    assert "Está al día: no tiene nada por pagar." in text_of(browser)


def test_the_credit_that_is_left_is_shown_and_takes_nothing_off_what_is_due(portal: Alone):
    party_id = portal.party(1)
    paid = issue(portal.db, party_id, "100", concept="Cuota")
    pay(portal.db, party_id, "150.55", paid)
    reverse(portal.db, pay(portal.db, party_id, "33"))
    credit(portal.db, paid, "20")
    issue(portal.db, party_id, "500")
    seen = text_of(portal.client(party_id))
    assert f"Saldo a favor: {cop('70.55')}" in seen, "50.55 of the payment and 20 of the credit note"
    assert f"Por pagar {cop('500')}" in seen


def test_an_owner_sees_what_comes_in_and_apart_from_it_what_the_agency_charges(portal: Alone):
    party_id = portal.party(1, classes="owner")
    earn(portal.db, party_id, "1850000.40", "-148000", "-52000.15", paid_on=today())
    earn(portal.db, party_id, "900000")
    earn(portal.db, party_id, "31313131", published=False)
    earn(portal.db, party_id, "5000000", paid_on=today() - timedelta(days=400))
    issue(portal.db, party_id, "148000", role="owner", concept="Comisión de administración")
    browser = portal.client(party_id)
    seen = text_of(browser)
    assert seen.index("Lo que usted recibe") < seen.index("Facturas de comisión")
    assert f"Por pagarle a usted {cop('900000')}" in seen
    assert f"Se le ha pagado en {today().year} {cop('1650000.25')}" in seen
    assert f"Por pagar {cop('148000')}" in seen
    assert "31.313.131" not in seen
    assert "Facturas de arriendo" not in seen
    assert "31.313.131" not in text_of(browser, f"{AREA}/income")


def test_who_is_both_sees_money_out_and_money_in_apart_and_the_sums_agree_with_the_invoices(portal: Alone):
    party_id = portal.party(1, classes="tenant+owner")
    rent = issue(portal.db, party_id, "1850000.33", due_in=-1)
    issue(portal.db, party_id, "148000.11", role="owner")
    issue(portal.db, party_id, "99.99", role="owner", currency="USD")
    pay(portal.db, party_id, "850000.04", rent)
    earn(portal.db, party_id, "1000000")
    browser = portal.client(party_id)
    seen = text_of(browser)
    with portal.db.read() as session:
        open_ones = list_open_invoices(session, party_id)
    owes = sum((one.balance for one in open_ones if one.currency == "COP"), Decimal(0))
    assert owes == Decimal("1148000.40")
    assert f"{cop(str(owes))} tiene por pagar" in seen
    assert f"{cop('1000000')} tiene por recibir" in seen
    assert "$ 99,99 USD tiene por pagar" in seen
    assert f"Facturas de arriendo {cop('1000000.29')} Facturas de comisión {cop('148000.11')}" in seen
    rents, commissions = (text_of(browser, f"{INVOICES}?role={role}") for role in ("tenant", "owner"))
    assert cop("1000000.29") in rents
    assert cop("148000.11") not in rents
    assert cop("148000.11") in commissions


def test_who_was_a_tenant_still_sees_what_is_owed_as_one(portal: Alone):
    party_id = portal.party(1, classes="owner")
    issue(portal.db, party_id, "1850000", role="tenant")
    assert f"Por pagar {cop('1850000')}" in text_of(portal.client(party_id))


def test_pages_without_anything_say_what_will_be_there(portal: Alone):
    browser = portal.client(portal.party(1, classes="tenant+owner"))
    assert "Aún no hay facturas de arriendo" in text_of(browser)
    assert "Aún no hay liquidaciones" in text_of(browser)
    for path, text in (
        ("invoices", "Aún no hay facturas"),
        ("receipts", "Aún no hay recibos"),
        ("income", "Aún no hay liquidaciones"),
        ("statement", "No hubo movimientos en este periodo"),
    ):
        assert text in text_of(browser, f"{AREA}/{path}")
    assert browser.get(f"{INVOICES}/zip").location == f"{INVOICES}?role=&state=&q="


def test_invoices_are_found_by_state_number_and_concept_page_by_page(portal: Alone):
    party_id = portal.party(1)
    late = issue(portal.db, party_id, "1", due_in=-1, concept="La vencida")
    paid = issue(portal.db, party_id, "2", concept="La pagada")
    pay(portal.db, party_id, "2", paid)
    credit(portal.db, issue(portal.db, party_id, "3", concept="La acreditada"), "3")
    for number in range(22):
        issue(portal.db, party_id, "4", concept=f"La abierta {number}")
    browser = portal.client(party_id)

    def shown(query: str) -> set[str]:
        found = re.findall(r'class="bill-what"[^>]*>([^<]+)<', browser.get(f"{INVOICES}?{query}").text)
        return {re.sub(r" \d+$", "", one) for one in found}

    assert shown("state=overdue") == {"La vencida"}
    assert shown("state=settled") == {"La pagada", "La acreditada"}
    assert shown(f"q={late.number}") == {"La vencida"}
    assert shown("q=la+PAGADA") == {"La pagada"}
    assert shown("state=nonsense&role=nobody") == {"La abierta"}, "what it cannot mean is as if it were not there"
    first = browser.get(f"{INVOICES}?state=open").text
    assert first.count('class="bill-what"') == 20
    onwards = re.search(r'rel="next" href="([^"]+)"', first)
    assert onwards
    second = browser.get(onwards[1].replace("&amp;", "&")).text
    assert second.count('class="bill-what"') == 3
    assert "La vencida" in second


def test_nothing_opens_before_an_initial_password_was_changed(portal: Alone):
    party_id = portal.party(1)
    invoice = issue(portal.db, party_id)
    browser = portal.client(party_id, must_change=True)
    for path in (HOME, INVOICES, f"{INVOICES}/{invoice.id}/pdf", f"{INVOICES}/zip", f"{AREA}/statement/csv"):
        assert browser.get(path).location == f"{AREA}/password"
