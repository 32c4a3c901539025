"""What administrators set for the client area: the agency's data, and the series of numbers."""

import uuid

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from services.portal.actions.agency import (
    PURPOSES,
    OnlySeries,
    PrefixTaken,
    SeriesUnknown,
    add_series,
    change_agency,
    retire_series,
)
from services.portal.models import Series
from services.portal.queries.agency import agency_of
from services.portal.queries.series import list_series
from services.portal.rules.money import CURRENCIES
from shared.documents import DOCUMENT_TYPES, BadDocument, document_key
from shared.web import current, staff_required

Answer = str | Response | tuple[str, int]
PURPOSE_WORDS = {
    "invoice": _l("Invoices"),
    "credit_note": _l("Credit notes"),
    "receipt": _l("Receipts"),
    "income": _l("Statements of income"),
    "case": _l("Requests (PQRS)"),
}
LAST_NUMBER = 2_000_000_000

agency = Blueprint("agency", __name__, url_prefix="/backoffice/portal/agency")


def _at_most(most: int) -> Length:
    return Length(max=most, message=_l("This is too long."))


class AgencyForm(FlaskForm):
    """Who issues the invoices, and what is allowed."""

    name = StringField(_l("Name of the agency"), [InputRequired(_l("Write the name.")), _at_most(300)])
    document_type = SelectField(
        _l("Document type"), choices=[SelectChoice("", "—"), *(SelectChoice(one) for one in DOCUMENT_TYPES)]
    )
    document_number = StringField(_l("Document number"), [_at_most(60)])
    country = SelectField(_l("Country"), choices=[SelectChoice("CO", _l("Colombia")), SelectChoice("MX", _l("Mexico"))])
    address = StringField(_l("Address"), [_at_most(300)])
    city = StringField(_l("City"), [_at_most(120)])
    postal_code = StringField(_l("Postal code"), [_at_most(20)])
    phone = StringField(_l("Phone"), [_at_most(60)])
    email = StringField(
        _l("E-mail"), [Optional(), Email(_l("This is no e-mail address."), allow_smtputf8=False), _at_most(320)]
    )
    currency = SelectField(_l("Currency of new invoices"), choices=[*map(SelectChoice, CURRENCIES)])
    bank_details = TextAreaField(_l("How to pay by transfer"), [_at_most(2000)])
    allow_partial = BooleanField(_l("Clients may pay a part of an invoice online"))
    announce_invoices = BooleanField(_l("Write to clients when an invoice is issued"))
    attach_documents = BooleanField(_l("Attach the PDF of the invoice and its fiscal documents"))
    daily_hour = IntegerField(
        _l("Hour of the daily run"),
        [InputRequired(_l("Write a number.")), NumberRange(0, 23, _l("From 0 to 23."))],
    )
    saturday_counts = BooleanField(_l("Saturdays count as business days for the deadlines of requests (PQRS)"))

    def validate_document_number(self, field: StringField) -> None:
        """The number follows the rule of its type."""
        if not field.data and not self.document_type.data:
            return
        try:
            document_key(self.document_type.data, field.data or "")
        except BadDocument:
            raise ValidationError(
                gettext("This is no number of that document type. A NIT has its check digit.")
            ) from None


class SeriesForm(FlaskForm):
    """A new series of numbers."""

    purpose = SelectField(_l("For"), choices=[SelectChoice(*pair) for pair in PURPOSE_WORDS.items()])
    prefix = StringField(
        _l("Prefix"),
        [
            InputRequired(_l("Write the prefix.")),
            Regexp(r"[A-Za-z0-9][A-Za-z0-9/-]{0,19}\Z", message=_l("At most 20 letters, digits, dashes or strokes.")),
        ],
    )
    first = IntegerField(
        _l("First number"),
        [InputRequired(_l("Write a number.")), NumberRange(1, LAST_NUMBER, _l("A number from 1."))],
        default=1,
    )
    last = IntegerField(_l("Last number"), [Optional(), NumberRange(1, LAST_NUMBER, _l("A number from 1."))])
    width = IntegerField(
        _l("Digits"), [InputRequired(_l("Write a number.")), NumberRange(1, 12, _l("From 1 to 12."))], default=6
    )

    def validate_last(self, field: IntegerField) -> None:
        """The last one is not before the first."""
        if field.data is not None and self.first.data is not None and field.data < self.first.data:
            raise ValidationError(gettext("The last number cannot be before the first."))


@agency.get("", strict_slashes=False)
@staff_required("administrator")
def show() -> Answer:
    """The agency's data and the series."""
    with current().db.read() as session:
        form = AgencyForm(obj=agency_of(session))
    return _page(form, SeriesForm(formdata=None))


@agency.post("", strict_slashes=False)
@staff_required("administrator")
def save() -> Answer:
    """Change the agency's data."""
    form = AgencyForm()
    if not form.validate():
        return _page(form, SeriesForm(formdata=None))
    values = {name: "" if value is None else value for name, value in form.data.items() if name != "csrf_token"}
    with current().db.write() as session:
        change_agency(session, values)
    flash(gettext("The agency's data were saved."), "success")
    return redirect(url_for("agency.show"), 303)


@agency.post("/series")
@staff_required("administrator")
def add() -> Answer:
    """Add a series of numbers."""
    form = SeriesForm()
    if form.validate():
        try:
            with current().db.write() as session:
                prefix, first = form.prefix.data or "", form.first.data or 1
                add_series(session, form.purpose.data, prefix, first, form.last.data, form.width.data or 6)
            flash(gettext("The series was added."), "success")
            return redirect(f"{url_for('agency.show')}#series", 303)
        except PrefixTaken:
            form.prefix.errors = [gettext("There is a series with this prefix already.")]
    with current().db.read() as session:
        data = AgencyForm(formdata=None, obj=agency_of(session))
    return _page(data, form)


@agency.route("/series/<uuid:series_id>/retire", methods=["GET", "POST"])
@staff_required("administrator")
def retire(series_id: uuid.UUID) -> Answer:
    """Take no more numbers from a series, after asking."""
    with current().db.read() as session:
        series = session.get(Series, series_id) or abort(404)
    if request.method == "GET":
        return render_template(
            "confirm.html",
            title=gettext("Retire the series"),
            message=gettext("No number is taken from %(prefix)s any more.", prefix=series.prefix),
            details=[gettext("The numbers that were taken stay. A retired series does not come back.")],
            action=request.path,
            accept=gettext("Retire the series"),
            cancel=url_for("agency.show"),
            kind="danger",
        )
    try:
        with current().db.write() as session:
            retire_series(session, series_id)
        flash(gettext("The series was retired."), "success")
    except OnlySeries:
        flash(gettext("It is the only series for this. Add another one first."), "warning")
    except SeriesUnknown:
        abort(404)
    return redirect(f"{url_for('agency.show')}#series", 303)


def _page(form: AgencyForm, adding: SeriesForm) -> Answer:
    with current().db.read() as session:
        series = list_series(session)
    ordered = sorted(series, key=lambda one: PURPOSES.index(one.purpose))
    page = render_template("portal/desk/agency.html", form=form, adding=adding, series=ordered, purposes=PURPOSE_WORDS)
    return page, 422 if form.errors or adding.errors else 200
