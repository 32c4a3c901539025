"""Addresses and telephone numbers of a client's profile."""

import pytest

from services.portal.rules.profile import emails_with, has_as_principal, masked_address, normal_address, written_phone
from services.portal.schemas.contact import by_form_field, changes_of, contact_of, countries

OLD = {"address": "Old@example.test", "principal": True, "state": "bounced"}
OTHER = {"address": "other@example.test", "principal": False, "state": "unverified"}


def test_the_confirmed_address_takes_the_place_of_the_former_one_and_others_stay() -> None:
    new = {"address": "new@example.test", "principal": True, "state": "valid"}
    assert emails_with([OLD, OTHER], "new@example.test", "old@example.test") == [new, OTHER]
    assert emails_with([], "new@example.test", "") == [new]


def test_a_second_address_can_become_the_principal_one() -> None:
    (first,) = emails_with([OLD, OTHER], "other@example.test", "old@example.test")
    assert first == {"address": "other@example.test", "principal": True, "state": "valid"}


def test_an_address_counts_as_applied_only_where_letters_go_to_it() -> None:
    assert has_as_principal([{**OLD, "state": "valid"}], "old@example.test")
    assert not has_as_principal([OLD], "old@example.test")
    assert not has_as_principal([OTHER], "other@example.test")


@pytest.mark.parametrize(
    "text", ["", "ana", "ana@", "a b@example.test", "ana@example.test\nBcc: x@y.test", "ñ@example.test"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert normal_address(text) == ""


def test_an_address_is_kept_as_the_directory_keeps_it() -> None:
    assert normal_address("  Ana@EXAMPLE.test ") == "Ana@example.test"


def test_a_masked_address_tells_only_its_owner_which_one_it_is() -> None:
    assert masked_address("maria@correo.example") == "m•••@correo.example"


def test_what_the_form_shows_comes_back_as_it_was() -> None:
    party = {
        "version": 3,
        "phones": ["+573001234567", "casa"],
        "address": {"street": "Calle 1", "city": "Bogotá", "country": "CO"},
        "language": "es",
    }
    shown = contact_of(party)
    assert shown["phones"] == "+57 300 1234567\ncasa"
    assert changes_of(shown)["phones"] == ["+57 300 1234567", "casa"]
    assert changes_of(shown)["address"]["city"] == "Bogotá"


def test_what_the_directory_says_stands_at_the_field_it_is_about() -> None:
    told = {"phones": ["a"], "address.country": ["b"], "emails.0.address": ["c"]}
    assert by_form_field(told) == {"phones": ["a"], "country": ["b"], "emails": ["c"]}


def test_countries_are_named_in_the_language_of_the_reader() -> None:
    assert ("DE", "Alemania") in countries("es")
    assert ("DE", "Germany") in countries("en")
    assert written_phone("+525512345678").startswith("+52 ")
