"""The form of a party: what it holds, what was sent with it, and where something is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from services.directory.models import Party
from services.directory.rules.parties import ADDRESS_FIELDS, CLASSES, MOST_EMAILS, Fault
from services.directory.rules.phones import written_phone
from services.directory.schemas.texts import fault_text

EMPTY_ROWS = 2
DOCUMENTS = {
    "CC": _l("CC · Citizenship card (Colombia)"),
    "CE": _l("CE · Foreigner's card (Colombia)"),
    "NIT": _l("NIT · Tax number (Colombia)"),
    "PPT": _l("PPT · Temporary protection permit (Colombia)"),
    "PAS": _l("PAS · Passport"),
    "RFC": _l("RFC · Tax register (Mexico)"),
    "CURP": _l("CURP · Population register (Mexico)"),
}
CLASS_NAMES = {"tenant": _l("Tenant"), "owner": _l("Owner")}
EMAIL_STATES = {
    "unverified": _l("Unverified"),
    "valid": _l("Valid"),
    "bounced": _l("Bounced"),
    "blocked": _l("Blocked"),
}
LABELS = {
    "classes": _l("Class"),
    "document_type": _l("Document type"),
    "document_number": _l("Document number"),
    "name": _l("Name"),
    "language": _l("Language"),
    "emails": _l("E-mail addresses"),
    "phones": _l("Phones"),
    "street": _l("Address"),
    "city": _l("City"),
    "region": _l("Department or state"),
    "postal_code": _l("Postal code"),
    "country": _l("Country"),
    "notes": _l("Notes"),
    "code": _l("Client code"),
    "password": _l("Password"),
}


@dataclass
class EmailRow:
    """A line of the table of addresses."""

    address: str = ""
    principal: bool = False
    state: str = "unverified"
    was: tuple[str, str] = ("", "")
    """Address and state as the page first showed them in this line."""
    error: str = ""

    @property
    def meant_state(self) -> str:
        """The state that is meant: what is known of an address does not go over to the one written in its place."""
        address, state = self.was
        replaced = address and address.lower() != self.address.lower()
        return "unverified" if replaced and self.state == state else self.state


@dataclass
class PartyForm:
    """Everything that the page shows in its fields. `errors`: field to text; the first of a field counts."""

    values: dict[str, Any]
    emails: list[EmailRow]
    errors: dict[str, str] = field(default_factory=dict)
    similar: list[dict[str, Any]] = field(default_factory=list)
    """Warnings of parties that may be the same one (pages/similar.py)."""

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """For the list at the top: id of the field, its label, what is wrong."""
        return [(f"field-{name}", str(LABELS.get(name, "")), text) for name, text in self.errors.items()]

    def add(self, faults: Sequence[Fault]) -> None:
        """Put faults at their fields."""
        for fault in faults:
            self.add_text(fault.field, fault_text(fault.reason, fault.hint))

    def add_text(self, name: str, text: str) -> None:
        """Put a text at a field, which may be a path such as `emails.0.address`."""
        parts = name.split(".")
        if parts[0] == "emails" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(self.emails):
            self.emails[int(parts[1])].error = text
        shown = parts[-1] if parts[0] == "address" else parts[0]
        self.errors.setdefault(shown, text)


def empty_form() -> PartyForm:
    """A form for a new party."""
    return PartyForm({"classes": [], "language": "es", "document_type": "CC"}, _with_empty([]))


def form_of(party: Party) -> PartyForm:
    """A form that holds a party as it is."""
    names = ("classes", "document_type", "document_number", "name", "language", "notes", "code", *ADDRESS_FIELDS)
    values = {name: getattr(party, name) for name in names}
    rows = [
        EmailRow(email.address, email.principal, email.state, (email.address, email.state)) for email in party.emails
    ]
    # With their country codes: they mean the same whatever becomes of the document or the country in this form.
    return PartyForm({**values, "phones": "\n".join(map(written_phone, party.phones))}, _with_empty(rows))


def sent_form(sent: "MultiDict[str, str]") -> PartyForm:
    """A form that holds what somebody sent."""
    names = ("document_type", "document_number", "name", "language", "notes", "code", "phones", *ADDRESS_FIELDS)
    values: dict[str, Any] = {name: sent.get(name, "") for name in names}
    values["classes"] = [name for name in CLASSES if name in sent.getlist("classes")]
    principal = sent.get("principal", "")
    rows = [
        EmailRow(
            address.strip(),
            str(number) == principal,
            sent.get(f"email-{number}-state", "unverified"),
            (sent.get(f"email-{number}-was", ""), sent.get(f"email-{number}-had", "")),
        )
        for number in range(MOST_EMAILS + EMPTY_ROWS)
        if (address := sent.get(f"email-{number}", "")).strip()
    ]
    return PartyForm(values, _with_empty(rows))


def values_of(form: PartyForm) -> Mapping[str, Any]:
    """What a sent form asks for, in the shape of the rules."""
    values = {name: form.values[name] for name in ("document_type", "document_number", "name", "language", "notes")}
    return {
        **values,
        "classes": form.values["classes"],
        "phones": form.values["phones"].splitlines(),
        "address": {name: form.values[name] for name in ADDRESS_FIELDS},
        "emails": [
            {"address": row.address, "principal": row.principal, "state": row.meant_state}
            for row in form.emails
            if row.address
        ],
    }


def _with_empty(rows: list[EmailRow]) -> list[EmailRow]:
    return rows + [EmailRow() for _ in range(EMPTY_ROWS if rows else 1)][: MOST_EMAILS + EMPTY_ROWS - len(rows)]


def letter_note(party: Party) -> tuple[bool, str]:
    """Whether a letter can go to a party, and the sentence that says so: to which address, or why to none."""
    principal = party.principal
    if not party.active:
        return False, gettext("No letter can go: the party is inactive.")
    if principal is None:
        return False, gettext("No letter can go: the party has no e-mail address.")
    if principal.state == "bounced":
        return False, gettext("No letter can go: %(address)s bounced.", address=principal.address)
    if principal.state == "blocked":
        return False, gettext("No letter can go: %(address)s is blocked.", address=principal.address)
    return True, gettext("A letter will go to %(address)s.", address=principal.address)
