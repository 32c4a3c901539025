"""Amounts in words."""

from decimal import Decimal

import pytest

from services.portal.rules.money import CURRENCIES, LARGEST
from services.portal.rules.words import amount_in_words


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("0", "COP", "Cero pesos"),
        ("1", "COP", "Un peso"),
        ("1.01", "COP", "Un peso con un centavo"),
        ("21", "COP", "Veintiún pesos"),
        ("31.21", "MXN", "Treinta y un pesos mexicanos con veintiún centavos"),
        ("100", "COP", "Cien pesos"),
        ("101", "COP", "Ciento un pesos"),
        ("1000", "COP", "Mil pesos"),
        ("1001", "COP", "Mil un pesos"),
        ("21000", "COP", "Veintiún mil pesos"),
        ("101000", "COP", "Ciento un mil pesos"),
        ("1000000", "COP", "Un millón de pesos"),
        ("1000000.50", "COP", "Un millón de pesos con cincuenta centavos"),
        ("1000001", "COP", "Un millón un pesos"),
        ("1850000", "COP", "Un millón ochocientos cincuenta mil pesos"),
        ("21000000", "COP", "Veintiún millones de pesos"),
        ("2000000000", "COP", "Dos mil millones de pesos"),
        ("1", "MXN", "Un peso mexicano"),
        ("2", "USD", "Dos dólares"),
        ("0.99", "EUR", "Cero euros con noventa y nueve céntimos"),
        ("-15", "EUR", "Menos quince euros"),
    ],
)
def test_an_amount_in_spanish_is_as_a_cashier_would_write_it(amount, currency, words):
    assert amount_in_words(Decimal(amount), currency, "es") == words


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("1", "USD", "One US dollar"),
        ("21.01", "USD", "Twenty-one US dollars and one cent"),
        ("1850000", "COP", "One million, eight hundred and fifty thousand Colombian pesos"),
        ("2.50", "MXN", "Two Mexican pesos and fifty centavos"),
        ("-1", "EUR", "Minus one euro"),
    ],
)
def test_an_amount_in_english_names_its_currency(amount, currency, words):
    assert amount_in_words(Decimal(amount), currency, "en") == words


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("currency", CURRENCIES)
def test_the_largest_amount_has_words_in_every_currency(currency, language):
    assert len(amount_in_words(LARGEST, currency, language)) > 100
