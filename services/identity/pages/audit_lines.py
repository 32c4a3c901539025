"""Entries of the audit trail as sentences with links to the things they are about."""

import uuid
from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import format_number, gettext
from markupsafe import Markup

from services.identity.models.audit import AuditEntry
from services.identity.queries.audit import Names, as_id
from services.identity.schemas.acts import COMMAND_LINE, letter_label, thing_name, wording_of
from shared.i18n import NAMES
from shared.web import current_staff

PARTY_PAGE = "/backoffice/identity/parties/{}"
PAGES = {
    "batch": "/backoffice/identity/batches/{}",
    "letter": "/backoffice/mailer/letters/{}",
    "import": "/backoffice/directory/imports/{}",
    "staff": "/backoffice/identity/staff/{}",
    "client": "/backoffice/identity/clients/{}",
    "template": "/backoffice/mailer/templates/{}",
    "address": "/backoffice/mailer/suppressions?q={}",
    "queue": "/backoffice/mailer/",
    "invoice": "/backoffice/portal/invoices/{}",
    "payment": "/backoffice/portal/payments/{}",
    "report": "/backoffice/portal/reports/{}",
    "income": "/backoffice/portal/income/{}",
    "case": "/backoffice/portal/cases/{}",
}
"""Kind of subject → its page."""

NOT_FOR_AGENTS = ("staff", "client")


@dataclass(frozen=True)
class Line:
    """An entry as it is shown. `text` is a sentence, `href` the page of what it is about, "" if there is none."""

    entry: AuditEntry
    text: Markup
    who: str
    party: str
    href: str


def line_of(entry: AuditEntry, names: Names) -> Line:
    """An entry for a page."""
    slots = {
        "who": Markup("<strong>{}</strong>").format(actor_name(entry, names)),
        "whom": _linked_subject(entry, names),
        "what": Markup("<strong>{}</strong>").format(what_name(entry)),
        "count": format_number(entry.count or 0),
    }
    template = wording_of(entry.act).template(entry.count, is_own(entry))
    text = Markup(template) % slots  # noqa: S704 - the template is ours, the slots are escaped
    return Line(entry, text, actor_name(entry, names), party_name(entry, names), page_of(entry))


def actor_name(entry: AuditEntry, names: Names) -> str:
    """Who acted: the staff by the name of that time, parties and systems by their present one."""
    if entry.actor_kind == "party":
        known = as_id(entry.actor_id)
        return (names.parties.get(known) if known else None) or entry.actor_name or gettext("A client")
    if entry.actor_kind == "client":
        return names.clients.get(entry.actor_id) or entry.actor_name or entry.actor_id
    if entry.actor_kind == "staff" and entry.actor_name:
        return entry.actor_name
    return gettext("The command line") if entry.actor_name == COMMAND_LINE else gettext("The system")


def party_name(entry: AuditEntry, names: Names) -> str:
    """The party it is about; "" if it is about none."""
    return _named(entry.party_id, names) if entry.party_id else ""


def subject_name(entry: AuditEntry, names: Names) -> str:
    """Whom it is about: a party, a member of the staff, another system; or what, where that is nobody."""
    if entry.party_id is not None:
        return _named(entry.party_id, names)
    told = {one["name"]: one["value"] for one in entry.details}
    if entry.subject == "staff":
        return names.staff.get(entry.subject_id) or told.get("user") or entry.subject_id
    if entry.subject == "client":
        return names.clients.get(entry.subject_id) or told.get("name") or entry.subject_id
    return told.get("name") or entry.subject_id or gettext("somebody who is not known here")


def what_name(entry: AuditEntry) -> str:
    """What it was done to, where that is a thing: a letter's text in a language, an address, an invoice."""
    kind, _, language = entry.subject_id.partition("/")
    if entry.subject == "template" and language:
        return f"«{letter_label(kind)}» ({NAMES.get(language, language)})"
    told = {one["name"]: one["value"] for one in entry.details}
    return thing_name(entry.act, entry.subject, told) or told.get("prefix") or entry.subject_id


def is_own(entry: AuditEntry) -> bool:
    """Whether somebody did it to themselves."""
    return entry.actor_id != "" and entry.actor_id in (entry.subject_id, str(entry.party_id))


def page_of(entry: AuditEntry) -> str:
    """The page of what an entry is about, if there is one and the reader may open it; else ""."""
    staff = current_staff()
    if staff is None or entry.subject not in PAGES or not (entry.subject_id or entry.subject == "queue"):
        return ""
    hidden = entry.subject in NOT_FOR_AGENTS and staff.role == "agent"
    return "" if hidden else PAGES[entry.subject].format(quote(entry.subject_id))


def _linked_subject(entry: AuditEntry, names: Names) -> Markup:
    name = subject_name(entry, names)
    if entry.party_id is None:
        return Markup("<strong>{}</strong>").format(name)
    return Markup('<a href="{}">{}</a>').format(PARTY_PAGE.format(entry.party_id), name)


def _named(party_id: uuid.UUID, names: Names) -> str:
    return names.parties.get(party_id) or gettext("somebody who is not known here")
