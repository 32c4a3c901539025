"""What makes a party: every field checked and brought into one form, wherever it came from (REST, page, import)."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from babel import Locale
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from services.directory.rules.phones import BadPhone, normal_phone, region_of
from shared.documents import BadDocument, document_key, document_type_of
from shared.settings import LANGUAGES

CLASSES = ("tenant", "owner")
EMAIL_STATES = ("unverified", "valid", "bounced", "blocked")
NO_EMAIL = "none"
WRITABLE_STATES = frozenset({"unverified", "valid"})
"""States of an address to which letters may go."""
AUTOMATIC_CODE = re.compile(r"C-\d+")
MOST_EMAILS = 10
MOST_PHONES = 10
LONGEST_WORD = 80
# Whether a server answers there is for the sending to find out; domains of closed networks and of tests are wanted.
# Emptying this list is the way that the library documents.
SPECIAL_USE_DOMAIN_NAMES.clear()

# ISO 3166-1 as the library of languages knows it in every language of ours, without its codes of groups and of tests.
_NAMED = [{str(code) for code in Locale(language).territories} for language in LANGUAGES]
COUNTRIES = frozenset(code for code in set.intersection(*_NAMED) if re.fullmatch("[A-Z]{2}", code))
COUNTRIES -= {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
ADDRESS_FIELDS = {"street": 200, "city": 100, "region": 100, "postal_code": 20, "country": 2}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field. `reason` names the text (schemas/texts.py), `hint` is a value for it."""

    field: str
    reason: str
    hint: str = ""


class InvalidParty(Exception):
    """Some fields are not right; nothing was changed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.reason}" for fault in faults))
        self.faults = list(faults)


@dataclass(frozen=True)
class Since:
    """Since when an address is in its state, and what put it there (see PartyEmail.state_cause)."""

    at: datetime
    cause: str
    detail: str = ""


@dataclass(frozen=True)
class EmailValue:
    """An address of a party. `state` None: what it was before, `unverified` if it is new."""

    address: str
    principal: bool
    state: str | None = None
    since: Since | None = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """What makes two spellings the same address."""
        return self.address.lower()


@lru_cache(maxsize=4096)
def search_text(text: str) -> str:
    """Text as it is searched and sorted by: no accents, no capitals, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(bare.split())


def search_words(text: str) -> list[str]:
    """The words of a text as they are kept and looked for; punctuation parts them, and of a phone the + belongs to it.

    A number in its international form (+573001234567) stays one word.
    """
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in re.findall(r"\+\d+|\w+", search_text(text))))


def plain_text(value: Any) -> str:
    """A line of text: composed letters, single spaces, none around it."""
    return " ".join(unicodedata.normalize("NFC", str(value or "")).split())


def is_automatic_code(code: str) -> bool:
    """Whether a client code has the form of those that are given out automatically."""
    return AUTOMATIC_CODE.fullmatch(code.upper()) is not None


def code_of(number: int) -> str:
    """The automatic client code with this number: C-000001."""
    return f"C-{number:06d}"


def codes_like(text: str) -> list[str]:
    """The codes that a searched text may mean: as it is, or only the number of an automatic one."""
    plain = plain_text(text).upper()
    digits = plain.removeprefix("C").lstrip("-")
    return [plain, code_of(int(digits))] if digits.isascii() and digits.isdigit() and len(digits) <= 9 else [plain]


def check_party(
    values: Mapping[str, Any], *, partial: bool = False, region: str = "", known_phones: Collection[str] = ()
) -> dict[str, Any]:
    """The given fields in their one form; `document_key` and `name_search` are added where they follow.

    `partial`: only what is given counts (a change); otherwise name, document and classes must be there. `region`: the
    country of telephone numbers without `+` (see rules/phones.py), by default that of the given address or document.
    `known_phones`: those that the party has already. Raises InvalidParty with everything that is wrong.
    """
    faults: list[Fault] = []
    clean: dict[str, Any] = {}
    for name, check in _CHECKS.items():
        if name in values:
            _collect(lambda check=check, name=name: clean.update(check(values[name])), faults)  # type: ignore[misc]
        elif not partial and name in ("name", "classes"):
            faults.append(Fault(name, "required"))
    if "phones" in values:
        home = region or home_region(values)
        _collect(lambda: clean.update(_phones(values["phones"], home, known_phones)), faults)
    if {"document_type", "document_number"} & values.keys() or not partial:
        _collect(lambda: clean.update(_document(values)), faults)
    if faults:
        raise InvalidParty(faults)
    return clean


def home_region(values: Mapping[str, Any], document_type: str = "", country: str = "") -> str:
    """The country of a party's telephone numbers, from what is given, else from what is known."""
    given = (values.get("address") or {}).get("country", country)
    return region_of(str(values.get("document_type") or document_type), str(given or ""))


def _collect(check: Callable[[], object], faults: list[Fault]) -> None:
    try:
        check()
    except InvalidParty as error:
        faults.extend(error.faults)


def _fail(field: str, reason: str, hint: str = "") -> InvalidParty:
    return InvalidParty([Fault(field, reason, hint)])


def _line(field: str, value: Any, longest: int) -> str:
    text = plain_text(value)
    if len(text) > longest:
        raise _fail(field, "too_long", str(longest))
    if not text.isprintable():
        raise _fail(field, "unprintable")
    return text


def _document(values: Mapping[str, Any]) -> dict[str, str]:
    kind, number = plain_text(values.get("document_type")), plain_text(values.get("document_number"))
    faults = [Fault(field, "required") for field, text in (("document_type", kind), ("document_number", number))
              if not text]  # fmt: skip
    if faults:
        raise InvalidParty(faults)
    try:
        kind = document_type_of(kind)
    except BadDocument:
        raise _fail("document_type", "document_type") from None
    try:
        return {"document_type": kind, "document_number": number, "document_key": document_key(kind, number)}
    except BadDocument as error:
        raise _fail("document_number", f"document_{error.reason}", error.hint) from None


def _name(value: Any) -> dict[str, str]:
    text = _line("name", value, 200)
    if not text:
        raise _fail("name", "required")
    return {"name": text, "name_search": search_text(text)[:400]}


def _classes(value: Any) -> dict[str, bool]:
    given = set(value or ())
    if not given:
        raise _fail("classes", "required")
    if unknown := sorted(given - set(CLASSES)):
        raise _fail("classes", "class", ", ".join(unknown))
    return {f"is_{name}": name in given for name in CLASSES}


def _emails(value: Any) -> dict[str, list[EmailValue]]:
    entries = list(value or ())
    if len(entries) > MOST_EMAILS:
        raise _fail("emails", "too_many", str(MOST_EMAILS))
    faults: list[Fault] = []
    emails: list[EmailValue] = []
    for position, entry in enumerate(entries):
        state = entry.get("state")
        try:
            address = check_address(entry.get("address"))
            if address.lower() in {email.key for email in emails}:
                raise _fail("", "duplicate_email")
            if state is not None and state not in EMAIL_STATES:
                raise _fail("", "email_state")
            emails.append(EmailValue(address, bool(entry.get("principal")), state))
        except InvalidParty as error:
            faults += [Fault(f"emails.{position}.address", fault.reason, fault.hint) for fault in error.faults]
    if sum(email.principal for email in emails) > 1:
        faults.append(Fault("emails", "several_principal"))
    if faults:
        raise InvalidParty(faults)
    if emails and not any(email.principal for email in emails):
        emails[0] = EmailValue(emails[0].address, True, emails[0].state)
    return {"emails": emails}


def check_address(value: Any) -> str:
    """An e-mail address in the form in which it is kept. Raises InvalidParty (field "")."""
    text = str(value or "").strip()
    if not text:
        raise _fail("", "required")
    address = _parsed(text)
    if address is None:
        raise _fail("", "email")
    return address


@lru_cache(maxsize=1024)
def _parsed(text: str) -> str | None:
    try:
        checked = validate_email(text, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    address = checked.ascii_email or ""
    return address if len(address) <= 254 else None


def _language(value: Any) -> dict[str, str]:
    if value not in LANGUAGES:
        raise _fail("language", "language")
    return {"language": value}


def _phones(value: Any, region: str, known: Collection[str]) -> dict[str, list[str]]:
    phones: list[str] = []
    for entry in value or ():
        text = plain_text(entry)
        if not text:
            continue
        if text not in known:  # of old times there may be what is no number: it stays until somebody mends it
            try:
                text = normal_phone(text, region)
            except BadPhone:
                raise _fail("phones", "phone", text[:40]) from None
        if text not in phones:
            phones.append(text)
    if len(phones) > MOST_PHONES:
        raise _fail("phones", "too_many", str(MOST_PHONES))
    return {"phones": phones}


def _address(value: Any) -> dict[str, str]:
    given = value or {}
    clean = {
        name: _line(f"address.{name}", given[name], longest)
        for name, longest in ADDRESS_FIELDS.items()
        if name in given and name != "country"
    }
    if "country" in given:
        country = plain_text(given["country"]).upper()
        if country and country not in COUNTRIES:
            raise _fail("address.country", "country")
        clean["country"] = country
    return clean


def _notes(value: Any) -> dict[str, str]:
    text = unicodedata.normalize("NFC", str(value or "")).replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > 4000:
        raise _fail("notes", "too_long", "4000")
    return {"notes": text}


def _code(value: Any) -> dict[str, str]:
    code = _line("code", value, 40).upper()
    if code and not re.fullmatch(r"[A-Z0-9][A-Z0-9._/\-]*", code):
        raise _fail("code", "code")
    return {"code": code}


def _active(value: Any) -> dict[str, bool]:
    return {"active": bool(value)}


_CHECKS: dict[str, Callable[[Any], Mapping[str, Any]]] = {
    "name": _name,
    "classes": _classes,
    "code": _code,
    "emails": _emails,
    "language": _language,
    "address": _address,
    "notes": _notes,
    "active": _active,
}
