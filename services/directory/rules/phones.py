"""Telephone numbers: kept in one international form (E.164), shown as people of their country write them.

The plan of numbers is that of the library phonenumbers (Google's libphonenumber, after ITU-T E.164 and each country's
own plan). It is sometimes younger than a range that a country has just opened; who knows better writes the number with
its `+`, and then only its length has to be possible.
"""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from shared.documents import MEXICO

COLOMBIA = "CO"
LONGEST = 40
_EXTENSION = ";ext="


class BadPhone(ValueError):
    """This is no telephone number."""


def region_of(document_type: str, country: str = "") -> str:
    """The country whose numbers are written without a country code: that of the address, else that of the document."""
    if len(country) == 2 and country.upper() in phonenumbers.SUPPORTED_REGIONS:
        return country.upper()
    return "MX" if document_type.upper() in MEXICO else COLOMBIA


@lru_cache(maxsize=4096)
def normal_phone(text: str, region: str) -> str:
    """A number as it is kept: `+573001234567`, with an extension `+576011234567;ext=12`.

    `region`: two letters of the country that a number without `+` belongs to. Raises BadPhone.
    """
    # 00 is how one dials abroad from most places; Colombia's own plan puts a carrier behind it, and 0057 means Russia.
    international = text.lstrip(" (").startswith(("+", "00"))
    try:
        number = phonenumbers.parse(re.sub(r"^[ (]*00", "+", text), region)
    except NumberParseException:
        raise BadPhone(text) from None
    if len(text) > LONGEST or not (
        phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
        if international
        else phonenumbers.is_valid_number(number)
    ):
        raise BadPhone(text)
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain}{_EXTENSION}{number.extension}" if number.extension else plain


def phone_key(kept: str) -> str:
    """What makes two kept numbers the same line: the number without its extension; "" of a text that is no number."""
    return kept.partition(_EXTENSION)[0] if kept.startswith("+") else ""


@lru_cache(maxsize=4096)
def shown_phone(kept: str, region: str) -> str:
    """A kept number for people: of `region` in its national form, of another country with its country code.

    A text of old times that is no number is shown as it is.
    """
    number = _parsed(kept)
    if number is None:
        return kept
    home = phonenumbers.region_code_for_number(number) == region
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=4096)
def written_phone(kept: str) -> str:
    """A kept number for a field that is sent back: with its country code, so that it means the same everywhere."""
    number = _parsed(kept)
    return kept if number is None else phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def _parsed(kept: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(kept, None)
    except NumberParseException:
        return None
