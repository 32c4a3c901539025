"""Fiscal documents in the portal under test: an agency, what a provider made, and sending it."""

import io
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.portal.actions.documents import attach_document, look_at
from services.portal.actions.files import stage
from services.portal.clients.files import FileStore
from services.portal.models import Invoice, StoredFile
from services.portal.queries.agency import agency_of
from services.portal.queries.documents import find_document
from services.portal.rules.files import FISCAL_XML, PDF, XML
from services.portal.rules.fiscal.ubl import build_ubl
from services.portal.rules.invoices import Line, load_lines
from shared.db import Database
from tests.support.alone import Alone
from tests.support.clientarea import CSRF, Browser
from tests.support.fiscal import COLOMBIA, NIT, source

SMALL_PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def agency(portal: Alone, **more: Any) -> None:
    """An agency that can issue documents in Colombia."""
    values = {"name": "Álamos", "document_type": "NIT", "document_number": NIT, "city": "Bogotá", "address": "Calle 1"}
    with portal.db.write() as session:
        for name, value in {**values, **more}.items():
            setattr(agency_of(session), name, value)


def page_of(invoice: Invoice) -> str:
    """Where its documents are."""
    return f"/backoffice/portal/invoices/{invoice.id}/documents"


def document_for(invoice: Invoice, number: int = 1, lines: Sequence[Line] = (), **more: Any) -> bytes:
    """What a provider made for an invoice of the `number`th party, with its lines or with other ones."""
    written = lines or load_lines(invoice.lines)
    given = source(*written, number=f"FV{number}", issued_on=invoice.issued_on, **more)
    person = replace(given.receiver, document_number=str(10_000_000 + number), name=f"Persona {number}")
    return build_ubl(replace(given, receiver=person), COLOMBIA).content


def attach(db: Database, store: FileStore, invoice: Invoice, content: bytes, name: str) -> uuid.UUID:
    """Make this the fiscal document of an invoice; returns the id of the file."""
    file = stage(store, io.BytesIO(content), name, (XML, PDF))
    read = look_at(store, file)
    with db.write() as session:
        return attach_document(session, invoice.id, file, read).file.id


def send(browser: Browser, invoice: Invoice, content: bytes, name: str = "factura.xml") -> Any:
    """Choose a file and send it."""
    found = CSRF.search(browser.get(page_of(invoice)).text)
    token = found[1] if found else ""
    return browser.client.post(page_of(invoice), data={"csrf_token": token, "file": (io.BytesIO(content), name)})


def stored(portal: Alone, invoice: Invoice, purpose: str = FISCAL_XML) -> StoredFile | None:
    """The document of an invoice."""
    with portal.db.read() as session:
        return find_document(session, None, invoice.id, purpose)


def files_in(portal: Alone) -> list[Path]:
    """Everything that lies on disk."""
    return [path for path in portal.files.rglob("*") if path.is_file()]
