"""Policy of the portal."""

from datetime import UTC, datetime, timedelta

import pytest

from services.portal.rules.parties import document_search_key, principal_address, profile_of, search_key
from services.portal.rules.sessions import Lifetime, is_expired, is_link_token

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIFETIME = Lifetime(idle=timedelta(hours=1), absolute=timedelta(hours=12))


@pytest.mark.parametrize(
    ("age", "unused", "over"),
    [
        (timedelta(0), timedelta(0), False),
        (timedelta(hours=3), timedelta(minutes=59), False),
        (timedelta(hours=3), timedelta(hours=1), True),
        (timedelta(hours=11, minutes=59), timedelta(0), False),
        (timedelta(hours=12), timedelta(0), True),
    ],
)
def test_a_session_is_over_when_unused_for_long_or_old(age, unused, over):
    assert is_expired(LIFETIME, NOW - age, NOW - unused, NOW) is over


def test_who_is_tenant_and_owner_is_both_and_who_is_neither_is_none():
    assert profile_of(["tenant", "owner"]).is_both
    assert not profile_of(["owner"]).is_both
    assert profile_of(["owner"]).is_owner
    assert not profile_of([]).is_tenant


def test_the_principal_address_is_the_one_that_is_shown():
    emails = [{"address": "a@example.com", "principal": False}, {"address": "b@example.com", "principal": True}]
    assert principal_address(emails) == "b@example.com"
    assert principal_address([]) == ""


def test_names_are_found_without_accents_and_capitals():
    assert search_key("  María  ÑÁÑEZ ") == "maria nanez"


def test_documents_are_found_in_any_spelling():
    assert document_search_key("900.123.456-7") == "9001234567"
    assert document_search_key("xaxx-010101") == "XAXX010101"


@pytest.mark.parametrize("text", ["", "a" * 15, "a" * 201, "aaaaaaaaaaaaaaaa/", "<script>aaaaaaaaaaaa", "á" * 20])
def test_what_cannot_be_a_links_token_is_not_asked_about(text):
    assert not is_link_token(text)


def test_a_links_token_is_made_of_letters_that_need_no_quoting():
    assert is_link_token("abcDEF123_-abcDEF123")
