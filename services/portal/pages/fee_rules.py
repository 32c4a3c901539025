"""Setting rules for late fees: written, tried on what is late now, then switched on; and the legal ceiling.

Where a ceiling comes from: Colombia's Código de Comercio, article 884 (as Ley 510 of 1999, article 111, left it) bounds
interest for delay at one and a half times the current bank interest, which the Superintendencia Financiera certifies
for each month; who takes more loses all of it. Mexico's Código de Comercio, article 362, has what was agreed, otherwise
6 % a year. The product knows no figures: an administrator writes them with their source.
"""

import uuid
from contextlib import suppress
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from services.portal.actions.agency import change_agency
from services.portal.actions.fees import NewRule, set_rule, switch_off
from services.portal.models import FeeRule, Party
from services.portal.pages.area import today_here
from services.portal.pages.fee_form import FeeRuleForm, rate_or_none
from services.portal.pages.fee_words import KIND_NAMES, PLACE_NAMES, REPEAT_NAMES, ROLE_NAMES, rule_words
from services.portal.pages.written import Written
from services.portal.queries.agency import agency_of
from services.portal.queries.fee_trial import try_rule
from services.portal.queries.fees import list_rules, terms_of
from services.portal.rules.amounts import written_amount
from services.portal.rules.fees import NONE, PERCENT
from services.portal.rules.invoices import ROLES
from services.portal.rules.money import CURRENCIES
from services.portal.schemas.fields import text_of
from shared.web import current, staff_required

LONGEST_SOURCE = 300

fee_rules = Blueprint("fee_rules", __name__, url_prefix="/backoffice/portal/fees")


@fee_rules.route("/rule", methods=["GET", "POST"])
@staff_required("administrator")
def rule() -> Any:
    """Write a rule; before it is switched on, what it would have charged on what is late now."""
    form, in_force = _form()
    step = request.form.get("step", "")
    if request.method == "POST" and step != "edit" and (new := form.rule()):
        if step == "on":
            with current().db.write() as session:
                set_rule(session, new)
            flash(gettext("The rule is on. It counts for invoices that are issued from now on."), "success")
            return redirect(_back(form.party), 303)
        return _trial(form, new, in_force)
    page = render_template(
        "portal/fees/rule.html",
        form=form,
        in_force=in_force,
        currencies=[(one, one) for one in CURRENCIES],
        kinds=[(name, text) for name, text in KIND_NAMES.items() if form.party or name != NONE],
        repeats=list(REPEAT_NAMES.items()),
        places=list(PLACE_NAMES.items()),
        roles=ROLE_NAMES,
        back=_back(form.party),
    )
    return page, 422 if form.errors else 200


@fee_rules.route("/off", methods=["GET", "POST"])
@staff_required("administrator")
def off() -> Any:
    """Switch a rule off, with all its versions, after asking."""
    role, party = _scope()
    currency = _currency()
    if request.method == "POST":
        with current().db.write() as session:
            done = switch_off(session, role, party.id if party else None, currency)
        if done:
            flash(gettext("The rule is off. It charges nothing any more."), "success")
        else:
            flash(gettext("It was off already."), "info")
        return redirect(_back(party), 303)
    whose = party.name if party else ROLE_NAMES[role or ""]
    return render_template(
        "confirm.html",
        title=gettext("Switch the late fee off"),
        message=gettext("%(whose)s, %(currency)s: no late fee is charged any more.", whose=whose, currency=currency),
        details=[
            gettext("This holds for invoices that are late already, too."),
            gettext("Fees that were charged, or wait for the next invoice, stay. You can waive them."),
        ],
        action=request.full_path,
        accept=gettext("Switch off"),
        cancel=_back(party),
        kind="danger",
    )


@fee_rules.route("/ceiling", methods=["GET", "POST"])
@staff_required("administrator")
def ceiling() -> Any:
    """The most that the law allows, with where that is written; both or neither."""
    with current().db.read() as session:
        agency = agency_of(session)
    stored = {
        "ceiling": "" if agency.fee_ceiling is None else written_amount(agency.fee_ceiling, agency.country),
        "source": agency.fee_ceiling_source,
    }
    form = Written(request.form.to_dict() if request.method == "POST" else stored)
    if request.method == "POST":
        rate = form.read("ceiling", rate_or_none)
        source = form.read("source", lambda text: text_of(text, LONGEST_SOURCE))
        if not form.errors and rate is not None and not source:
            form.errors["source"] = gettext("Write where this ceiling comes from, so that anybody can check it.")
        if not form.errors and rate is None and source:
            form.errors["ceiling"] = gettext("Write the ceiling, or empty both fields for none.")
        if not form.errors:
            with current().db.write() as session:
                change_agency(session, {"fee_ceiling": rate, "fee_ceiling_source": source})
            flash(gettext("The legal ceiling was saved. It holds for fees from now on."), "success")
            return redirect(url_for("fee_desk.index"), 303)
    page = render_template("portal/fees/ceiling.html", form=form, country=agency.country, most=LONGEST_SOURCE)
    return page, 422 if form.errors else 200


def _form() -> tuple[FeeRuleForm, FeeRule | None]:
    """The form as it was sent, or as the rule in force says, and that rule."""
    role, party = _scope()
    currency = _currency()
    with current().db.read() as session:
        country = agency_of(session).country
        versions = list_rules(session, party.id if party else None)
    in_force = next((one for one in versions if _is_current(one, role, currency)), None)
    if request.method == "POST":
        return FeeRuleForm(values=request.form.to_dict(), country=country, role=role, party=party), in_force
    return FeeRuleForm.of_rule(in_force, country, role, party, currency), in_force


def _trial(form: FeeRuleForm, new: NewRule, in_force: FeeRule | None) -> str:
    meant = FeeRule(**vars(new))
    with current().db.read() as session:
        agency = agency_of(session)
        trial = None
        if new.kind != NONE:
            trial = try_rule(
                session,
                terms_of(meant),
                new.currency,
                role=new.role,
                party_id=new.party_id,
                ceiling=agency.fee_ceiling,
                today=today_here(),
            )
    above = agency.fee_ceiling is not None and new.kind == PERCENT and new.value > agency.fee_ceiling
    return render_template(
        "portal/fees/trial.html",
        form=form,
        words=rule_words(meant),
        trial=trial,
        currency=new.currency,
        agency=agency,
        above=above,
        in_force=in_force,
        whose=form.party.name if form.party else ROLE_NAMES[form.role or ""],
        fields={name: value for name, value in form.values.items() if name not in ("csrf_token", "step")},
    )


def _scope() -> tuple[str | None, Party | None]:
    """Whose rule the address is about: a class or a client."""
    asked = request.args.get("party", "")
    if not asked:
        role = request.args.get("role", ROLES[0])
        return role if role in ROLES else ROLES[0], None
    party = None
    with suppress(ValueError), current().db.read() as session:
        party = session.get(Party, uuid.UUID(asked))
    return None, party or abort(404)


def _currency() -> str:
    asked = request.form.get("currency") or request.args.get("currency", "")
    if asked in CURRENCIES:
        return asked
    with current().db.read() as session:
        return agency_of(session).currency


def _is_current(one: FeeRule, role: str | None, currency: str) -> bool:
    return one.role == role and one.currency == currency and not one.replaced_at and not one.switched_off_at


def _back(party: Party | None) -> str:
    return url_for("fee_desk.client", party_id=party.id) if party else url_for("fee_desk.index")
