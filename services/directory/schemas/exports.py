"""Tables that leave the directory: parties, the rows that an import left out, and the template to fill in.

What is exported can be imported again and changes nothing: titles and words are those that the import understands.
"""

from collections.abc import Iterator

from services.directory.models import Import, Party
from services.directory.queries.imports import list_rejected_rows
from services.directory.queries.parties import PartyFilter, list_parties
from services.directory.rules.columns import TITLES
from services.directory.rules.phones import written_phone
from services.directory.schemas.texts import problem_text
from shared.db import Database
from shared.web.exports import Row

CHUNK = 1000
EXPORTED = (
    *("code", "document_type", "document_number", "name", "classes", "email", "email_state", "more_emails", "phones"),
    *("street", "city", "region", "postal_code", "country", "language", "active", "notes"),
)
WORDS = {
    "es": {"tenant": "Inquilino", "owner": "Propietario", "both": "Ambos", "yes": "Sí", "no": "No",
           "unverified": "Sin verificar", "valid": "Válido", "bounced": "Rebotado", "blocked": "Bloqueado"},
    "en": {"tenant": "Tenant", "owner": "Owner", "both": "Both", "yes": "Yes", "no": "No",
           "unverified": "Unverified", "valid": "Valid", "bounced": "Bounced", "blocked": "Blocked"},
}  # fmt: skip


def party_header(language: str) -> list[str]:
    """The titles of the columns of `party_rows`."""
    return [TITLES[language][name] for name in EXPORTED]


def party_rows(db: Database, wanted: PartyFilter, *, sort: str, language: str) -> Iterator[Row]:
    """The parties that the filter leaves, as people read them.

    Each chunk is a short transaction of its own: a long one would hold back what the database tidies up, for as long
    as the other side takes to read. Somebody who is renamed meanwhile may therefore be there twice, or not at all.
    """
    cursor = None
    while True:
        with db.read() as session:
            page = list_parties(session, wanted, sort=sort, cursor=cursor, limit=CHUNK)
            rows = [_party_row(party, language) for party in page.items]
        yield from rows
        if page.next is None:
            return
        cursor = page.next


def _party_row(party: Party, language: str) -> Row:
    words = WORDS[language]
    principal = party.principal
    return [
        party.code,
        party.document_type,
        party.document_number,
        party.name,
        words["both" if len(party.classes) > 1 else party.classes[0]],
        principal.address if principal else "",
        words[principal.state] if principal else "",
        "; ".join(email.address for email in party.emails if not email.principal),
        "; ".join(written_phone(phone) for phone in party.phones),
        party.street,
        party.city,
        party.region,
        party.postal_code,
        party.country,
        party.language,
        words["yes" if party.active else "no"],
        party.notes,
    ]


def rejected_header(entry: Import, language: str) -> list[str]:
    """The header of the file as it was, and a column that says what is wrong."""
    return [*(entry.header[position] for position in _kept(entry)), TITLES[language]["problem"]]


def rejected_rows(db: Database, entry: Import) -> Iterator[Row]:
    """The rows that an import left out as they were, each with its problems in the reader's language."""
    after, kept = 0, _kept(entry)
    while True:
        with db.read() as session:
            rows = list_rejected_rows(session, entry.id, after, CHUNK)
        for row in rows:
            cells = row.raw or []
            texts = [f"{one['column']}: {problem_text(one)}" if one["column"] else problem_text(one)
                     for one in row.problems if not one["warning"]]  # fmt: skip
            yield [*(cells[position] if position < len(cells) else "" for position in kept), " · ".join(texts)]
        if len(rows) < CHUNK:
            return
        after = rows[-1].number


def _kept(entry: Import) -> list[int]:
    # A file of problem rows that came back with other problems has our column already.
    return [position for position, name in enumerate(entry.columns.fields) if name != "problem"]
