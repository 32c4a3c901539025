"""Words for what the directory keeps in codes: countries, phones, why an address is in its state, lines of the log."""

from dataclasses import dataclass

from babel import Locale
from flask_babel import format_datetime, get_locale, gettext
from flask_babel import lazy_gettext as _l

from services.directory.models import Party, PartyChange, PartyEmail
from services.directory.pages.forms import CLASS_NAMES, EMAIL_STATES, LABELS
from services.directory.rules.parties import COUNTRIES, search_text
from services.directory.rules.phones import region_of, shown_phone, written_phone
from shared.i18n import NAMES

FIRST_COUNTRIES = ("CO", "MX")
_DEEDS = {
    "created": _l("Registered"),
    "imported": _l("Registered by an import"),
    "deactivated": _l("Deactivated"),
    "reactivated": _l("Activated again"),
}
_FIELDS = {
    **LABELS,
    "document": _l("Document"),
    "email": _l("E-mail address"),
    "email_state": _l("State of the e-mail address"),
    "principal_email": _l("Principal e-mail address"),
}


@dataclass(frozen=True)
class Line:
    """A line of the change log as people read it. `import_id`: of an import, to link to it."""

    change: PartyChange
    what: str
    before: str
    after: str
    who: str
    import_id: str = ""

    @property
    def is_deed(self) -> bool:
        """Whether `what` says it all."""
        return self.change.field in _DEEDS


def countries() -> dict[str, str]:
    """The countries for a list to choose from: code to name, those of our clients first."""
    names = {str(code): name for code, name in _locale().territories.items()}
    rest = sorted(
        (code for code in COUNTRIES if code not in FIRST_COUNTRIES), key=lambda code: search_text(names[code])
    )
    return {code: names[code] for code in (*FIRST_COUNTRIES, *rest)}


def country_name(code: str) -> str:
    """The name of a country in the reader's language; a code that is none stays as it is."""
    return str(_locale().territories.get(code, code))


def phones_of(party: Party) -> list[str]:
    """The phones of a party as people of its country write them."""
    region = region_of(party.document_type, party.country)
    return [shown_phone(phone, region) for phone in party.phones]


def state_reason(email: PartyEmail) -> str:
    """Why and since when an address is in its state, "" if nobody ever changed it."""
    if email.state_at is None:
        return ""
    when = format_datetime(email.state_at, "short")
    if email.state_cause == "bounce":
        if not email.state_detail:
            return gettext("A letter came back on %(when)s.", when=when)
        return gettext("A letter came back on %(when)s: %(answer)s", when=when, answer=email.state_detail)
    if email.state_cause == "suppressed":
        return gettext("Put on the list of stopped addresses of the mail service on %(when)s.", when=when)
    if email.state_cause == "released":
        return gettext("Taken off the list of stopped addresses of the mail service on %(when)s.", when=when)
    return gettext("Marked so on %(when)s by %(who)s.", when=when, who=email.state_detail or gettext("the system"))


def line_of(change: PartyChange) -> Line:
    """A line of the log for its reader."""
    deed = _DEEDS.get(change.field)
    what = str(deed or _FIELDS.get(change.field, change.field))
    if change.subject:
        what = f"{what}: {change.subject}"
    before, after = (_value(change.field, text) for text in (change.before, change.after))
    import_id = change.actor_id if change.actor_kind == "import" else ""
    return Line(change, what, before, after, _who(change), import_id)


def _value(field: str, text: str) -> str:
    if field == "classes":
        return ", ".join(str(CLASS_NAMES.get(name, name)) for name in text.split(", "))
    if field == "phones":
        return ", ".join(written_phone(phone) for phone in text.split(", "))
    if field == "country":
        return country_name(text)
    if field == "language":
        return NAMES.get(text, text)
    return str(EMAIL_STATES.get(text, text)) if field == "email_state" else text


def _who(change: PartyChange) -> str:
    if change.actor_kind == "import":
        return gettext("Import by %(who)s", who=change.actor_name)
    if change.actor_kind == "system":
        return gettext("The system")
    return change.actor_name


def _locale() -> Locale:
    return get_locale() or Locale("es")
