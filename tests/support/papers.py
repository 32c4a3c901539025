"""Papers as an agency of Bogotá and one of Mexico City would hand them out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from services.portal.rules.invoices import Line, Tax, make_line, totals_of
from services.portal.rules.papers import (
    Applied,
    Head,
    IncomePaper,
    IncomeRow,
    InvoicePaper,
    Movement,
    Person,
    ReceiptPaper,
    StatementPaper,
    sums_by_rate,
)

BOGOTA = Head(
    "Inmobiliaria Los Cedros S.A.S.",
    "NIT 900123456-7",
    "Carrera 15 # 93-47",
    "Bogotá D. C.",
    "+57 601 743 2100",
    "facturas@cedros.example",
    "CO",
)
MEXICO = replace(BOGOTA, name="Los Cedros S.A. de C.V.", document="RFC ILC101112AB1", city="CDMX", country="MX")
CLIENT = Person("María Ñáñez Ocampo", "CC 1020304050", "INQ-0042")
PAGE = "https://portal.example/customerarea/invoices/0190f3c2-7b1e-7cc1-a2f5-3a1bd0c4e5f6"
LINES = (
    make_line("Canon de arrendamiento", Decimal(1), Decimal(1850000)),
    make_line("Administración", Decimal(1), Decimal(320000), [("IVA", Decimal(19))]),
    make_line("Plomería", Decimal("2.5"), Decimal(45000), [("IVA", Decimal(19))], [("ReteFuente", Decimal("3.5"))]),
)
"""They add up to 2.282.500 + 82.175 − 3.937,50 = 2.360.737,50."""


def invoice_paper(language: str = "es", lines: Sequence[Line] = LINES, **changes: Any) -> InvoicePaper:
    """An open invoice of November; `changes` are other fields of the paper."""
    totals = totals_of(lines)
    paper = InvoicePaper(
        language=language,
        head=BOGOTA,
        person=CLIENT,
        number="FV-000123",
        state="issued",
        currency="COP",
        issued_on=date(2026, 11, 1),
        due_on=date(2026, 11, 5),
        lines=lines,
        subtotal=totals.subtotal,
        taxes=sums_by_rate(tax for line in lines for tax in line.taxes),
        withholdings=sums_by_rate(tax for line in lines for tax in line.withholdings),
        total=totals.total,
        balance=totals.total,
        concept="Arriendo de noviembre",
        property_name="Torre del Parque 502",
        period="2026-11",
        notes="Gracias por su pago puntual.",
        bank_details="Bancolombia 123-456789-01",
        public_url=PAGE,
    )
    return replace(paper, **changes)


def receipt_paper(language: str = "es", **changes: Any) -> ReceiptPaper:
    """A payment by transfer for two invoices, of which something is left."""
    paper = ReceiptPaper(
        language=language,
        head=BOGOTA,
        payer=CLIENT,
        number="RC-000045",
        received_on=date(2026, 11, 4),
        currency="COP",
        amount=Decimal("2500000.50"),
        method="transfer",
        reference="889123",
        concept="Arriendo",
        applied=(
            Applied("FV-000123", "Arriendo de noviembre", Decimal("2360737.50")),
            Applied("FV-000124", "Servicios", Decimal(100000)),
        ),
        credit_left=Decimal(39263),
    )
    return replace(paper, **changes)


def statement_paper(language: str = "es", **changes: Any) -> StatementPaper:
    """An invoice and more money than it asked for."""
    opening, charge, paid = Decimal(150000), Decimal(1850000), Decimal(2100000)
    paper = StatementPaper(
        language=language,
        head=BOGOTA,
        person=CLIENT,
        currency="COP",
        start=date(2026, 11, 1),
        until=date(2026, 11, 30),
        opening=opening,
        rows=(
            Movement(date(2026, 11, 1), "invoice", "FV-000123", "Arriendo", charge, opening + charge),
            Movement(date(2026, 11, 4), "payment", "RC-000045", "", -paid, opening + charge - paid),
        ),
        closing=opening + charge - paid,
        made_on=date(2026, 12, 1),
    )
    return replace(paper, **changes)


def income_paper(language: str = "es", **changes: Any) -> IncomePaper:
    """Two properties, each with an income and something taken off."""
    rows = (
        IncomeRow("Torre del Parque 502", "Canon", Decimal(1850000)),
        IncomeRow("Local 3", "Canon", Decimal(5200000)),
        IncomeRow("Torre del Parque 502", "Comisión", Decimal(-185000)),
        IncomeRow("Local 3", "Reparación", Decimal("-380000.25")),
    )
    paper = IncomePaper(
        language=language,
        head=BOGOTA,
        owner=CLIENT,
        number="LI-000007",
        state="published",
        currency="COP",
        period_from=date(2026, 10, 1),
        period_until=date(2026, 10, 31),
        rows=rows,
        income_total=Decimal(7050000),
        deduction_total=Decimal("565000.25"),
        net=Decimal("6484999.75"),
    )
    return replace(paper, **changes)


def line_of(text: str) -> Line:
    """A line in which every text is this one."""
    return replace(make_line(text, Decimal(1), Decimal(100)), taxes=(Tax(text, Decimal(19), Decimal(19)),))
