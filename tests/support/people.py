"""People for tests: valid documents, one address each, as CSV or as a REST body."""

import csv
import io
from collections.abc import Iterable
from typing import Any


def person(
    number: int, *, classes: str = "tenant", email: str | None = None, domain: str = "example.com"
) -> dict[str, Any]:
    """The `number`th person, with a citizen's document that nobody else has."""
    address = f"persona{number}@example.com" if email is None else email
    return {
        "classes": classes.split("+"),
        "document_type": "CC",
        "document_number": str(10_000_000 + number),
        "name": f"Persona Número {number}",
        "emails": [{"address": address, "principal": True}] if address else [],
        "language": "es",
    }


def as_csv(people: Iterable[dict[str, Any]], *, encoding: str = "utf-8", separator: str = ",") -> bytes:
    """The same people as a file that an agent would upload."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["tipo de documento", "documento", "nombre", "clase", "correo", "idioma"])
    spanish = {"tenant": "inquilino", "owner": "propietario"}
    for one in people:
        classes = "+".join(spanish[name] for name in one["classes"])
        address = one["emails"][0]["address"] if one["emails"] else ""
        writer.writerow([one["document_type"], one["document_number"], one["name"], classes, address, one["language"]])
    return out.getvalue().encode(encoding)
