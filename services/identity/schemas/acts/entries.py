"""Entries of the audit trail in words: who, what, to whom, as pages and REST tell it."""

import uuid

from flask_babel import format_number, gettext

from services.identity.models.audit import AuditEntry
from services.identity.queries.audit import Names, as_id
from services.identity.schemas.acts import COMMAND_LINE, letter_label, thing_name, wording_of
from shared.i18n import NAMES


def sentence_of(entry: AuditEntry, names: Names) -> str:
    """What happened, as a plain sentence in the reader's language."""
    template = wording_of(entry.act).template(entry.count, is_own(entry))
    return template % {
        "who": actor_name(entry, names),
        "whom": subject_name(entry, names),
        "what": what_name(entry),
        "count": format_number(entry.count or 0),
    }


def actor_name(entry: AuditEntry, names: Names) -> str:
    """Who acted: the staff by the name of that time, people of the client area and systems by their present one."""
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
    """What it was done to, where that is a thing: a letter's text in a language, an address, an invoice; or a
    contact of a party."""
    kind, _, language = entry.subject_id.partition("/")
    if entry.subject == "template" and language:
        return f"«{letter_label(kind)}» ({NAMES.get(language, language)})"
    told = {one["name"]: one["value"] for one in entry.details}
    if entry.subject == "contact":
        return told.get("name") or gettext("a contact")
    return thing_name(entry.act, entry.subject, told) or told.get("prefix") or entry.subject_id


def is_own(entry: AuditEntry) -> bool:
    """Whether somebody did it to themselves."""
    return entry.actor_id != "" and entry.actor_id in (entry.subject_id, str(entry.party_id))


def _named(party_id: uuid.UUID, names: Names) -> str:
    return names.parties.get(party_id) or gettext("somebody who is not known here")
