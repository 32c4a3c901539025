"""Entries of the audit trail as sentences with links to the things they are about."""

from dataclasses import dataclass
from urllib.parse import quote

from flask_babel import format_number
from markupsafe import Markup

from services.identity.models.audit import AuditEntry
from services.identity.queries.audit import Names
from services.identity.schemas.acts import wording_of
from services.identity.schemas.acts.entries import actor_name, is_own, party_name, subject_name, what_name
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
