"""Taxes and withholdings as the form of an invoice offers them."""

from decimal import Decimal

from flask_babel import format_decimal, gettext
from flask_babel import lazy_gettext as _l

from services.portal.rules.charges import Charge

ABOUT = {
    "border": _l("northern and southern border"),
    "rent": _l("rent of real estate"),
    "services": _l("services"),
    "fees_people": _l("fees and commissions, natural persons"),
    "fees_companies": _l("fees and commissions, companies"),
    "fifteen_of_nineteen": _l("15 per cent of the IVA, where that is 19"),
    "two_thirds": _l("two thirds of the IVA, where that is 16"),
    "resico": _l("RESICO"),
}


def charge_label(charge: Charge) -> str:
    """`IVA 19 %`, `ReteFuente 3,5 % · rent of real estate`, `ReteICA · other rate`."""
    if charge.rate is None:
        return gettext("%(name)s · other rate", name=charge.name)
    text = f"{charge.name} {rate_text(charge.rate)}"
    return f"{text} · {ABOUT[charge.about]}" if charge.about else text


def rate_text(rate: Decimal) -> str:
    """A rate as people of the reader's language write it."""
    return f"{format_decimal(rate, '#,##0.####')}\u00a0%"
