"""Forms of the client area."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import EqualTo, InputRequired, Length, Regexp

LONGEST = 1000
"""Far beyond any password; identity says exactly what is too long for it."""


def _required(text: Any) -> list[Any]:
    return [InputRequired(text), Length(max=LONGEST, message=_l("This is too long."))]


class SignInForm(FlaskForm):
    """Document number or e-mail, and password."""

    login = StringField(_l("Document number or e-mail"), _required(_l("Write your document number or your e-mail.")))
    password = PasswordField(_l("Password"), _required(_l("Write your password.")))
    next = HiddenField()


class CodeForm(FlaskForm):
    """The code of the phone or, at the sign-in, a recovery code."""

    code = StringField(_l("Code"), _required(_l("Write the code.")))


class ProofForm(FlaskForm):
    """Showing once more who one is, before the second factor is changed."""

    proof = PasswordField(_l("Your password or a code"), _required(_l("Write your password or a code.")))


class ForgotForm(FlaskForm):
    """Who forgot the password."""

    login = StringField(_l("Document number or e-mail"), _required(_l("Write your document number or your e-mail.")))


class NewPasswordForm(FlaskForm):
    """A new password, twice, because without JavaScript nobody sees what they type."""

    new_password = PasswordField(_l("New password"), _required(_l("Write the new password.")))
    repeat_password = PasswordField(
        _l("Repeat the new password"),
        [
            InputRequired(_l("Write the new password once more.")),
            EqualTo("new_password", _l("The two are not the same. Write both again.")),
        ],
    )


class FirstPasswordForm(NewPasswordForm):
    """The code that came to the invited address, and the password that its reader chooses."""

    code = StringField(_l("Code of the letter"), _required(_l("Write the code that we sent you.")))


class OwnPasswordForm(FlaskForm):
    """The password of somebody who is known already."""

    password = PasswordField(_l("Your password"), _required(_l("Write your password.")))


class ChangePasswordForm(NewPasswordForm):
    """The present password and the new one."""

    current_password = PasswordField(_l("Current password"), _required(_l("Write your current password.")))


class ContactForm(FlaskForm):
    """How the agency reaches a client; the directory says what it does not take."""

    phones = TextAreaField(_l("Phones"), [Length(max=LONGEST)])
    street = StringField(_l("Address"), [Length(max=LONGEST)])
    city = StringField(_l("City"), [Length(max=LONGEST)])
    region = StringField(_l("Department or state"), [Length(max=LONGEST)])
    postal_code = StringField(_l("Postal code"), [Length(max=LONGEST)])
    country = SelectField(_l("Country"), validate_choice=False)
    language = SelectField(_l("Language of letters and pages"), choices=[("es", "Español"), ("en", "English")])
    version = HiddenField(validators=[Regexp(r"[0-9]{1,9}")])


class NewEmailForm(FlaskForm):
    """Another e-mail address, and the password: a phone that lies open must not be enough to take an account over."""

    address = StringField(_l("New e-mail"), _required(_l("Write the new e-mail.")))
    password = PasswordField(_l("Your password"), _required(_l("Write your password.")))


def show_problems(form: FlaskForm, problems: dict[str, list[str]], otherwise: str = "new_password") -> None:
    """Put identity's texts at the fields that they are about; the rest goes to the field `otherwise`."""
    for name, texts in problems.items():
        field = form[name] if name in form and name != "csrf_token" else form[otherwise]
        field.errors = [*field.errors, *texts]
