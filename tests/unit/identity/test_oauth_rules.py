"""Scopes, addresses of clients, and where a browser may be sent."""

import pytest

from services.identity.rules.addresses import UnfitRedirectUri, check_redirect_uri, own_path
from services.identity.rules.first_party import SERVICE_SCOPES, redirect_uris
from services.identity.rules.scopes import API_SCOPES, UnknownScope, check_scopes


def test_an_unknown_scope_is_named_together_with_those_that_exist():
    with pytest.raises(UnknownScope, match="unknown scope parties:erase; known are parties:read, parties:write"):
        check_scopes(["parties:read", "parties:erase"])


def test_scopes_are_kept_once_and_in_the_order_of_the_list():
    assert check_scopes(["letters:read", "parties:read", "letters:read"]) == ["parties:read", "letters:read"]


def test_our_own_services_have_only_scopes_that_exist():
    for scopes in SERVICE_SCOPES.values():
        assert set(scopes) <= set(API_SCOPES)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/backoffice/",
        "/backoffice/identity/batches?state=running&q=a%20b",
        "/oauth/authorize?redirect_uri=https://x",
    ],
)
def test_a_path_of_this_origin_is_followed(path: str):
    assert own_path(path, "/home") == path


@pytest.mark.parametrize(
    "path",
    [
        *("", None, "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "evil.example"),
        *("javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", " //evil.example", "/a\\..\\b", "/\x00"),
        *("http:/backoffice/", "///evil.example"),
    ],
)
def test_everything_else_leads_home(path: str | None):
    assert own_path(path, "/home") == "/home"


@pytest.mark.parametrize("address", ["https://erp.example/cb", "http://localhost:9000/cb", "http://127.0.0.1/cb?x=1"])
def test_an_address_with_tls_or_on_the_same_machine_may_receive_codes(address: str):
    assert check_redirect_uri(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("http://erp.example/cb", "https://erp.example/cb#part", "https://*.example/cb", "javascript:alert(1)", "/cb"),
        *("https://user:secret@erp.example/cb", "https:///cb", "https://erp.example/c b", "myapp://cb"),
    ],
)
def test_an_address_that_is_unsafe_to_send_codes_to_is_refused(address: str):
    with pytest.raises(UnfitRedirectUri):
        check_redirect_uri(address)


def test_on_one_machine_both_names_of_it_lead_back_to_the_back_office():
    assert redirect_uris("mailer", "http://localhost:8000", 8000) == [
        "http://localhost:8000/backoffice/mailer/callback",
        "http://127.0.0.1:8000/backoffice/mailer/callback",
    ]


def test_behind_a_public_address_only_that_leads_back():
    assert redirect_uris("mailer", "https://porteria.example", 8000) == [
        "https://porteria.example/backoffice/mailer/callback"
    ]
