"""What makes a party."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.actions.emails import add_emails, merge_emails
from services.directory.rules.parties import EmailValue, InvalidParty, check_party, codes_like, search_text
from tests.support.directory import party_values


def faults(**values):
    with pytest.raises(InvalidParty) as refusal:
        check_party(party_values(**values))
    return {(fault.field, fault.reason) for fault in refusal.value.faults}


def test_accents_capitals_and_spaces_do_not_matter_in_a_search():
    assert search_text("  JOSÉ   Ñandú  Müller ") == "jose nandu muller"


@given(st.text(max_size=50))
def test_search_text_of_search_text_is_itself(text):
    assert search_text(search_text(text)) == search_text(text)


def test_everything_that_is_wrong_is_told_at_once():
    found = faults(name=" ", document_number="x", classes=[], emails=[{"address": "nobody"}], language="fr")
    assert found == {
        ("name", "required"),
        ("document_number", "document_format"),
        ("classes", "required"),
        ("emails.0.address", "email"),
        ("language", "language"),
    }


def test_the_first_address_is_principal_when_none_is_named():
    emails = check_party(party_values(emails=[{"address": "a@b.co"}, {"address": "c@d.co"}]))["emails"]
    assert [email.principal for email in emails] == [True, False]


def test_two_principal_addresses_are_refused():
    entries = [{"address": "a@b.co", "principal": True}, {"address": "c@d.co", "principal": True}]
    assert faults(emails=entries) == {("emails", "several_principal")}


def test_the_same_address_twice_is_refused_whatever_its_capitals():
    assert faults(emails=[{"address": "a@b.co"}, {"address": "A@B.CO"}]) == {("emails.1.address", "duplicate_email")}


@pytest.mark.parametrize("address", ["a@b.co\r\nBcc: c@d.co", "a b@c.co", "@b.co", "a@b", "a@b..co", "ñandú@b.co"])
def test_an_address_that_no_letter_could_reach_is_refused(address):
    assert faults(emails=[{"address": address}]) == {("emails.0.address", "email")}


def test_addresses_of_test_domains_are_addresses():
    assert check_party(party_values(emails=[{"address": "a@b.test"}, {"address": "a@b.invalid"}]))


def test_a_change_needs_only_what_changes():
    assert check_party({"notes": "x"}, partial=True) == {"notes": "x"}


def test_a_known_address_keeps_its_state_and_a_new_one_is_unverified():
    before = [EmailValue("a@b.co", True, "bounced")]
    after = merge_emails(before, [EmailValue("A@b.co", True), EmailValue("n@b.co", False)])
    assert [email.state for email in after] == ["bounced", "unverified"]


def test_an_import_takes_no_address_away_and_makes_its_own_principal():
    before = [EmailValue("old@b.co", True, "valid")]
    after = add_emails(before, [EmailValue("new@b.co", True)])
    assert [(email.address, email.principal) for email in after] == [("old@b.co", False), ("new@b.co", True)]
    assert add_emails(after, [EmailValue("new@b.co", True)]) == after


@pytest.mark.parametrize("text", ["C-000012", "c-000012", "12", "C12"])
def test_a_code_is_found_by_its_number(text):
    assert "C-000012" in codes_like(text)
