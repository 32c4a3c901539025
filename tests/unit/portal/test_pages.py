"""Pages of the client area as a browser gets them; nobody is asked over HTTP here."""

import re
import uuid

import pytest

from services.portal.actions.sessions import open_session
from services.portal.app import create_app
from services.portal.consumers import HANDLERS
from services.portal.settings import Settings
from shared.db import Database
from shared.events.directory import PartyRegistered
from tests.support.clientarea import PUBLIC_URL, Browser, party_event
from tests.support.schema import migrated


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portal")
    settings = Settings(public_url=PUBLIC_URL, data=folder, internal_pattern="http://127.0.0.1:9")
    db = Database(settings.database_url("portal"))
    migrated("portal", db)
    return create_app(settings, db)


def browser_of(app, number: int = 0, **party) -> Browser:
    """A browser; with a number, one in which that party is signed in."""
    browser = Browser(app.test_client(), "10.0.0.1")
    if number:
        must_change = party.pop("must_change", False)
        event = party_event(number, **party)
        with app.extensions["porteria"].db.write() as session:
            HANDLERS[PartyRegistered](session, [event])
            opened = open_session(
                session, event.party_id, uuid.uuid4(), must_change=must_change, address="", user_agent=""
            )
        browser.client.set_cookie("porteria_client", opened.token, path="/customerarea")
    return browser


@pytest.mark.parametrize("path", ["/", "/customerarea", "/customerarea/"])
def test_every_way_in_leads_to_the_sign_in(app, path):
    answer = browser_of(app).get(path, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.request.path == "/customerarea/signin"
    assert 'autocomplete="username"' in answer.text
    assert 'autocomplete="current-password"' in answer.text


def test_the_pages_speak_spanish_first_and_english_when_asked(app):
    browser = browser_of(app)
    assert "Número de documento o correo" in browser.get("/customerarea/signin").text
    assert "Document number or e-mail" in browser.get("/customerarea/signin?lang=en").text
    assert "Document number or e-mail" in browser.get("/customerarea/signin").text


def test_a_client_reads_in_the_language_that_the_directory_knows(app):
    assert "What you pay" in browser_of(app, 1, language="en").get("/customerarea/").text
    assert "Lo que usted paga" in browser_of(app, 2, language="es").get("/customerarea/").text


@pytest.mark.parametrize(
    ("classes", "shown", "hidden"),
    [
        ("tenant", ["Lo que usted paga", "facturas de arriendo"], ["Lo que usted recibe"]),
        ("owner", ["Lo que usted recibe", "liquidaciones", "Facturas de comisión"], ["Lo que usted paga"]),
        ("tenant+owner", ["Lo que usted paga", "Lo que usted recibe", "por separado"], []),
    ],
)
def test_the_home_page_shows_what_the_profile_has_and_says_that_it_is_empty(app, classes, shown, hidden):
    page = browser_of(app, {"tenant": 11, "owner": 12, "tenant+owner": 13}[classes], classes=classes).get(
        "/customerarea/"
    )
    assert "Aún no hay" in page.text
    assert all(text in page.text for text in shown)
    assert not any(text in page.text for text in hidden)


def test_a_name_of_the_directory_is_text_and_never_markup(app):
    page = browser_of(app, 21, name="<script>alert(1)</script>").get("/customerarea/")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


@pytest.mark.parametrize("path", ["signin", "signout", "password", "forgot", "reset", "activate"])
def test_a_form_without_its_token_is_refused(app, path):
    browser = browser_of(app, 31)
    answer = browser.client.post(f"/customerarea/{path}", data={"login": "1", "password": "1"})
    assert answer.status_code == 400
    assert browser.is_in


def test_signing_out_takes_a_form_and_no_link(app):
    browser = browser_of(app, 32)
    assert browser.get("/customerarea/signout").status_code == 405
    assert browser.is_in


def test_an_empty_form_is_answered_at_its_fields(app):
    answer = browser_of(app).post("/customerarea/signin", login="", password="")
    assert answer.status_code == 422
    assert 'id="login-error"' in answer.text
    assert 'id="password-error"' in answer.text


def test_who_has_to_change_the_password_sees_no_other_page_but_can_sign_out(app):
    browser = browser_of(app, 41, must_change=True)
    page = browser.get("/customerarea/", follow_redirects=True)
    assert page.request.path == "/customerarea/password"
    assert "Elija su propia contraseña" in page.text
    assert page.text.count('autocomplete="new-password"') == 2
    assert 'href="/customerarea/"' not in page.text.split("<main")[1]
    assert browser.post("/customerarea/signout", form="/customerarea/password").location == "/customerarea/signin"


def test_nothing_of_a_client_is_kept_by_caches_or_shown_in_frames(app):
    headers = browser_of(app, 51).get("/customerarea/").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_every_asset_of_a_page_comes_from_the_own_origin_and_is_there(app):
    browser = browser_of(app, 52)
    assets = re.findall(r'(?:src|href)="([^"]+\.(?:css|js|svg)[^"]*)"', browser.get("/customerarea/").text)
    assert len(assets) >= 4
    for asset in assets:
        assert asset.startswith("/customerarea/static/"), asset
        with browser.get(asset.replace("&amp;", "&")) as answer:
            assert answer.status_code == 200, asset


def test_the_back_office_is_not_for_clients(app):
    browser = browser_of(app, 53)
    assert browser.get("/backoffice/portal/").status_code == 303
    assert browser.get("/backoffice/portal/").location.startswith("/backoffice/portal/signin")


def test_the_documented_interface_is_the_one_that_there_is(app):
    document = browser_of(app).get("/api/portal/v1/openapi.json").get_json()
    documented = {path.removeprefix("/api/portal/v1") for path in document["paths"]}
    rules = (rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/portal/v1/"))
    there = {re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.removeprefix("/api/portal/v1")) for rule in rules}
    assert documented == {path for path in there if not path.startswith(("/docs", "/openapi.json"))}
    assert "/invoices/{invoice_id}/pdf" in documented
    assert browser_of(app).get("/api/portal/v1/docs/").status_code == 200
