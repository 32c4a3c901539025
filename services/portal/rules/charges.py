"""The taxes and withholdings that an agency uses most, to be chosen by name; any other rate can be written.

Rates are in per cent of the line's amount. Colombia: IVA, art. 468 and 468-1 ET; withholding at source on rents
(3,5 %), services (4 %), fees and commissions (10 % of people, 11 % of companies), DUR 1625 of 2016, title 4; ReteIVA
is 15 % of the IVA (art. 437-1 ET), which at 19 % is 2,85 % of the amount; ReteICA is set by each municipality. Mexico:
IVA, art. 1 LIVA, two thirds of it withheld by companies (art. 1-A); ISR 10 % (art. 106 and 116 LISR), 1,25 % of RESICO
(art. 113-J).
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Charge:
    """A tax or withholding to choose. `rate` None: to be written. `about`: a key of texts in schemas/charges.py."""

    name: str
    rate: Decimal | None
    about: str = ""

    @property
    def code(self) -> str:
        """How a form sends it."""
        return f"{self.name}|{'' if self.rate is None else self.rate}"


def _charges(*listed: tuple[str, str, str]) -> tuple[Charge, ...]:
    return tuple(Charge(name, Decimal(rate) if rate else None, about) for name, rate, about in listed)


TAXES = {
    "CO": _charges(("IVA", "19", ""), ("IVA", "5", ""), ("IVA", "0", ""), ("INC", "8", ""), ("IVA", "", "")),
    "MX": _charges(("IVA", "16", ""), ("IVA", "8", "border"), ("IVA", "0", ""), ("IVA", "", "")),
}
WITHHOLDINGS = {
    "CO": _charges(
        ("ReteFuente", "3.5", "rent"),
        ("ReteFuente", "4", "services"),
        ("ReteFuente", "10", "fees_people"),
        ("ReteFuente", "11", "fees_companies"),
        ("ReteFuente", "", ""),
        ("ReteIVA", "2.85", "fifteen_of_nineteen"),
        ("ReteIVA", "", ""),
        ("ReteICA", "", ""),
    ),
    "MX": _charges(
        ("ISR", "10", "fees_people"),
        ("ISR", "1.25", "resico"),
        ("ISR", "", ""),
        ("Ret. IVA", "10.6667", "two_thirds"),
        ("Ret. IVA", "", ""),
    ),
}


def charges_for(table: dict[str, tuple[Charge, ...]], country: str) -> list[Charge]:
    """Those of a country first, then those of the other one that differ."""
    own = table.get(country, table["CO"])
    others = [one for key, charges in table.items() for one in charges if charges is not own]
    return list(dict.fromkeys((*own, *others)))
