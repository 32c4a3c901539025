"""Forms of the second factor."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length


class CodeForm(FlaskForm):
    """The code of the phone or, at the sign-in, a recovery code."""

    code = StringField(_l("Code"), [InputRequired(_l("Write the code.")), Length(max=100)])


class ProofForm(FlaskForm):
    """Showing once more who one is, before the second factor is changed."""

    proof = PasswordField(
        _l("Your password or a code"), [InputRequired(_l("Write your password or a code.")), Length(max=1000)]
    )
