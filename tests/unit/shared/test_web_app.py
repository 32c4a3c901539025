"""What every application of a service does with every request."""

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from tests.support.web import Issuer, settings_in, sign_in, small_app

HOME = "/backoffice/directory/"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return small_app(settings_in(tmp_path), Issuer()).test_client()


def test_a_page_allows_no_foreign_content_and_no_framing(client):
    headers = client.get(HOME + "status/404").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_over_https_the_browser_is_told_to_stay_there(client):
    headers = client.get(HOME, headers={"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "https"}).headers
    assert "max-age=" in headers["Strict-Transport-Security"]


def test_pages_are_kept_by_nobody_and_assets_by_everybody(client):
    sign_in(client)
    assert client.get(HOME).headers["Cache-Control"] == "no-store"
    asset = client.get(HOME + "static/porteria/porteria.css")
    assert "max-age=" in asset.headers["Cache-Control"]


def test_every_asset_of_a_page_lies_below_a_path_of_this_service(client):
    sign_in(client)
    page = client.get(HOME).text
    addresses = [part.split('"')[0] for part in page.split('href="')[1:] + page.split('src="')[1:]]
    assets = [address for address in addresses if ".css" in address or ".js" in address or ".svg" in address]
    assert len(assets) == 4
    for address in assets:
        assert address.startswith(HOME + "static/")
        assert client.get(address).status_code == 200


def test_the_session_cookie_is_named_after_the_service_and_out_of_reach_of_scripts(tmp_path):
    app = small_app(settings_in(tmp_path, public_url="https://porteria.test"), Issuer())
    client = app.test_client()
    sign_in(client)
    client.get(HOME, base_url="https://porteria.test")
    answer = client.get(HOME + "status/404", base_url="https://porteria.test")
    sign_in(client, name="Otra")
    cookie = client.get_cookie("porteria_directory", domain="porteria.test") or client.get_cookie("porteria_directory")
    assert answer.status_code == 404
    assert cookie is not None
    assert app.config["SESSION_COOKIE_SECURE"]
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_the_process_lives_and_the_database_answers(client):
    assert client.get("/healthz/directory").json == {"service": "directory", "status": "ok"}
    assert client.get("/readyz/directory").json == {"service": "directory", "status": "ready"}


def test_a_service_whose_check_fails_is_alive_but_not_ready(tmp_path):
    def check() -> None:
        raise ConnectionError("secret address")

    client = small_app(settings_in(tmp_path), Issuer(), checks=[check]).test_client()
    answer = client.get("/readyz/directory")
    assert answer.status_code == 503
    assert "secret address" not in answer.text
    assert client.get("/healthz/directory").status_code == 200


def test_metrics_are_for_those_inside_only(client):
    client.get("/healthz/directory")
    inside = client.get("/metrics")
    assert 'porteria_http_requests_total{method="GET",route="/healthz/directory",service="directory"' in inside.text
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 404


def test_a_correlation_id_comes_back_and_a_dangerous_one_is_replaced(client):
    assert client.get(HOME, headers={"X-Correlation-Id": "order-12345"}).headers["X-Correlation-Id"] == "order-12345"
    made = client.get(HOME, headers={"X-Correlation-Id": "a b;<script>"}).headers["X-Correlation-Id"]
    assert len(made) == 32
    assert made.isalnum()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 429, 500, 503])
def test_each_error_is_a_page_in_plain_spanish_with_the_number_to_ask_for_help(client, status):
    answer = client.get(f"{HOME}status/{status}", headers={"X-Correlation-Id": "ayuda-4711"})
    assert answer.status_code == status
    assert '<html lang="es">' in answer.text
    assert "ayuda-4711" in answer.text
    english = client.get(f"{HOME}status/{status}?lang=en")
    assert '<html lang="en">' in english.text
    title = answer.text.split("<h1>")[1].split("</h1>")[0]
    assert title not in english.text


def test_an_unexpected_error_tells_nothing_of_itself(client):
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    with capture_logs() as lines:
        answer = client.get(HOME + "crash/one-time-link")
    assert answer.status_code == 500
    assert "inner one-time" not in answer.text
    assert "Algo falló de nuestro lado" in answer.text
    # A path may hold a single-use link, so the logs have only the rule.
    assert {line["event"]: line["route"] for line in lines} == {
        "unhandled": "/backoffice/directory/crash/<secret>",
        "request": "/backoffice/directory/crash/<secret>",
    }


def test_a_form_without_its_token_changes_nothing(client):
    sign_in(client)
    answer = client.post(HOME + "change")
    assert answer.status_code == 400
    assert "formulario" in answer.text


def test_a_form_with_its_token_is_accepted(client):
    sign_in(client)
    token = client.get(HOME).text.split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post(HOME + "change", data={"csrf_token": token}).text == "changed"


def test_a_body_that_is_too_large_is_refused_unless_the_view_takes_more(tmp_path):
    large = b"x" * (2 * 1024 * 1024 + 1)
    usual = small_app(settings_in(tmp_path), Issuer()).test_client()
    sign_in(usual)
    assert usual.post(HOME + "upload", data={"file": (io.BytesIO(large), "a.csv")}).status_code == 413
    roomy = small_app(settings_in(tmp_path), Issuer(), body_limits={"pages.upload": 10 * 1024 * 1024})
    client = roomy.test_client()
    sign_in(client)
    token = client.get(HOME).text.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"file": (io.BytesIO(large), "a.csv"), "csrf_token": token}
    assert client.post(HOME + "upload", data=data).text == str(len(large))


def test_the_language_is_the_browsers_until_somebody_chooses_one(client):
    page = HOME + "status/404"
    assert '<html lang="en">' in client.get(page, headers={"Accept-Language": "en-US,en;q=0.9,es;q=0.5"}).text
    assert '<html lang="es">' in client.get(page, headers={"Accept-Language": "fr"}).text
    client.get(page + "?lang=en")
    assert '<html lang="en">' in client.get(page, headers={"Accept-Language": "es"}).text
    assert '<html lang="en">' in client.get(page + "?lang=xx", headers={"Accept-Language": "es"}).text


def test_a_member_of_the_staff_reads_in_the_own_language(client):
    sign_in(client, language="en")
    assert "Sign out" in client.get(HOME, headers={"Accept-Language": "es"}).text


def test_the_language_switch_keeps_the_page_and_its_filter(client):
    sign_in(client)
    page = client.get(HOME + "?q=gómez&cursor=abc").text
    assert 'href="/backoffice/directory/?q=g%C3%B3mez&amp;cursor=abc&amp;lang=en"' in page


def test_the_menu_shows_only_what_the_role_may_open(client):
    sign_in(client, "agent")
    assert "/backoffice/directory/secret" not in client.get(HOME).text
    sign_in(client, "administrator", name="Jefa")
    assert "/backoffice/directory/secret" in client.get(HOME).text
