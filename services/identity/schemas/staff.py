"""Forms of the staff's pages."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from services.identity.rules.staff import ROLES
from shared.i18n import NAMES
from shared.web.look import ROLE_NAMES

REQUIRED = InputRequired(_l("This field is needed."))


class SignInForm(FlaskForm):
    """User and password."""

    username = StringField(_l("User"), [REQUIRED, Length(max=254)])
    password = PasswordField(_l("Password"), [REQUIRED, Length(max=1000)])


class MemberForm(FlaskForm):
    """What is said of a member of the staff."""

    name = StringField(_l("Name"), [REQUIRED, Length(max=120, message=_l("At most 120 characters."))])
    email = StringField(_l("E-mail"), [Length(max=254, message=_l("At most 254 characters."))])
    role = SelectField(_l("Role"), choices=[SelectChoice(role, ROLE_NAMES[role]) for role in ROLES], default="agent")
    language = SelectField(
        _l("Language"),
        choices=[SelectChoice("", _l("That of the browser")), *(SelectChoice(*pair) for pair in NAMES.items())],
    )


class NewMemberForm(MemberForm):
    """A member of the staff to be added."""

    username = StringField(_l("User"), [REQUIRED, Length(max=64, message=_l("At most 64 characters."))])
    way = RadioField(
        _l("How the person gets in"),
        choices=[
            SelectChoice("letter", _l("By e-mail: a letter with a link on which the person chooses the password")),
            SelectChoice("shown", _l("Without e-mail: a first password is shown to you once, and you hand it over")),
        ],
        default="letter",
    )


class ForgottenForm(FlaskForm):
    """Somebody of the staff who forgot the password."""

    login = StringField(_l("User or e-mail"), [REQUIRED, Length(max=254)])


class JoinForm(FlaskForm):
    """Somebody chooses the password on a link that they got by letter."""

    new = PasswordField(_l("Password"), [REQUIRED, Length(max=1000)])
    again = PasswordField(_l("Password again"), [REQUIRED, Length(max=1000)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Both spellings must be the same."""
        valid = bool(super().validate(extra_validators))
        if valid and self.new.data != self.again.data:
            self.again.errors = [_l("The two do not match.")]
            return False
        return valid


class OwnPasswordForm(FlaskForm):
    """Somebody changes their own password."""

    current = PasswordField(_l("Present password"), [REQUIRED, Length(max=1000)])
    new = PasswordField(_l("New password"), [REQUIRED, Length(max=1000)])
    again = PasswordField(_l("New password again"), [REQUIRED, Length(max=1000)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Both spellings of the new one must be the same."""
        valid = bool(super().validate(extra_validators))
        if valid and self.new.data != self.again.data:
            self.again.errors = [_l("The two do not match.")]
            return False
        return valid
