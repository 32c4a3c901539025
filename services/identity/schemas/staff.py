"""Forms of the staff's pages."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
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


class NewMemberForm(FlaskForm):
    """A member of the staff to be added."""

    name = StringField(_l("Name"), [REQUIRED, Length(max=120, message=_l("At most 120 characters."))])
    username = StringField(_l("User"), [REQUIRED, Length(max=64, message=_l("At most 64 characters."))])
    email = StringField(_l("E-mail"), [Length(max=254, message=_l("At most 254 characters."))])
    role = SelectField(_l("Role"), choices=[SelectChoice(role, ROLE_NAMES[role]) for role in ROLES], default="agent")
    language = SelectField(
        _l("Language"),
        choices=[SelectChoice("", _l("That of the browser")), *(SelectChoice(*pair) for pair in NAMES.items())],
    )


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
