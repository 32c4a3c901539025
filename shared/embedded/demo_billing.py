"""What the demo sends as a billing system: three months of rents and commissions, some of them paid."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from shared.embedded.demo_steps import Api

MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)
RENT, COMMISSION_RATE = Decimal(1_200_000), Decimal("0.08")
VAT = {"name": "IVA", "rate": "19"}
DUE = 5
"""Day of the month on which rents are to be paid."""


def bill(api: Api, parties: list[dict[str, Any]], today: date) -> tuple[int, int]:
    """Issue and pay what these parties have had since the month before the last; returns how many of each.

    Sent again it changes nothing: every invoice has an id of its own, every payment a key.
    """
    issued = paid = 0
    for number, party in enumerate(parties):
        for age, invoice in _invoices(number, party, today):
            made = api.post("portal", "/invoices", invoice)
            issued += 1
            paid += _pay(api, made, age, number)
    return issued, paid


def _invoices(number: int, party: dict[str, Any], today: date) -> Iterator[tuple[int, dict[str, Any]]]:
    """What a party gets, with its age in months, the oldest first."""
    for age in (2, 1, 0):
        month = _first_of_month(today, age)
        name = f"{MONTHS[month.month - 1]} de {month.year}"
        rent = RENT + 50_000 * (number % 17)
        common = {
            "party_id": party["id"],
            "issued_on": month.isoformat(),
            "due_on": month.replace(day=DUE).isoformat(),
            "period": f"{month:%Y-%m}",
            "property_name": f"Apartamento {201 + 100 * (number % 7)}",
        }
        if "tenant" in party["classes"]:
            line: dict[str, Any] = {"description": f"Canon de arrendamiento, {name}", "unit_price": str(rent)}
            yield age, {**common, "external_id": f"demo-{party['code']}-{month:%Y-%m}-R", "lines": [line]}
        if "owner" in party["classes"]:
            fee = str((rent * COMMISSION_RATE).quantize(Decimal(1)))
            line = {"description": f"Comisión de administración, {name}", "unit_price": fee, "taxes": [VAT]}
            own = {"external_id": f"demo-{party['code']}-{month:%Y-%m}-C", "role": "owner", "lines": [line]}
            yield age, {**common, **own}


def _pay(api: Api, invoice: dict[str, Any], age: int, number: int) -> bool:
    """Most pay the older months; some late, some in part, some not at all."""
    if age == 0 or number % 9 == 4 or (age == 1 and number % 4 == 1):
        return False
    total = Decimal(invoice["total"])
    amount = (total / 2).quantize(Decimal("0.01")) if age == 1 and number % 6 == 2 else total
    day = date.fromisoformat(invoice["due_on"]) - timedelta(days=number % 4)
    body = {
        "party_id": invoice["party"]["id"],
        "currency": invoice["currency"],
        "amount": str(amount),
        "method": ("transfer", "cash", "card")[number % 3],
        "received_on": day.isoformat(),
        "invoices": [{"invoice_id": invoice["id"]}],
    }
    api.post("portal", "/payments", body, key=f"demo-{invoice['id']}")
    return True


def _first_of_month(today: date, months_before: int) -> date:
    months = today.year * 12 + today.month - 1 - months_before
    return date(months // 12, months % 12 + 1, 1)
