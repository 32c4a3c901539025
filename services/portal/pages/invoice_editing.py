"""Writing an invoice: the client is chosen, the form filled in and looked at with its totals, and kept as a draft."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from services.portal.actions.invoicing import NewInvoice, save_draft
from services.portal.actions.refusals import InvoiceUnknown, NotADraft, PartyUnknown, TooMuch
from services.portal.models import Agency, Invoice, Party, Series
from services.portal.pages.area import today_here
from services.portal.pages.choosing import CLASS_WORDS, choose_party, chosen_party
from services.portal.pages.invoice_desk import address_of, charges_of_lines
from services.portal.pages.invoice_forms import LABELS, InvoiceForm, empty_form, form_of, read_form, sent_form
from services.portal.pages.invoice_words import ROLE_WORDS
from services.portal.queries.agency import agency_of
from services.portal.queries.invoices import find_invoice
from services.portal.queries.series import list_usable_series
from services.portal.rules.charges import TAXES, WITHHOLDINGS, charges_for
from services.portal.rules.invoices import DRAFT, totals_of
from services.portal.rules.money import CURRENCIES
from services.portal.schemas.charges import charge_label
from shared.web import current, staff_required

Answer = str | Response | tuple[str, int]

invoice_editing = Blueprint("invoice_editing", __name__, url_prefix="/backoffice/portal/invoices")


@invoice_editing.get("/new")
@staff_required("agent")
def new() -> Answer:
    """The form of a new invoice, or first the question for whom it is."""
    party = chosen_party()
    if party is None:
        return choose_party(gettext("New invoice"), url_for("invoice_desk.index"), gettext("Invoices"))
    agency, series = _surroundings()
    role = "tenant" if "tenant" in party.classes else "owner"
    return _page(empty_form(role, agency.currency, today_here()), party, agency, series)


@invoice_editing.post("/new")
@staff_required("agent")
def create() -> Answer:
    """Add a line, show the totals, or keep a new draft."""
    return _take(chosen_party() or abort(404), None)


@invoice_editing.get("/<uuid:invoice_id>/edit")
@staff_required("agent")
def edit(invoice_id: uuid.UUID) -> Answer:
    """The form of a draft."""
    invoice = _draft(invoice_id)
    agency, series = _surroundings()
    return _page(form_of(invoice, agency.country), invoice.party, agency, series, invoice=invoice)


@invoice_editing.post("/<uuid:invoice_id>/edit")
@staff_required("agent")
def update(invoice_id: uuid.UUID) -> Answer:
    """Add a line, show the totals, or change the draft."""
    invoice = _draft(invoice_id)
    return _take(invoice.party, invoice)


def _draft(invoice_id: uuid.UUID) -> Invoice:
    with current().db.read() as session:
        invoice = find_invoice(session, invoice_id) or abort(404)
    if invoice.state != DRAFT:
        abort(404)
    return invoice


def _take(party: Party, invoice: Invoice | None) -> Answer:
    form, (agency, series) = sent_form(request.form), _surroundings()
    wish = request.form.get("do", "save")
    if wish == "add_line":
        form.add_line()
        return _page(form, party, agency, series, invoice=invoice)
    asked = read_form(form, party.id, agency.country)
    if asked is None or wish == "preview":
        return _page(form, party, agency, series, invoice=invoice, asked=asked)
    try:
        with current().db.write() as session:
            saved = save_draft(session, asked, invoice.id if invoice else None)
    except TooMuch:
        form.errors["line-0-unit_price"] = gettext("The lines add up to nothing to be paid, or to too much.")
        return _page(form, party, agency, series, invoice=invoice)
    except (NotADraft, InvoiceUnknown, PartyUnknown):
        flash(gettext("Somebody else issued or discarded this draft meanwhile. Nothing was saved."), "warning")
        return redirect(url_for("invoice_desk.index"), 303)
    flash(gettext("The draft was saved. The client sees nothing before it is issued."), "success")
    return redirect(address_of(saved), 303)


def _surroundings() -> tuple[Agency, list[Series]]:
    with current().db.read() as session:
        return agency_of(session), list(list_usable_series(session, "invoice"))


def _page(
    form: InvoiceForm,
    party: Party,
    agency: Agency,
    series: list[Series],
    *,
    invoice: Invoice | None = None,
    asked: NewInvoice | None = None,
) -> Answer:
    own = party.classes or list(ROLE_WORDS)
    preview: dict[str, Any] | None = None
    if asked:
        preview = {"totals": totals_of(asked.lines), "charges": charges_of_lines(asked.lines)}
    page = render_template(
        "portal/desk/invoice_form.html",
        form=form,
        party=party,
        invoice=invoice,
        labels=LABELS,
        classes=CLASS_WORDS,
        roles=[(name, word) for name, word in ROLE_WORDS.items() if name in (*own, form.values["role"])],
        currencies=[(name, name) for name in CURRENCIES],
        series=[(str(one.id), one.prefix) for one in series],
        taxes=[(one.code, charge_label(one)) for one in charges_for(TAXES, agency.country)],
        withholdings=[(one.code, charge_label(one)) for one in charges_for(WITHHOLDINGS, agency.country)],
        preview=preview,
    )
    return page, 422 if form.errors else 200
