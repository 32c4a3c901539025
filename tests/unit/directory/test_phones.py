"""Telephone numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.rules.phones import BadPhone, normal_phone, phone_key, region_of, shown_phone, written_phone


@pytest.mark.parametrize(
    ("text", "region", "kept"),
    [
        ("300 111 2222", "CO", "+573001112222"),
        ("(601) 234-5678", "CO", "+576012345678"),
        ("601 234 5678 ext. 12", "CO", "+576012345678;ext=12"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("+52 55 1234 5678", "CO", "+525512345678"),
        ("0057 300 111 2222", "CO", "+573001112222"),
    ],
)
def test_a_number_has_one_form_however_it_is_written(text, region, kept):
    assert normal_phone(text, region) == kept
    assert normal_phone(written_phone(kept), "US") == kept


@pytest.mark.parametrize(
    "text", ["2345678", "300 111", "300 111 2222 3333", "teléfono", "+57 300 1", "", "+57300111222233334444"]
)
def test_what_nobody_could_dial_is_refused(text):
    with pytest.raises(BadPhone):
        normal_phone(text, "CO")


def test_a_number_is_shown_as_its_own_country_writes_it_and_a_foreign_one_with_its_code():
    assert shown_phone("+573001112222", "CO") == "300 1112222"
    assert shown_phone("+573001112222", "MX") == "+57 300 1112222"
    assert shown_phone("de la oficina", "CO") == "de la oficina"


@pytest.mark.parametrize(
    ("document_type", "country", "region"),
    [("CC", "", "CO"), ("RFC", "", "MX"), ("CURP", "CO", "CO"), ("PAS", "US", "US"), ("NIT", "??", "CO")],
)
def test_the_country_of_the_address_counts_before_that_of_the_document(document_type, country, region):
    assert region_of(document_type, country) == region


def test_an_extension_is_not_another_line():
    assert phone_key("+576012345678;ext=12") == phone_key("+576012345678")
    assert phone_key("de la oficina") == ""


@given(st.text(max_size=50))
def test_any_text_is_a_number_or_refused(text):
    try:
        kept = normal_phone(text, "CO")
    except BadPhone:
        return
    assert kept.startswith("+")
    assert normal_phone(kept, "MX") == kept
