"""Invoices from the bus: they are checked as those over REST."""

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow as ma

from services.portal.schemas.invoices import InvoiceIn
from shared.events import schema_of
from shared.events.external import ExternalInvoiceIssued


def load_event(event: ExternalInvoiceIssued) -> dict[str, Any]:
    """What InvoiceIn makes of the event. Raises marshmallow's ValidationError."""
    told = schema_of(ExternalInvoiceIssued).dump(event)
    said = {name: value for name, value in told.items() if value not in (None, "")}
    bill: dict[str, Any] = InvoiceIn(unknown=ma.EXCLUDE).load(said)
    return bill


def fields_of(error: ma.ValidationError) -> list[str]:
    """Paths of the wrong fields, such as `lines.0.quantity`; never what was in them."""
    return sorted(_paths(error.normalized_messages(), ""))


def _paths(messages: Any, path: str) -> Iterator[str]:
    if not isinstance(messages, Mapping):
        yield path
        return
    for name, inner in messages.items():
        yield from _paths(inner, f"{path}.{name}" if path else str(name))
