"""Amounts as people type them."""

from decimal import Decimal

import pytest

from services.portal.rules.amounts import NotAnAmount, parse_amount, parse_rate


@pytest.mark.parametrize(
    ("text", "country", "meant"),
    [
        ("1850000", "CO", "1850000"),
        ("1.850.000", "CO", "1850000"),
        ("1.850.000", "MX", "1850000"),
        ("1,850,000.50", "CO", "1850000.50"),
        ("1.850.000,50", "MX", "1850000.50"),
        ("1850000,5", "MX", "1850000.50"),
        ("1850000.5", "CO", "1850000.50"),
        ("1.850", "CO", "1850"),
        ("1,850", "MX", "1850"),
        ("1,85", "MX", "1.85"),
        ("0,50", "CO", "0.50"),
        ("0.500", "CO", "0.50"),
        (",5", "CO", "0.5"),
        ("$ 1.850.000 COP", "CO", "1850000"),
        ("1 850 000", "CO", "1850000"),
        ("-12,5", "CO", "-12.5"),
        ("999.999.999.999,99", "CO", "999999999999.99"),
    ],
)
def test_an_amount_means_what_people_mean(text: str, country: str, meant: str) -> None:
    assert parse_amount(text, country) == Decimal(meant)


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("", "CO", "empty"),
        (" $ ", "CO", "empty"),
        ("mucho", "CO", "not_a_number"),
        ("1.85.000", "CO", "not_a_number"),
        ("1,850.000,5", "CO", "not_a_number"),
        ("18.50.00", "MX", "not_a_number"),
        ("1e5", "CO", "not_a_number"),
        ("٣", "CO", "not_a_number"),
        ("5.", "CO", None),
        ("1,855", "CO", "too_precise"),
        ("1850000.555", "CO", "too_precise"),
        ("1.000.000.000.000", "CO", "too_large"),
    ],
)
def test_what_is_no_amount_is_refused_with_the_reason(text: str, country: str, reason: str | None) -> None:
    if reason is None:
        assert parse_amount(text, country) == 5
        return
    with pytest.raises(NotAnAmount) as refused:
        parse_amount(text, country)
    assert refused.value.reason == reason


def test_a_rate_has_no_groups_of_thousands() -> None:
    assert parse_rate("1.104") == parse_rate("1,104 %") == Decimal("1.104")
    for text in ("", "120", "-3", "1.1.1", "x"):
        with pytest.raises(NotAnAmount):
            parse_rate(text)
