"""Forms of the pages about other systems, and the scopes in plain words."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from services.identity.rules.addresses import UnfitRedirectUri, check_redirect_uri
from services.identity.rules.scopes import API_SCOPES
from shared.web.context import Text

SCOPE_TEXTS: dict[str, Text] = {
    "parties:read": _l("See the tenants and owners of the directory"),
    "parties:write": _l("Create and change tenants and owners, and import files of them"),
    "credentials:issue": _l("Issue and revoke access to the client area, one by one or to many"),
    "credentials:verify": _l("Ask whether a user and a password of the client area belong together"),
    "passwords:write": _l("Change passwords of clients, and start the recovery of a forgotten one"),
    "keys:read": _l("Read the public keys with which secrets are sealed"),
    "letters:read": _l("See letters, and how many wait"),
    "letters:cancel": _l("Cancel letters that wait"),
    "letters:send": _l("Have letters sent"),
    "queue:control": _l("Pause and resume the sending of letters"),
    "addresses:write": _l("Block e-mail addresses, and release them"),
    "bounces:write": _l("Report letters that came back"),
    "attention:read": _l("See what waits for somebody to act"),
    "invoices:read": _l("See invoices"),
    "invoices:write": _l("Create invoices and void them"),
    "payments:read": _l("See payments and receipts"),
    "payments:write": _l("Record payments"),
    "cases:read": _l("See PQRS"),
    "contacts:read": _l("See contacts and sub-accounts"),
    "guests:write": _l("Let people into the client area who are no tenants and no owners"),
    "audit:read": _l("See the audit trail: who did what, when"),
}

OVERLAPS = {
    "0": _l("At once: I change it over there right now"),
    "1": _l("In 1 day"),
    "7": _l("In 7 days"),
}
"""Days for which the former secret goes on → what the page says."""


def scope_text(scope: str) -> str:
    """What a scope allows, in the reader's language."""
    return str(SCOPE_TEXTS.get(scope) or API_SCOPES.get(scope, scope))


class MultiCheckboxField(SelectMultipleField):
    """Several of a list, each with its own box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ClientForm(FlaskForm):
    """What is said of another system."""

    name = StringField(
        _l("Name"),
        [InputRequired(_l("This field is needed.")), Length(max=120, message=_l("At most 120 characters."))],
    )
    scopes = MultiCheckboxField(_l("What it may do"))
    redirects = TextAreaField(_l("Addresses to which the staff returns after signing in"), [Length(max=4000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scopes.choices = [SelectChoice(scope, scope_text(scope)) for scope in API_SCOPES]

    @property
    def addresses(self) -> list[str]:
        """The addresses, one in each line."""
        return (self.redirects.data or "").split()

    def validate(self, extra_validators: Any = None) -> bool:
        """A system must be able to do something, and its addresses must be fit."""
        valid = bool(super().validate(extra_validators))
        unfit = []
        for address in self.addresses:
            try:
                check_redirect_uri(address)
            except UnfitRedirectUri:
                unfit.append(address[:100])
        if unfit:
            text = gettext(
                "Not possible: %(addresses)s. An address begins with https:// and holds no # or *.",
                addresses=", ".join(unfit),
            )
            self.redirects.errors = [*self.redirects.errors, text]
        if valid and not self.scopes.data and not self.addresses:
            self.scopes.errors = [gettext("Choose something that it may do, or give an address for signing in.")]
            return False
        return valid and not unfit


class RotateForm(FlaskForm):
    """When the former secret ends."""

    overlap = RadioField(
        _l("When does the present secret stop working?"),
        choices=[SelectChoice(*pair) for pair in OVERLAPS.items()],
        default="7",
    )
