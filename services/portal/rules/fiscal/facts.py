"""What a fiscal document adds to the paper of its invoice: its code, where to verify it, and the QR code."""

from urllib.parse import urlencode

from services.portal.rules.fiscal.cufe import PRODUCTION, VERIFY
from services.portal.rules.fiscal.reading import CFDI, FiscalDocument
from services.portal.rules.invoices import CREDIT_NOTE
from services.portal.rules.papers import FiscalFacts

SAT = "https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx"


def fiscal_facts_of(document: FiscalDocument) -> FiscalFacts | None:
    """None where the document has no code: a CFDI that nobody stamped yet."""
    if not document.code:
        return None
    if document.standard == CFDI:
        # Anexo 20, part I: what the QR code of the printed representation holds.
        asked = {
            "id": document.code,
            "re": document.issuer.tax_id,
            "rr": document.receiver.tax_id,
            "tt": f"{document.total:f}",
            "fe": document.seal[-8:],
        }
        return FiscalFacts(name="UUID", code=document.code, url=f"{SAT}?{urlencode(asked)}")
    name = "CUDE" if document.kind == CREDIT_NOTE else "CUFE"
    return FiscalFacts(
        name=name, code=document.code, url=VERIFY.get(document.environment, VERIFY[PRODUCTION]) + document.code
    )
