"""The mail history, one's own choice of letters, and stopping them from the letter itself."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.portal.actions.letter_ends import forget_letters
from services.portal.actions.notices import renew_notices
from services.portal.models import Contact, FormerLetter, HolderChoice, Notice, Party
from services.portal.rules.notices import CASE_CLOSED, OVERDUE_FIRST, PREFERENCES, RECEIPT, REMINDER_BEFORE
from services.portal.rules.rights import SEE_INVOICES, SEE_MAIL
from shared import clock
from shared.db import new_id
from shared.events.acts import ACT_EVENTS
from shared.events.mailer import LetterBounced, LetterSent
from shared.events.portal import NoticeRaised, NoticeWithdrawn
from tests.support.alone import Alone, portal_alone
from tests.support.billing import issue, today
from tests.support.clientarea import PUBLIC_URL
from tests.support.notices import ANA, HOLDER, contact, hear, letter, news_about, published, states, told

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
HISTORY, CHOICES = "/customerarea/letters", "/customerarea/letters/choices"


@pytest.fixture
def alone(tmp_path: Path, database_url: str) -> Iterator[Alone]:
    with portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def small(tmp_path: Path, sqlite_url: str) -> Iterator[Alone]:
    with portal_alone(tmp_path, sqlite_url) as made:
        yield made


def raised_to(alone: Alone, address: str) -> NoticeRaised:
    """The last letter to this address."""
    return [one for one in published(alone.db, NoticeRaised) if one.reader.address == address][-1]


def ticked(page: str) -> set[str]:
    """The kinds of letters that are ticked on a page."""
    boxes = re.findall(r'<input[^>]*name="wanted"[^>]*>', page)
    return {re.findall(r'value="(\w+)"', box)[0] for box in boxes if " checked" in box}


def acts(alone: Alone) -> list[tuple[str, str, dict[str, str]]]:
    """What was recorded about letters."""
    found = published(alone.db, ACT_EVENTS["portal"])
    return [
        (one.act, one.actor_name, {detail.name: detail.value for detail in one.details})
        for one in found
        if one.act.startswith("notices.")
    ]


# Stopping, from the letter


def test_one_click_of_the_mail_program_stops_letters_of_that_kind_and_only_those(alone):
    party_id = alone.party()
    made = contact(alone.db, party_id)
    told(alone.db, news_about(party_id, REMINDER_BEFORE))
    told(alone.db, news_about(party_id, RECEIPT))
    waiting = [one for one in published(alone.db, NoticeRaised) if one.reader.address == ANA]
    stranger = alone.app.test_client()
    for _ in range(2):  # mail programs repeat it
        answer = stranger.post(waiting[0].stop_path, data=ONE_CLICK, base_url=PUBLIC_URL)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert told(alone.db, news_about(party_id, REMINDER_BEFORE)) == [HOLDER]
    assert told(alone.db, news_about(party_id, RECEIPT)) == [ANA, HOLDER]
    gone = published(alone.db, NoticeWithdrawn)
    assert [(one.notice_id, one.reason) for one in gone] == [(waiting[0].notice_id, "stopped")]
    with alone.db.read() as session:
        found = session.get_one(Contact, made)
    assert (found.notices, found.stopped) == (list(PREFERENCES), ["reminder"]), "what the client gave stays"
    assert acts(alone) == [
        ("notices.stopped", found.name, {"notices": "reminder", "address": "a•••@example.com", "name": found.name})
    ]


def test_looking_at_the_page_stops_nothing_and_it_says_what_it_would(alone):
    party_id = alone.party()
    told(alone.db, news_about(party_id, OVERDUE_FIRST))
    path = raised_to(alone, HOLDER).stop_path
    stranger = alone.app.test_client()
    page = stranger.get(path, base_url=PUBLIC_URL)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Factura vencida" in page.text
    assert "Persona Número 1" in page.text
    assert "p•••@example.com" in page.text
    assert HOLDER not in page.text
    assert ticked(page.text) == set(PREFERENCES)
    assert told(alone.db, news_about(party_id, OVERDUE_FIRST)) == [HOLDER]
    stopped = stranger.post(path, data={"do": "stop"}, base_url=PUBLIC_URL)
    assert "Ya no enviaremos «Factura vencida»" in stopped.text
    assert ticked(stopped.text) == set(PREFERENCES) - {"overdue"}
    assert told(alone.db, news_about(party_id, OVERDUE_FIRST)) == []
    again = stranger.post(path, data={"do": "again"}, base_url=PUBLIC_URL)
    assert ticked(again.text) == set(PREFERENCES)
    assert told(alone.db, news_about(party_id, OVERDUE_FIRST)) == [HOLDER]
    saved = stranger.post(path, data={"do": "save", "wanted": ["receipt", "nonsense"]}, base_url=PUBLIC_URL)
    assert ticked(saved.text) == {"receipt"}
    assert told(alone.db, news_about(party_id)) == []
    assert [act for act, _, _ in acts(alone)] == ["notices.stopped", "notices.chosen", "notices.stopped"]


def test_a_letter_that_nobody_knows_or_that_is_for_nobody_any_more_says_so(alone):
    stranger = alone.app.test_client()
    for call in (stranger.get, stranger.post):
        answer = call(f"/customerarea/notices/{uuid.uuid4()}/stop", base_url=PUBLIC_URL)
        assert answer.status_code == 404
        assert "Elegir mis avisos" in answer.text
    party_id = alone.party()
    made = contact(alone.db, party_id)
    told(alone.db, news_about(party_id))
    with alone.db.write() as session:
        removed = session.get_one(Contact, made)
        removed.state, removed.removed_at = "removed", clock.now()
    path = raised_to(alone, ANA).stop_path
    assert "Ya no enviamos" in stranger.get(path, base_url=PUBLIC_URL).text
    assert stranger.post(path, data=ONE_CLICK, base_url=PUBLIC_URL).status_code == 200
    assert told(alone.db, news_about(party_id)) == [HOLDER], "the client's own letters are the client's"


def test_the_link_of_a_letter_whose_words_changed_still_stops(alone):
    party_id = alone.party()
    news = news_about(party_id)
    told(alone.db, news)
    first = raised_to(alone, HOLDER)
    with alone.db.write() as session:
        renew_notices(session, session.get_one(Party, party_id), news)
    alone.app.test_client().post(first.stop_path, data=ONE_CLICK, base_url=PUBLIC_URL)
    assert told(alone.db, news_about(party_id)) == []
    (gone,) = published(alone.db, NoticeWithdrawn)
    assert gone.notice_id == raised_to(alone, HOLDER).notice_id


def test_no_other_form_goes_without_its_token(small):
    party_id = small.party()
    browser = small.client(party_id)
    sent = browser.client.post(CHOICES, data={"wanted": []}, base_url=PUBLIC_URL)
    assert sent.status_code == 400
    assert told(small.db, news_about(party_id)) == [HOLDER]


# Choosing, signed in


def test_a_client_chooses_their_own_letters_and_what_goes_to_others_stays(alone):
    party_id = alone.party()
    contact(alone.db, party_id, notices=["reminder", "receipt"], instead=["receipt"])
    browser = alone.client(party_id)
    page = browser.get(CHOICES).text
    assert ticked(page) == set(PREFERENCES) - {"receipt"}
    assert "«Recibo de pago» le llega a Ana Contadora en lugar de usted" in page
    assert "siempre llegan" in page
    told(alone.db, news_about(party_id))
    assert browser.post(CHOICES, wanted=["invoice", "cases"]).status_code == 303
    assert ticked(browser.get(CHOICES).text) == {"invoice", "cases"}
    assert told(alone.db, news_about(party_id)) == [ANA]
    assert states(alone.db) == {HOLDER: "withdrawn", ANA: "raised"}
    with alone.db.read() as session:
        chosen = session.scalars(select(HolderChoice.notices)).one()
    assert chosen == ["invoice", "receipt", "cases"], "it comes back to the client when the contact is gone"
    assert acts(alone) == [("notices.chosen", "Persona Número 1", {"notices": "invoice, cases"})]


def test_a_contact_chooses_among_what_the_client_gave_them(alone):
    party_id = alone.party()
    browser = alone.contact(party_id, rights=[], notices=["reminder", "receipt"])
    page = browser.get(CHOICES).text
    assert ticked(page) == {"reminder", "receipt"}
    assert browser.post(CHOICES, wanted=["receipt", "invoice"]).status_code == 303
    assert told(alone.db, news_about(party_id)) == [HOLDER]
    assert told(alone.db, news_about(party_id, RECEIPT)) == [ANA, HOLDER]
    assert browser.post(CHOICES, wanted=["receipt", "reminder"]).status_code == 303
    assert told(alone.db, news_about(party_id)) == [ANA, HOLDER]
    other = alone.contact(party_id, rights=[], name="Luis Sin Cartas")
    assert "No hay avisos para usted" in other.get(CHOICES).text


# The mail history


def test_the_history_says_what_went_to_whom_and_how_it_ended(alone):
    party_id = alone.party()
    contact(alone.db, party_id)
    invoice = issue(alone.db, party_id)
    told(alone.db, replace(news_about(party_id, CASE_CLOSED), label="PQRS-7"))
    hear(alone.db, letter(LetterSent, published(alone.db, NoticeRaised)[0]))
    hear(alone.db, letter(LetterBounced, published(alone.db, NoticeRaised)[1], answer="550"))
    other = alone.party(2)
    issue(alone.db, other)
    page = alone.client(party_id).get(HISTORY).text
    assert page.count("PQRS cerrada") == 2
    assert page.count(f"Nueva factura · {invoice.number}") == 2
    assert f'href="/customerarea/invoices/{invoice.id}"' in page
    assert f"A Ana Contadora, {ANA}" in page
    for words, times in (("Enviado<", 1), ("Devuelto", 1), ("Por enviar", 2)):
        assert page.count(words) == times, words
    assert "persona2@example.com" not in page
    only = alone.client(party_id).get(f"{HISTORY}?kind=cases").text
    assert (only.count("PQRS cerrada"), only.count("Nueva factura ·")) == (2, 0)
    found = alone.client(party_id).get(f"{HISTORY}?q={str(invoice.number).lower()}").text
    assert (found.count("PQRS cerrada"), found.count("Nueva factura ·")) == (0, 2)
    assert "Ningún correo coincide" in alone.client(party_id).get(f"{HISTORY}?q=ZZZ").text


def test_who_may_see_the_history_follows_its_links_only_where_they_may(small):
    party_id = small.party()
    issue(small.db, party_id)
    assert small.contact(party_id, rights=[SEE_INVOICES]).get(HISTORY).status_code == 403
    page = small.contact(party_id, rights=[SEE_MAIL], name="Luis").get(HISTORY).text
    assert "Nueva factura" in page
    assert "/customerarea/invoices/" not in page
    assert (
        "/customerarea/invoices/"
        in small.contact(party_id, rights=[SEE_MAIL, SEE_INVOICES], name="Eva").get(HISTORY).text
    )


def test_an_agent_sees_the_letters_of_a_client_and_a_long_history_has_pages(small):
    party_id = small.party()
    assert "Todavía no se ha enviado" in small.client(party_id).get(HISTORY).text
    for _ in range(25):
        told(small.db, news_about(party_id))
    first = small.client(party_id).get(HISTORY).text
    assert first.count("FV-000001") == 20
    following = re.search(r'href="([^"]*cursor=[^"]+)"', first)
    assert following
    assert small.client(party_id).get(following[1].replace("&amp;", "&")).text.count("FV-000001") == 5
    invoice = issue(small.db, party_id)
    page = small.staff("auditor").get(f"/backoffice/portal/clients/{party_id}/letters").text
    assert f'href="/backoffice/portal/invoices/{invoice.id}"' in page
    assert HOLDER in page
    assert small.staff().get(f"/backoffice/portal/clients/{new_id()}/letters").status_code == 404
    assert f"/clients/{party_id}/letters" in small.staff().get(f"/backoffice/portal/clients/{party_id}").text


def test_letters_are_forgotten_after_more_than_a_year(alone):
    party_id = alone.party()
    news = news_about(party_id)
    told(alone.db, news)
    with alone.db.write() as session:
        renew_notices(session, session.get_one(Party, party_id), news)
    with alone.db.write() as session:
        assert not forget_letters(session, clock.now() - timedelta(seconds=5))
        assert session.scalar(select(func.count()).select_from(Notice)) == 1
        assert forget_letters(session, clock.now() + timedelta(seconds=5), limit=1)
        assert session.scalar(select(func.count()).select_from(Notice)) == 0
        assert session.scalar(select(func.count()).select_from(FormerLetter)) == 0


# What the agency sets


def test_the_agency_says_whether_clients_are_written_to_and_at_what_hour(small):
    admin, path = small.staff("administrator"), "/backoffice/portal/agency/"
    page = admin.get(path).text
    assert re.search(r'name="announce_invoices"[^>]*checked|checked[^>]*name="announce_invoices"', page)
    given: dict[str, Any] = {"name": "Álamos", "document_type": "", "country": "CO", "currency": "COP"}
    refused = admin.post(path, **given, daily_hour="24")
    assert refused.status_code == 422
    assert "De 0 a 23." in refused.text
    assert admin.post(path, **given, daily_hour="0", attach_documents="y").status_code == 303
    party_id = small.party()
    issue(small.db, party_id, issued=today())
    assert published(small.db, NoticeRaised) == []
    assert 'value="0"' in admin.get(path).text
