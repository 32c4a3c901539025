"""Who of the staff may see and change what, and for how long a sign-in counts."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from shared import clock
from shared.web import Staff, safe_next
from tests.support.web import Issuer, settings_in, sign_in, small_app

HOME = "/backoffice/directory/"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = small_app(settings_in(tmp_path), Issuer())
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_stranger_is_sent_to_the_sign_in_and_will_come_back(client):
    answer = client.get(HOME + "?q=a&sort=-name")
    assert answer.status_code == 303
    assert answer.location == "/backoffice/directory/signin?next=%2Fbackoffice%2Fdirectory%2F%3Fq%3Da%26sort%3D-name"


def test_a_strangers_form_changes_nothing_and_leads_back_to_its_page(client):
    answer = client.post(HOME + "change", headers={"Referer": "http://porteria.test/backoffice/directory/x?y=1"})
    assert answer.status_code == 303
    assert answer.location.endswith("next=%2Fbackoffice%2Fdirectory%2Fx%3Fy%3D1")


@pytest.mark.parametrize(
    ("role", "read", "change", "administer"),
    [("auditor", 200, 403, 403), ("agent", 200, 200, 403), ("administrator", 200, 200, 200)],
)
def test_each_role_may_do_its_own(client, role, read, change, administer):
    sign_in(client, role)
    assert client.get(HOME).status_code == read
    assert client.post(HOME + "change").status_code == change
    assert client.get(HOME + "secret").status_code == administer


def test_an_auditor_may_post_where_the_view_says_so(client):
    sign_in(client, "auditor")
    assert client.post(HOME + "own").status_code == 200


def test_an_unknown_role_is_nobody(client):
    sign_in(client, "owner")
    assert client.get(HOME).status_code == 303


def test_after_ten_minutes_a_page_asks_identity_again_but_a_form_and_a_picture_do_not(client):
    sign_in(client)
    began = clock.now()
    with time_machine.travel(began + timedelta(minutes=9), tick=False):
        assert client.get(HOME).status_code == 200
    with time_machine.travel(began + timedelta(minutes=11), tick=False):
        assert client.get(HOME).status_code == 303
        assert client.get(HOME, headers={"Sec-Fetch-Dest": "image"}).status_code == 200
        assert client.post(HOME + "change").status_code == 200


def test_a_form_sent_too_long_after_the_last_renewal_changes_nothing_and_says_so(client):
    sign_in(client)
    began = clock.now()
    with time_machine.travel(began + timedelta(minutes=14), tick=False):
        assert client.post(HOME + "change").status_code == 200
    with time_machine.travel(began + timedelta(minutes=16), tick=False):
        answer = client.post(HOME + "change", headers={"Referer": "http://porteria.test" + HOME})
        assert answer.status_code == 303
        assert answer.location.endswith("/signin?next=%2Fbackoffice%2Fdirectory%2F")
        with client.session_transaction() as session:
            assert "no se guardó nada" in str(session["_flashes"])


def test_a_page_on_which_somebody_writes_for_long_has_the_sign_in_renewed(client):
    sign_in(client)
    assert f'data-stay="{HOME}stay"' in client.get(HOME).text
    began = clock.now()
    assert client.get(HOME + "stay").status_code == 204
    with time_machine.travel(began + timedelta(minutes=11), tick=False):
        answer = client.get(HOME + "stay", headers={"Sec-Fetch-Dest": "empty"})
        assert answer.location == "/backoffice/directory/signin?next=%2Fbackoffice%2Fdirectory%2Fstay"


def test_a_service_may_know_by_itself_who_is_signed_in(tmp_path):
    def load() -> Staff:
        return Staff(id="1", name="Directa", role="agent")

    app = small_app(settings_in(tmp_path), Issuer(), load_staff=load, signin_path="/backoffice/identity/login")
    assert "hola Directa" in app.test_client().get(HOME).text
    assert app.test_client().get(HOME + "signin").status_code == 404
    assert "data-stay" not in app.test_client().get(HOME).text


def test_the_sign_in_page_is_where_the_service_says(tmp_path):
    app = small_app(settings_in(tmp_path), Issuer(), load_staff=lambda: None, signin_path="/backoffice/identity/login")
    assert app.test_client().get(HOME).location.startswith("/backoffice/identity/login?next=")


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test/",
        "/\\evil.test",
        "https://evil.test/",
        "\\/evil.test",
        "javascript:alert(1)",
        "",
        None,
        "x",
        "/\n/e",
    ],
)
def test_nobody_is_sent_to_another_site(app, target):
    with app.test_request_context():
        assert safe_next(target) == HOME


@pytest.mark.parametrize("target", ["/", "/backoffice/mailer/letters?state=pending", "/customerarea/?a=%2F%2Fx"])
def test_a_path_of_ours_is_kept(app, target):
    with app.test_request_context():
        assert safe_next(target) == target
