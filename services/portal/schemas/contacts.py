"""Contacts in words: rights, kinds of letters and states as pages show them, and as REST gives them out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import marshmallow as ma
from flask_babel import format_datetime, gettext
from flask_babel import lazy_gettext as _l
from marshmallow.validate import OneOf

from services.portal.queries.contacts import ContactRow
from services.portal.rules.contacts import ACTIVE, INVITED, KEPT_STATES, NONE, REMOVED, SUSPENDED
from services.portal.rules.notices import PREFERENCES
from services.portal.rules.rights import (
    EDIT_PROFILE,
    MANAGE_CONTACTS,
    OPEN_CASES,
    PAY_INVOICES,
    RIGHTS,
    SEE_CASES,
    SEE_INVOICES,
    SEE_MAIL,
    SEE_RECEIPTS,
)
from shared.web.api import PageQuery
from shared.web.context import Text
from shared.web.look import State


@dataclass(frozen=True)
class Wording:
    """What something is called, and what that means."""

    name: Text
    meaning: Text


RIGHT_WORDS = {
    SEE_INVOICES: Wording(_l("See invoices"), _l("Look at them and download them, also the fiscal documents.")),
    PAY_INVOICES: Wording(_l("Pay invoices"), _l("Pay online, or report a payment with its proof.")),
    SEE_RECEIPTS: Wording(
        _l("See receipts and account statements"), _l("Receipts, account statement, statements of income.")
    ),
    SEE_CASES: Wording(_l("See requests (PQRS)"), _l("Read requests and the answers to them.")),
    OPEN_CASES: Wording(_l("Open requests (PQRS)"), _l("Send new requests, and write in those that they may see.")),
    EDIT_PROFILE: Wording(_l("Edit the profile"), _l("Telephones, postal address and language.")),
    MANAGE_CONTACTS: Wording(
        _l("Manage contacts"), _l("Add, change and remove contacts, with no more rights than their own.")
    ),
    SEE_MAIL: Wording(_l("See the mail history"), _l("Which letters were sent, when and to whom.")),
}
"""In the order of RIGHTS."""

NOTICE_WORDS = {
    "invoice": Wording(_l("Invoice issued"), _l("When there is a new invoice.")),
    "reminder": Wording(_l("Payment reminder"), _l("Before an invoice is due, and on that day.")),
    "overdue": Wording(_l("Overdue invoice"), _l("When an invoice was not paid in time.")),
    "receipt": Wording(_l("Receipt of what was paid"), _l("When a payment was received.")),
    "cases": Wording(_l("PQRS"), _l("Steps and answers of requests.")),
    "general": Wording(_l("General"), _l("Whatever else the agency tells.")),
}
"""In the order of PREFERENCES."""


def right_names(rights: Iterable[str]) -> list[str]:
    """What rights are called, in their order."""
    held = set(rights)
    return [str(RIGHT_WORDS[one].name) for one in RIGHTS if one in held]


def rights_told(rights: Iterable[str]) -> str:
    """The same within a sentence."""
    return ", ".join(name[:1].lower() + name[1:] for name in right_names(rights))


def notice_names(notices: Iterable[str]) -> list[str]:
    """What kinds of letters are called, in their order."""
    held = set(notices)
    return [str(NOTICE_WORDS[one].name) for one in PREFERENCES if one in held]


def state_of_contact(row: ContactRow, now: datetime) -> State:
    """The state of a contact for people."""
    state = row.contact.state
    if state == INVITED and (row.invitation is None or row.invitation.expires_at <= now):
        return gettext("Invitation expired"), "bad", "envelope-slash"
    looks: dict[str, State] = {
        NONE: (gettext("Only mail"), "info", "envelope"),
        INVITED: (gettext("Invited"), "waiting", "envelope-paper"),
        ACTIVE: (gettext("Active"), "good", "person-check"),
        SUSPENDED: (gettext("Suspended"), "off", "pause-circle"),
        REMOVED: (gettext("Removed"), "off", "person-x"),
    }
    return looks[state]


def state_details(row: ContactRow, now: datetime) -> str:
    """What more there is to say about the state of a contact, "" if nothing."""
    contact, invitation = row.contact, row.invitation
    if contact.state == INVITED and invitation and invitation.expires_at > now:
        return gettext("The invitation works until %(when)s.", when=format_datetime(invitation.expires_at, "short"))
    if contact.state in (ACTIVE, SUSPENDED):
        if contact.last_sign_in_at is None:
            return gettext("Has not signed in yet.")
        return gettext("Last sign-in: %(when)s.", when=format_datetime(contact.last_sign_in_at, "short"))
    return ""


class ContactQuery(PageQuery):
    """Filters of the list of contacts."""

    party_id = ma.fields.UUID(load_default=None, metadata={"description": "Only the contacts of this client"})


class ContactView(ma.Schema):
    """Somebody whom a client named. What they get by letter and what they may do are two lists."""

    id = ma.fields.UUID(required=True)
    party_id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    address = ma.fields.String(required=True)
    phone = ma.fields.String(required=True)
    language = ma.fields.String(required=True)
    state = ma.fields.String(
        required=True,
        validate=OneOf(KEPT_STATES),
        metadata={"description": "`none`: gets letters and does not sign in"},
    )
    rights = ma.fields.List(ma.fields.String(validate=OneOf(RIGHTS)), required=True)
    notices = ma.fields.List(ma.fields.String(validate=OneOf(PREFERENCES)), required=True)
    instead = ma.fields.List(
        ma.fields.String(validate=OneOf(PREFERENCES)),
        required=True,
        metadata={"description": "Those of `notices` that they get instead of the client"},
    )
    stopped = ma.fields.List(
        ma.fields.String(validate=OneOf(PREFERENCES)),
        required=True,
        metadata={"description": "Those of which they want no letters themselves"},
    )
    created_at = ma.fields.AwareDateTime(required=True)
    accepted_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    last_sign_in_at = ma.fields.AwareDateTime(required=True, allow_none=True)
