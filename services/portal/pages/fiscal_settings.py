"""What the agency has to say before fiscal documents can be built."""

from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.portal.actions.building import MEXICO, colombia_of, mexico_of, save_colombia, save_mexico
from services.portal.models import Agency
from services.portal.pages.visitor import portal
from services.portal.queries.agency import agency_of
from services.portal.rules.fiscal.cufe import PRODUCTION, TESTS
from services.portal.rules.fiscal.settings import (
    SECRETS,
    TAX_LEVELS,
    Colombia,
    Mexico,
    colombian_faults,
    mexican_faults,
)
from services.portal.schemas import fiscal as words
from shared.web import current, staff_required

fiscal_settings = Blueprint("fiscal_settings", __name__, url_prefix="/backoffice/portal/agency/fiscal")


@dataclass
class SettingsForm:
    """What the fields show, and what is wrong with them."""

    values: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """For the list at the top: id of the field, its label, what is wrong."""
        labels = words.field_labels()
        return [(name, labels[name], text) for name, text in self.errors.items()]


@fiscal_settings.get("")
@staff_required("administrator")
def edit() -> str:
    """The form, as it was saved. Secrets are never shown again."""
    with current().db.read() as session:
        agency = agency_of(session)
    return _page(agency, SettingsForm(_present(agency).dump()))


@fiscal_settings.post("")
@staff_required("administrator")
def save() -> Any:
    """Keep what was written, if all of it can be."""
    with current().db.write() as session:
        agency = agency_of(session)
        form = _save(session, agency)
    if form.errors:
        return _page(agency, form), 422
    flash(gettext("The fiscal settings were saved."), "success")
    return redirect(url_for("fiscal_settings.edit"), 303)


def _present(agency: Agency) -> Colombia | Mexico:
    return mexico_of(agency) if agency.country == MEXICO else colombia_of(agency, current().keyring)


def _save(session: Session, agency: Agency) -> SettingsForm:
    present = _present(agency)
    sent = {name: request.form.get(name, "").strip() for name in present.dump()}
    kept = {name: getattr(present, name) for name in SECRETS if name in sent and not sent[name]}
    given = replace(present, **{**sent, **kept})
    faults = mexican_faults(given) if isinstance(given, Mexico) else colombian_faults(given)
    if not faults:
        if isinstance(given, Mexico):
            save_mexico(session, agency, given)
        else:
            save_colombia(session, agency, given, current().keyring)
    return SettingsForm(given.dump(), {name: words.fault_text(fault) for name, fault in faults.items()})


def _page(agency: Agency, form: SettingsForm) -> str:
    return render_template(
        "portal/documents/settings.html",
        form=form,
        agency=agency,
        is_mexican=agency.country == MEXICO,
        labels=words.field_labels(),
        kept={name for name in SECRETS if agency.fiscal.get("co", {}).get(name)},
        is_signed=portal().fiscal_key is not None,
        regimes=[(key, f"{key} {name}") for key, name in words.REGIMES.items()],
        environments=[(TESTS, gettext("Tests")), (PRODUCTION, gettext("Production"))],
        organisations=[("1", gettext("Company")), ("2", gettext("Natural person"))],
        tax_levels=[(key, key) for key in TAX_LEVELS],
    )
