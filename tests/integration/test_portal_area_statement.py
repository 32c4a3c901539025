"""The account statement: its running balance ends where the invoices stand, on the page, on paper and as a table."""

import csv
import io
import random
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from pypdf import PdfReader
from werkzeug.test import TestResponse

from services.portal.pages.visitor import AREA
from services.portal.queries.invoices import owed
from services.portal.queries.payments import credit_of
from services.portal.rules.money import money_text
from tests.support.alone import Alone, portal_alone
from tests.support.billing import credit, invoice_now, issue, pay, reverse, today, void
from tests.support.clientarea import Browser

STATEMENT = f"{AREA}/statement"


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def small(tmp_path, sqlite_url):
    """Where the database makes no difference."""
    with portal_alone(tmp_path, sqlite_url) as made:
        yield made


def table(browser: Browser, query: str) -> list[list[str]]:
    """The rows of the CSV below its header."""
    answer = browser.get(f"{STATEMENT}/csv?{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))[1:]


def amounts(answer: TestResponse, label: str) -> list[str]:
    found = re.findall(rf"<dt>{label}</dt><dd>([^<]*)</dd>", answer.text)
    return [one.replace("\n", "").strip() for one in found]


def test_it_ends_where_the_invoices_stand_to_the_cent_in_every_currency(portal: Alone):
    party_id, chance = portal.party(1, classes="tenant+owner"), random.Random(7)
    for number in range(12):
        currency, role = ("COP", "USD")[number % 2], ("tenant", "owner")[number % 3 == 0]
        amount = Decimal(chance.randint(101, 99_999_999)) / 100
        day = today() - timedelta(days=chance.randint(0, 80))
        invoice = issue(portal.db, party_id, amount, currency=currency, role=role, issued=day, due_in=3)
        match number % 6:
            case 1:
                void(portal.db, invoice)
            case 2:
                pay(portal.db, party_id, amount + Decimal("0.01"), invoice, currency=currency)
            case 3:
                credit(portal.db, invoice, amount / 2 if (amount * 50) % 1 == 0 else Decimal("0.33"))
            case 4:
                reverse(portal.db, pay(portal.db, party_id, amount - Decimal("0.99"), invoice, currency=currency))
            case 5:
                pay(portal.db, party_id, Decimal("1.01"), invoice_now(portal.db, invoice.id), currency=currency)
    with portal.db.read() as session:
        owes, left = owed(session, party_id, today()), credit_of(session, party_id)
    browser = portal.client(party_id)
    for currency in ("COP", "USD"):
        stands = sum((one.open_total for one in owes if one.currency == currency), Decimal(0)) - left.get(currency, 0)
        query = f"period=own&from=2020-01-01&until={today()}&currency={currency}"
        opening, *rows, closing = table(browser, query)
        assert Decimal(opening[6]) == 0
        assert Decimal(closing[6]) == stands
        running = Decimal(0)
        for row in rows:
            running += Decimal(row[4] or 0) - Decimal(row[5] or 0)
            assert Decimal(row[6]) == running, row
        assert {row[7] for row in rows} == {currency}
        shown = money_text(abs(stands), currency, "es")
        page = browser.get(f"{STATEMENT}?{query}")
        assert amounts(page, "Saldo final")[0].startswith(shown)
        assert page.text.count('class="moves-sum"') == len(rows)
        paper = browser.get(f"{STATEMENT}/pdf?{query}")
        text = " ".join(one.extract_text() for one in PdfReader(io.BytesIO(paper.data)).pages)
        assert re.sub(r"\D", "", shown) in re.sub(r"\D", "", text)


def test_what_was_before_the_period_is_its_opening_balance(portal: Alone):
    party_id = portal.party(1)
    old = issue(portal.db, party_id, "1000", issued=today() - timedelta(days=100), due_in=1)
    issue(portal.db, party_id, "50.25", issued=today() - timedelta(days=20), due_in=1)
    pay(portal.db, party_id, "400", old, on=today() - timedelta(days=10))
    browser = portal.client(party_id)
    days = f"from={today() - timedelta(days=15)}&until={today() - timedelta(days=10)}"
    opening, movement, closing = table(browser, f"period=own&{days}")
    assert (Decimal(opening[6]), Decimal(closing[6])) == (Decimal("1050.25"), Decimal("650.25"))
    assert movement[0] == str(today() - timedelta(days=10)), "both days belong to it"
    assert movement[1] == "Pago"
    page = browser.get(f"{STATEMENT}?period=own&{days}")
    assert amounts(page, "Saldo inicial")[0].startswith("$\u00a01.050,25")


def test_credit_is_shown_as_such_and_what_begins_like_a_formula_stays_text(small: Alone):
    party_id = small.party(1)
    issue(small.db, party_id, "10", concept="=1+1")
    pay(small.db, party_id, "30.50")
    browser = small.client(party_id)
    page = browser.get(STATEMENT)
    assert re.search(r"30,50\xa0COP\s+a su favor|20,50\xa0COP\s+a su favor", page.text)
    rows = table(browser, "")
    assert rows[1][3] == "'=1+1"
    assert rows[-1][6] == "-20.50", "a number that a spreadsheet can add"


@pytest.mark.parametrize("days", ["from=2026-02-01&until=2026-01-01", "from=&until=", "from=1000-01-01&until=x"])
def test_days_that_cannot_be_are_said_at_the_fields_and_make_no_paper(small: Alone, days: str):
    browser = small.client(small.party(1))
    page = browser.get(f"{STATEMENT}?period=own&{days}")
    assert page.status_code == 422
    assert 'aria-describedby="days-error"' in page.text
    assert "Saldo final" not in page.text
    for paper in ("pdf", "csv"):
        assert browser.get(f"{STATEMENT}/{paper}?period=own&{days}").status_code == 422


def test_a_currency_that_is_not_theirs_falls_back_to_the_one_of_the_agency(small: Alone):
    party_id = small.party(1)
    issue(small.db, party_id, "10", currency="USD")
    issue(small.db, party_id, "20")
    browser = small.client(party_id)
    for asked in ("EUR", "<b>", ""):
        assert {row[7] for row in table(browser, f"currency={asked}")} == {"COP"}
    assert {row[7] for row in table(browser, "currency=USD")} == {"USD"}
