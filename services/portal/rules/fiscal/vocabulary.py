"""The names that DIAN's documents are written in."""

from decimal import Decimal

from lxml import etree
from lxml.builder import ElementMaker

from services.portal.rules.fiscal.cufe import money

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
NAMESPACES = {
    "cac": f"{_UBL}CommonAggregateComponents-2",
    "cbc": f"{_UBL}CommonBasicComponents-2",
    "ext": f"{_UBL}CommonExtensionComponents-2",
    "sts": "dian:gov:co:facturaelectronica:Structures-2-1",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
CAC, CBC, EXT, STS, DS = (ElementMaker(namespace=space, nsmap=NAMESPACES) for space in NAMESPACES.values())
AGENCY = {"schemeAgencyID": "195", "schemeAgencyName": "CO, DIAN (Dirección de Impuestos y Aduanas Nacionales)"}


def amount_of(name: str, amount: Decimal) -> etree._Element:
    """An amount in pesos."""
    return CBC(name, money(amount), currencyID="COP")
