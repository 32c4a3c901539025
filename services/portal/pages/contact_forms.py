"""The form of a contact: the person, the sub-account, what it may do, and what goes to it by mail."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length

from services.portal.actions.contacts import ContactData
from services.portal.models import Contact, Party
from services.portal.pages.forms import LONGEST
from services.portal.pages.visitor import Visitor
from services.portal.rules.contacts import (
    ACTIVE,
    INVITED,
    LET_IN,
    NONE,
    SEE_AND_PAY,
    address_key,
    given_rights,
    ticked_rights,
)
from services.portal.rules.notices import PREFERENCES
from services.portal.rules.parties import principal_address
from services.portal.rules.profile import normal_address, normal_phone, written_phone
from services.portal.rules.rights import PAY_INVOICES, RIGHTS, SEE_INVOICES
from services.portal.schemas.contacts import NOTICE_WORDS
from shared.documents import MEXICO

LONGEST_NAME = 120
YES = "yes"


class PersonForm(FlaskForm):
    """Somebody whom a client names."""

    name = StringField(_l("Name"), [Length(max=LONGEST)])
    address = StringField(_l("E-mail"), [Length(max=LONGEST)])
    phone = StringField(_l("Phone"), [Length(max=LONGEST)])
    language = SelectField(_l("Language of letters and pages"), choices=[("es", "Español"), ("en", "English")])
    sub_account = BooleanField(_l("Sub-account switched on"))
    password = PasswordField(_l("First password"), [Length(max=LONGEST)])
    rights = SelectMultipleField(_l("Rights of the sub-account"), validate_choice=False)
    shown_both = HiddenField()
    notices = SelectMultipleField(_l("E-mail preferences"), validate_choice=False)
    instead = SelectMultipleField(_l("Instead of me"), validate_choice=False)


def fresh_form(contact: Contact | None, party: Party) -> PersonForm:
    """The form as it is shown first."""
    if contact is None:
        form = PersonForm(formdata=None, data={"language": party.language})
        form.rights.data, form.notices.data, form.instead.data = [], [], []
    else:
        form = PersonForm(formdata=None, obj=contact)
        form.phone.data = written_phone(contact.phone) if contact.phone else ""
        form.sub_account.data = contact.state in LET_IN
    show_both(form)
    return form


def show_both(form: PersonForm) -> None:
    """Set the tick that stands for two rights as the two are, and remember that it was shown so."""
    held, two = set(form.rights.data), {SEE_INVOICES, PAY_INVOICES}
    both = two <= held
    form.rights.data, form.shown_both.data = sorted(held | {SEE_AND_PAY} if both else held), YES if both else ""


def read_form(form: PersonForm, contact: Contact | None, visitor: Visitor) -> ContactData | None:
    """What the form says; None where something is wrong, which then stands at its field."""
    valid = form.validate()
    rights = ticked_rights(form.rights.data or (), form.shown_both.data == YES)
    notices, instead = set(form.notices.data or ()), set(form.instead.data or ())
    # What somebody may not change is not sent with the form, and stays.
    held = given_rights(rights, contact.rights if contact else (), visitor.rights)
    wanted = given_rights(notices, contact.notices if contact else (), own_notices(visitor))
    form.rights.data, form.notices.data, form.instead.data = sorted(held), sorted(wanted), sorted(instead)
    name, address, phone = _name(form), _address(form, visitor.party), _phone(form, visitor.party)
    _check_sub_account(form, contact, held)
    if rights - set(RIGHTS):  # only a forged form has others
        add_error(form, "rights", gettext("There is no such right."))
    if (notices | instead) - set(PREFERENCES):
        add_error(form, "notices", gettext("There is no such kind of letter."))
    _check_instead(form, instead - wanted)
    show_both(form)
    if not valid or form.errors:
        return None
    return ContactData(
        name=name,
        address=address,
        phone=phone,
        language=form.language.data,
        notices=frozenset(notices),
        instead=frozenset(instead),
        sub_account=bool(form.sub_account.data),
        rights=frozenset(rights),
    )


def own_notices(visitor: Visitor) -> frozenset[str]:
    """The kinds of letters that somebody can give: who is let in gives those that they get themselves."""
    return frozenset(visitor.contact.notices if visitor.contact else PREFERENCES)


def needs_invitation(data: ContactData, contact: Contact | None) -> bool:
    """Whether saving this invites somebody."""
    if not data.sub_account:
        return False
    moved = contact is not None and contact.address_key != address_key(data.address)
    return contact is None or contact.state == NONE or (moved and contact.state in (INVITED, ACTIVE))


def add_error(form: PersonForm, name: str, text: str) -> None:
    """Say what is wrong at a field."""
    field: Any = form[name]
    field.errors = [*field.errors, text]


def _name(form: PersonForm) -> str:
    name = " ".join((form.name.data or "").split())
    if not name:
        add_error(form, "name", gettext("Write the name of the person."))
    elif len(name) > LONGEST_NAME:
        add_error(form, "name", gettext("At most %(most)s characters.", most=LONGEST_NAME))
    return name


def _address(form: PersonForm, party: Party) -> str:
    typed = (form.address.data or "").strip()
    address = normal_address(typed)
    if not typed:
        add_error(form, "address", gettext("Write the e-mail of the person."))
    elif not address:
        add_error(form, "address", gettext("This is not an e-mail address."))
    elif address_key(address) == address_key(principal_address(party.emails)):
        add_error(form, "address", own_address(party))
    return address


def own_address(party: Party) -> str:
    """Why the client's own address is no contact's."""
    return gettext("This is the e-mail of %(name)s, where the letters go already.", name=party.name)


def _phone(form: PersonForm, party: Party) -> str:
    typed = (form.phone.data or "").strip()
    phone = normal_phone(typed, "MX" if party.document_type in MEXICO else "CO") if typed else ""
    if typed and not phone:
        text = gettext(
            "This is no telephone number. Write it such as 300 123 4567, of another country with + in front."
        )
        add_error(form, "phone", text)
    return phone


def _check_sub_account(form: PersonForm, contact: Contact | None, held: set[str]) -> None:
    if form.password.data and not form.sub_account.data:
        text = gettext("A password is only for a sub-account: tick «Sub-account switched on», or leave this empty.")
        add_error(form, "password", text)
    if form.password.data and contact is not None and contact.state in LET_IN:
        add_error(form, "password", gettext("The person has an own password already; nobody else changes it."))
    if form.sub_account.data and not held:
        text = gettext("Tick at least one right, or take the tick off «Sub-account switched on».")
        add_error(form, "rights", text)


def _check_instead(form: PersonForm, nobody: set[str]) -> None:
    """`nobody`: kinds that would go neither to the client nor to the contact."""
    for one in PREFERENCES:
        if one in nobody:
            text = gettext(
                "«%(kind)s» would go to nobody: tick it for this person too, or take the tick off «Instead of me».",
                kind=NOTICE_WORDS[one].name,
            )
            add_error(form, "notices", text)
