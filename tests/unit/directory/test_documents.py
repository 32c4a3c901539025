"""The one written rule for document numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.co import nit

from shared.documents import BadDocument, document_key, document_type_of, login_key

SEPARATORS = st.sampled_from(["", " ", "-", "\u00a0", "'"])


@pytest.mark.parametrize(
    "spelling", ["1.234.567-8", "1234567-8", "12345678", " 12 345 678 ", "012345678", "１２３４５６７８"]
)
def test_spellings_of_one_number_have_one_key(spelling):
    assert document_key("CC", spelling) == "12345678"


@given(st.integers(min_value=100, max_value=9_999_999_999), st.data())
def test_separators_never_change_the_key_of_a_cedula(number, data):
    digits = str(number)
    spelling = "".join(digit + data.draw(SEPARATORS) for digit in digits)
    assert document_key("CC", spelling) == digits
    assert digits in login_key(spelling)


@given(st.integers(min_value=10_000, max_value=999_999_999))
def test_a_nit_is_found_with_and_without_its_check_digit_however_it_is_written(base):
    digit = nit.calc_check_digit(str(base))
    key = document_key("NIT", f"{base:,}".replace(",", ".") + f"-{digit}")
    assert key == f"{base}{digit}"
    assert key in login_key(f"{base}-{digit}")
    assert key in login_key(str(base))


@given(st.integers(min_value=10_000_000, max_value=999_999_999), st.integers(min_value=1, max_value=9))
def test_a_nit_with_another_check_digit_is_refused_and_the_right_one_named(base, offset):
    right = nit.calc_check_digit(str(base))
    wrong = (int(right) + offset) % 10
    with pytest.raises(BadDocument) as refusal:
        document_key("NIT", f"{base}-{wrong}")
    assert (refusal.value.reason, refusal.value.hint) == ("checksum", f"{base}-{right}")


def test_a_nit_without_its_check_digit_is_not_completed_by_guessing():
    with pytest.raises(BadDocument) as refusal:
        document_key("NIT", "900123456")
    assert (refusal.value.reason, refusal.value.hint) == ("check_digit_missing", "900123456-8")


@given(st.text(max_size=60), st.sampled_from(["CC", "CE", "NIT", "PPT", "PAS", "RFC", "CURP"]))
def test_any_text_is_either_a_document_that_is_found_again_or_refused(text, kind):
    try:
        key = document_key(kind, text)
    except BadDocument:
        return  # nothing else may come out of any text
    assert key in login_key(text)
    assert document_key(kind, key) == key


@given(st.text(max_size=80))
def test_whatever_is_typed_as_a_login_has_at_most_three_candidates(text):
    assert len(login_key(text)) <= 3


@pytest.mark.parametrize(
    ("kind", "number", "reason"),
    [
        ("CC", "12345678.0", "format"),
        ("CC", "1,02E+09", "format"),
        ("CC", "12a45678", "format"),
        ("CC", "12", "length"),
        ("CC", "12345678901", "length"),
        ("CC", "", "missing"),
        ("PAS", "ABCDEF", "format"),
        ("PAS", "A1", "length"),
        ("RFC", "MAB9307148", "length"),
        ("RFC", "MAB9399998T4", "format"),
        ("CURP", "BOXW310820HNERXN08", "checksum"),
        ("CURP", "BOXW310820", "length"),
    ],
)
def test_malformed_documents_are_refused_with_their_reason(kind, number, reason):
    with pytest.raises(BadDocument) as refusal:
        document_key(kind, number)
    assert refusal.value.reason == reason


def test_mexican_documents_have_keys_without_their_separators():
    assert document_key("RFC", "mab-930714-8t4") == "MAB9307148T4"
    assert document_key("CURP", "BOXW310820 HNERXN09") == "BOXW310820HNERXN09"
    assert login_key("mab 930714 8t4") == ["MAB9307148T4"]


def test_a_passport_keeps_the_zeros_at_its_front():
    assert document_key("PAS", "0012345") == "0012345"
    assert "0012345" in login_key("0012345")


def test_a_type_is_recognised_as_people_write_it():
    assert document_type_of(" c.c. ") == "CC"
    with pytest.raises(BadDocument):
        document_type_of("DNI")
