"""The whole life of a party's access in one timeline: keys, links, letters, changes in the directory, and acts.

Each source is turned into moments; the page shows them together, by day, the newest first. What another service knows
is asked for when the page is made, both at once, and left out with a note if there is no answer.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_datetime, gettext, lazy_gettext, ngettext
from markupsafe import Markup

from services.identity.actions.runtime import runtime
from services.identity.clients import ask_all
from services.identity.models.audit import AuditEntry
from services.identity.models.credentials import Credential, SecretLink
from services.identity.pages.audit_lines import line_of
from services.identity.pages.shown import CLASSES, DELIVERIES, END_REASONS, PEOPLE
from services.identity.queries.audit import Names, list_entries_of_party, list_systems, names_of
from services.identity.queries.credentials import list_credentials, list_links
from services.identity.schemas.acts import detail_label, detail_value, letter_label
from shared import clock
from shared.web import current
from shared.web.context import Text
from shared.web.look import state_of

SHORT, LONG = 100, 500
"""How many moments are shown at first, and how many at most; what is older is in the lists of letters and entries."""

TOLD_ELSEWHERE = {
    "credentials": ("credential.issued", "credential.revoked"),
    "directory": ("party.created", "party.updated", "party.deactivated", "party.reactivated", "profile.changed"),
    "mailer": ("letters.cancelled", "letter.bounced"),
}
"""Acts of which the source itself tells more; where it is away, the act is better than nothing."""

LETTER_ENDS = {
    "staff": lazy_gettext("Cancelled by the staff"),
    "credential_revoked": lazy_gettext("Its key was revoked before it left"),
    "party_deactivated": lazy_gettext("The party was deactivated before it left"),
    "replaced": lazy_gettext("A newer letter took its place"),
    "outrun": lazy_gettext("An earlier letter about it had gone out, or was not to go out"),
    "paid": lazy_gettext("It was paid before the letter left"),
    "voided": lazy_gettext("The invoice was voided before the letter left"),
    "disputed": lazy_gettext("The invoice is in dispute"),
    "invitation_ended": lazy_gettext("The invitation ended before the letter left"),
    "stopped": lazy_gettext("The recipient does not want such letters any more"),
    "withdrawn": lazy_gettext("What it says was not so any more"),
}
FIELDS = {
    "name": lazy_gettext("Name"),
    "code": lazy_gettext("Client code"),
    "document": lazy_gettext("Document"),
    "classes": lazy_gettext("Classes"),
    "language": lazy_gettext("Language"),
    "email": lazy_gettext("E-mail"),
    "email_state": lazy_gettext("State of the e-mail address"),
    "principal_email": lazy_gettext("Principal e-mail address"),
    "phones": lazy_gettext("Phones"),
    "notes": lazy_gettext("Notes"),
    "street": lazy_gettext("Postal address"),
    "city": lazy_gettext("Postal address"),
    "region": lazy_gettext("Postal address"),
    "postal_code": lazy_gettext("Postal address"),
    "country": lazy_gettext("Postal address"),
}
DEEDS = {
    "created": (lazy_gettext("Registered in the directory"), "person-plus"),
    "imported": (lazy_gettext("Brought in with an import"), "box-arrow-in-down"),
    "deactivated": (lazy_gettext("Deactivated in the directory: its access is suspended"), "pause-circle"),
    "reactivated": (lazy_gettext("Activated again in the directory"), "play-circle"),
}


Systems = Mapping[str, str]
"""Client id → name."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened. `why` says more, line by line; `kind` is one of the look's kinds of states."""

    at: datetime
    text: Text
    icon: str
    kind: str = "info"
    why: Sequence[Text] = ()
    href: str = ""


@dataclass(frozen=True)
class Timeline:
    """Days, the newest first, each with its moments; the services that did not answer; whether there is more."""

    days: Sequence[tuple[date, Sequence[Moment]]]
    away: Sequence[str]
    more: bool


def timeline_of(party_id: uuid.UUID, limit: int) -> Timeline:
    """The newest `limit` moments of a party. No transaction is open while other services are asked."""
    glance = runtime().clients.glance
    answers = ask_all(
        {
            "mailer": partial(glance.list_letters, party_id, limit),
            "directory": partial(glance.list_changes, party_id, limit),
        }
    )
    away = [name for name, answer in answers.items() if answer is None]
    with current().db.read() as session:
        credentials = list_credentials(session, party_id, limit=limit)
        links = list_links(session, party_id, limit)
        entries = list_entries_of_party(session, party_id, limit)
        names, systems = names_of(session, entries), dict(list_systems(session))
    moments = [moment for one in credentials for moment in _of_credential(one, systems)]
    moments += [moment for one in links for moment in _of_link(one)]
    moments += [_of_letter(one, systems) for one in answers["mailer"] or ()]
    moments += [_of_change(one, systems) for one in answers["directory"] or ()]
    moments += _of_entries(entries, names, away)
    moments.sort(key=lambda one: one.at, reverse=True)
    full = max(map(len, (credentials, links, entries, *(one or () for one in answers.values())))) >= limit
    return Timeline(_by_day(moments[:limit]), away, full or len(moments) > limit)


def _by_day(moments: Iterable[Moment]) -> list[tuple[date, list[Moment]]]:
    zone = ZoneInfo(current().settings.timezone)
    return [(day, list(group)) for day, group in groupby(moments, key=lambda one: one.at.astimezone(zone).date())]


def _of_credential(one: Credential, systems: Systems) -> list[Moment]:
    found = [_issue(one, systems)]
    if one.delivered_at and one.delivery != "none":
        text = (
            gettext("Its letter was handed over: the link opens until it is used or expires")
            if one.delivery == "link"
            else gettext("Its letter was handed over: this password is the valid one from here on")
        )
        found.append(Moment(at=one.delivered_at, text=text, icon="envelope-check", kind="good"))
    elif one.activated_at and one.origin != "chosen" and one.delivery != "none":
        text = gettext("The new password was used: it is the valid one from here on")
        found.append(Moment(at=one.activated_at, text=text, icon="check-circle", kind="good"))
    if one.first_used_at and one.origin != "chosen":
        text = gettext("Signed in with the password for the first time")
        found.append(Moment(at=one.first_used_at, text=text, icon="box-arrow-in-right", kind="good"))
    if one.ended_at:
        found.append(_end(one, one.ended_at, systems))
    return found


def _issue(one: Credential, systems: Systems) -> Moment:
    if one.origin == "chosen" and one.delivery == "none":
        return Moment(at=one.issued_at, text=gettext("The client chose a password"), icon="person-check", kind="good")
    if one.issued_by == "system":
        text = gettext("The former password is valid again, because the letter with the new one did not arrive")
        return Moment(at=one.issued_at, text=text, icon="arrow-counterclockwise", kind="good")
    why: list[Text] = [DELIVERIES.get(one.delivery, one.delivery)]
    if one.expires_at and not one.first_used_at and not one.ended_at:
        why.append(gettext("Ends if nobody uses it until %(when)s", when=_time(one.expires_at)))
    who = _called(one.issued_by, systems)
    text = gettext("%(who)s issued a credential", who=who)
    if one.batch_id:
        text = gettext("%(who)s issued a credential with a batch", who=who)
    href = f"/backoffice/identity/batches/{one.batch_id}" if one.batch_id else ""
    return Moment(at=one.issued_at, text=text, icon="key", why=why, href=href)


def _end(one: Credential, at: datetime, systems: Systems) -> Moment:
    kind = "bad" if one.end_reason in ("revoked", "letter_failed", "expired") else "off"
    why: list[Text] = [END_REASONS.get(one.end_reason or "", one.end_reason or "")]
    if one.ended_by and one.ended_by not in PEOPLE:
        why.append(gettext("By %(who)s", who=_called(one.ended_by, systems)))
    issued = gettext("The credential of %(when)s ended", when=_time(one.issued_at))
    return Moment(at=at, text=issued, icon="x-circle", kind=kind, why=why)


def _of_link(one: SecretLink) -> list[Moment]:
    found = []
    if one.purpose == "recovery":
        until = gettext("It works until %(when)s", when=_time(one.expires_at))
        text = gettext("The client asked for a link, because the password was forgotten")
        found.append(Moment(at=one.created_at, text=text, icon="link-45deg", why=[until]))
    if one.used_at:
        text = gettext("The link was opened and a password set with it")
        found.append(Moment(at=one.used_at, text=text, icon="link", kind="good"))
    elif one.voided_at:
        text = gettext("The link of %(when)s was made useless", when=_time(one.created_at))
        why = gettext("A newer link or password took its place, or somebody revoked it")
        found.append(Moment(at=one.voided_at, text=text, icon="slash-circle", kind="off", why=[why]))
    elif one.expires_at <= clock.now():
        text = gettext("The link of %(when)s ran out unused", when=_time(one.created_at))
        found.append(Moment(at=one.expires_at, text=text, icon="clock-history", kind="off"))
    return found


def _of_letter(one: dict[str, Any], systems: Systems) -> Moment:
    label, kind, icon = state_of(str(one["state"]))
    name = letter_label(str(one["kind"]))
    why: list[Text] = [gettext("To %(address)s", address=one["address"])]
    if count := one.get("attempt_count"):
        why.append(ngettext("%(num)s attempt", "%(num)s attempts", int(count)))
    if outcome := one.get("outcome"):
        why.append(LETTER_ENDS.get(outcome, outcome))
    if one.get("ended_by"):
        why.append(gettext("By %(who)s", who=_called(one["ended_by"], systems)))
    return Moment(
        at=datetime.fromisoformat(one.get("ended_at") or one["created_at"]),
        text=Markup("{}: <strong>{}</strong>").format(name, label),
        icon=icon if icon != "circle" else "envelope",
        kind=kind,
        why=why,
        href=f"/backoffice/mailer/letters/{uuid.UUID(one['id'])}",
    )


def _of_change(one: dict[str, Any], systems: Systems) -> Moment:
    field, at = str(one["field"]), datetime.fromisoformat(one["at"])
    by = [gettext("By %(who)s", who=_called(one["actor_name"], systems))] if one.get("actor_name") else []
    if field in DEEDS:
        text, icon = DEEDS[field]
        return Moment(at=at, text=text, icon=icon, why=by)
    before, after = (_shown(field, one.get(side)) for side in ("before", "after"))
    change = f"{before} → {after}"
    if one.get("subject"):
        change = f"{one['subject']}: {change}"
    label = FIELDS.get(field, field)
    icon = "envelope-at" if "email" in field else "pencil"
    kind = "bad" if one.get("after") in ("bounced", "blocked") else "info"
    text = Markup("{}: <strong>{}</strong>").format(gettext("Changed in the directory"), label)
    return Moment(at=at, text=text, icon=icon, kind=kind, why=[change, *by])


def _shown(field: str, value: object) -> str:
    if not value:
        return "—"
    if field == "classes":
        return ", ".join(str(CLASSES.get(name, name)) for name in str(value).split(", "))
    return str(state_of(str(value))[0]) if field == "email_state" else str(value)


def _called(name: str, systems: Systems) -> str:
    """Systems are known by an id where people are by their name."""
    return str(PEOPLE.get(name) or systems.get(name) or name)


def _of_entries(entries: Sequence[AuditEntry], names: Names, away: Sequence[str]) -> list[Moment]:
    hidden = {act for source, acts in TOLD_ELSEWHERE.items() if source not in away for act in acts}
    found = []
    for entry in entries:
        if entry.act not in hidden:
            why = [f"{detail_label(d['name'])}: {detail_value(d['name'], d['value'])}" for d in entry.details]
            href = f"/backoffice/identity/audit/{entry.id}"
            found.append(Moment(at=entry.at, text=line_of(entry, names).text, icon="journal-text", why=why, href=href))
    return found


def _time(moment: datetime) -> str:
    return str(format_datetime(moment, "short"))
