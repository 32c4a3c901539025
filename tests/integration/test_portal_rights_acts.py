"""What somebody does in the area of a client who lets them in stands under their own name."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from services.portal.models import CaseMessage, Contact, PaymentIntent, PaymentReport, StoredFile
from services.portal.pages.visitor import AREA
from services.portal.rules.rights import OPEN_CASES, PAY_INVOICES, SEE_CASES, SEE_INVOICES
from shared.events.acts import PortalActRecorded
from tests.support import cases
from tests.support.alone import Alone, portal_alone
from tests.support.billing import issue, today
from tests.support.clientarea import Browser
from tests.support.gateways import WOMPI, begin, event, tell, verdict

MARIA, ANA = "María Ríos", "Ana Contadora"


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url, gateways_wanted=("sandbox",)) as made:
        yield made


def acts(portal: Alone) -> list[tuple[str, str, str]]:
    """What was recorded: which act, by whom, about whom."""
    return [(one.act, one.actor_name, str(one.actor_id)) for one in cases.told(portal.db, PortalActRecorded)]


def every(portal: Alone, model: type[Any]) -> list[Any]:
    with portal.db.read() as session:
        return list(session.scalars(select(model).order_by(model.id)))


def report(browser: Browser) -> int:
    """Report a payment with its proof."""
    page = browser.get(f"{AREA}/reports/new").text
    values = dict(re.findall(r'name="(csrf_token|report_id)"[^>]*value="([^"]+)"', page))
    values |= {"amount": "1.000", "currency": "COP", "paid_on": today().isoformat(), "method": "transfer"}
    return browser.client.post(
        f"{AREA}/reports/new", data=values | {"proof": [(cases.photo(), "foto.jpg")]}
    ).status_code


def test_what_a_contact_does_is_recorded_under_their_own_name(portal: Alone) -> None:
    party_id = portal.party(1, name=MARIA)
    invoice = issue(portal.db, party_id)
    ana = portal.contact(party_id, rights=[SEE_INVOICES, PAY_INVOICES, SEE_CASES, OPEN_CASES], name=ANA)
    (contact,) = every(portal, Contact)
    asked = cases.ask(ana, files=[(cases.photo(), "gotera.jpg")])
    cases.fill_in(ana, asked.location, text="Sigue igual.")
    assert report(ana) == 303
    fields = {"currency": "COP", "invoice": str(invoice.id), "gateway": "sandbox", "step": "pay"}
    assert ana.post(f"{AREA}/pay/", **fields).status_code == 303
    assert ana.post(f"{AREA}/pay/", **fields).status_code == 303, "the same payment once more"
    done = [one for one in acts(portal) if one[1] == ANA]
    assert done == [(act, ANA, str(contact.person_id)) for act in
                    ("case.opened", "case.written", "report.submitted", "payment.started")]  # fmt: skip
    assert {one.author_name for one in every(portal, CaseMessage)} == {ANA}
    assert {one.created_by for one in every(portal, StoredFile)} == {ANA}
    assert [one.party_id for one in every(portal, PaymentIntent)] == [party_id]
    (reported,) = every(portal, PaymentReport)
    for browser, page in ((portal.client(party_id), f"{AREA}/reports"), (portal.staff(), "/backoffice/portal/reports")):
        assert ANA in browser.get(f"{page}/{reported.id}").text
    assert MARIA not in {name for _, name, _ in acts(portal)}


def test_everybody_reads_who_of_them_wrote_in_a_request(portal: Alone) -> None:
    party_id = portal.party(1, name=MARIA)
    maria = portal.client(party_id)
    ana = portal.contact(party_id, rights=[SEE_CASES, OPEN_CASES], name=ANA)
    address = cases.ask(maria).location
    cases.fill_in(ana, address, text="Adjunto la foto.")
    assert names(maria, address) == ["Usted", ANA]
    assert names(ana, address) == [MARIA, "Usted"]
    assert names(portal.contact(party_id, rights=[SEE_CASES], name="Luis Ríos"), address) == [MARIA, ANA]


def names(browser: Browser, address: str) -> list[str]:
    return re.findall(r'class="message-head"><strong>([^<]+)<', browser.get(address).text)


def test_who_only_opens_requests_gets_the_number_and_reads_none(portal: Alone) -> None:
    party_id = portal.party(1, name=MARIA)
    case = cases.open_one(portal.db, party_id, subject="Asunto de María")
    luis = portal.contact(party_id, rights=[OPEN_CASES], name="Luis Ríos")
    sent = cases.ask(luis)
    assert sent.location == f"{AREA}/"
    told = luis.get(sent.location).text
    assert cases.cases_in(portal.db)[1].number in told
    assert "Asunto de María" not in told
    assert "/customerarea/cases/new" in told
    assert luis.client.post(f"{AREA}/cases/{case.id}", data={"text": "Hola"}).status_code in (400, 403)
    assert [one.author_name for one in every(portal, CaseMessage)].count("Luis Ríos") == 1


def test_who_only_pays_is_thanked_and_sees_no_receipt(tmp_path) -> None:
    with portal_alone(tmp_path, f"sqlite:///{tmp_path}/{{service}}.db", **WOMPI) as portal:
        party_id = portal.party(1, name=MARIA)
        luis = portal.contact(party_id, rights=[PAY_INVOICES], name="Luis Ríos")
        intent = begin(portal, party_id, issue(portal.db, party_id))
        assert verdict(tell(portal, event(intent))) == "paid"
        page = luis.get(f"{AREA}/pay/{intent.id}").text
        assert "Gracias. La agencia ya lo sabe." in page
        assert "RC-0" not in page
        assert "/receipts" not in page
        assert "Su recibo es el RC-0" in portal.client(party_id).get(f"{AREA}/pay/{intent.id}").text


def test_only_the_client_can_move_their_e_mail_which_would_give_away_their_password(portal: Alone) -> None:
    party_id = portal.party(1, name=MARIA)
    ana = portal.contact(party_id, rights=["edit_profile"], name=ANA)
    answer = ana.get(f"{AREA}/profile/email")
    assert answer.status_code == 403
    assert f"Solo {MARIA} puede hacer esto" in answer.text


def test_somebody_without_any_right_is_told_whom_to_ask(portal: Alone) -> None:
    page = portal.contact(portal.party(1, name=MARIA), name=ANA).get(f"{AREA}/").text
    assert "Todavía no tiene ningún permiso" in page
    assert f"Hola, {ANA}" in page
    assert "$" not in re.sub(r"(?s)^.*<main|<footer.*$", "", page)
