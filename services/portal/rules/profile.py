"""What clients change about themselves: telephone numbers, and the e-mail address to which letters go."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat

CONFIRM_WITHIN = timedelta(hours=24)
"""For how long the link to a new address works."""
MOST_REQUESTS = 5
"""New addresses that a client may ask for within CONFIRM_WITHIN: each sends a letter to somebody."""
WAITING, CONFIRMED, APPLIED, REFUSED = "waiting", "confirmed", "applied", "refused"
REPLACED, WITHDRAWN, EXPIRED = "replaced", "withdrawn", "expired"
LONGEST_ADDRESS = 254
LONGEST_PHONE = 40
# As the directory does it: domains of closed networks are wanted, and whether a server answers the sending finds out.
SPECIAL_USE_DOMAIN_NAMES.clear()


def normal_address(text: str) -> str:
    """An e-mail address in the form in which the directory keeps it; "" if it is none."""
    try:
        checked = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return ""
    address = checked.ascii_email or ""
    return address if len(address) <= LONGEST_ADDRESS else ""


def emails_with(emails: Iterable[dict[str, Any]], address: str, former: str) -> list[dict[str, Any]]:
    """A party's addresses with a confirmed one as the principal, in the place of the former one.

    The former one goes: who changed it may not have that mailbox any more. Others stay as they are.
    """
    gone = {address.lower(), former.lower()}
    others = [{**one, "principal": False} for one in emails if one["address"].lower() not in gone]
    return [{"address": address, "principal": True, "state": "valid"}, *others]


def has_as_principal(emails: Iterable[dict[str, Any]], address: str) -> bool:
    """Whether letters go to this address already."""
    same = [one for one in emails if one["address"].lower() == address.lower()]
    return any(one["principal"] and one["state"] == "valid" for one in same)


def masked_address(address: str) -> str:
    """Enough of an address to know one's own again: `m•••@correo.example`."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}•••@{domain}" if domain else ""


def normal_phone(text: str, region: str) -> str:
    """A telephone number as it is kept, `+573001234567`; "" if it is none. `region`: of a number without `+`."""
    international = text.lstrip(" (").startswith(("+", "00"))
    try:
        number = phonenumbers.parse(re.sub(r"^[ (]*00", "+", text), region)
    except NumberParseException:
        return ""
    possible = phonenumbers.is_possible_number if international else phonenumbers.is_valid_number
    if len(text) > LONGEST_PHONE or not possible(number):
        return ""
    plain = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


def written_phone(kept: str) -> str:
    """A number as people write it, with its country code; what is no number stays as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(kept, None), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return kept
