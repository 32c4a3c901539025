"""An agency with 100,000 parties and 500,000 letters: rows copied inside PostgreSQL from one that the services made."""

import psycopg
from psycopg import sql

from tests.bench import billing
from tests.support.postgres import plain
from tests.support.system import SERVICES, System

PARTIES, LETTERS, ACTS, SESSIONS = 100_000, 500_000, 500_000, 50_000
NAMES = ("maria", "jose", "luis", "ana", "carlos", "lucia", "jorge", "paula", "andres", "sofia", "juan", "elena")
SURNAMES = ("gomez", "perez", "rojas", "diaz", "torres", "castro", "vargas", "munoz", "ortiz", "lozano", "ibarra")

# In these `n` is the number of the row, from 1. Ids are in the order of creation, as UUIDv7 are.
PARTY = "('01900000-0000-7000-8000-' || lpad(to_hex({}), 12, '0'))::uuid"
OF_PARTY = PARTY.format(f"1 + n % {PARTIES}")
LETTER = "('01910000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
CREDENTIAL = "('01920000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
NEW = "gen_random_uuid()"
NAME = (
    f"(array{list(NAMES)})[1 + n % {len(NAMES)}] || ' ' || (array{list(SURNAMES)})[1 + n % {len(SURNAMES)}] || ' ' || n"
)
DOCUMENT = "(20000000 + n)::text"
ADDRESS = "'p' || n || '@example.com'"
WHEN = "now() - interval '180 days' * (1 - n::float / {})"
STATE = (
    f"case when n > {LETTERS} - 10000 then 'pending' when n % 100 < 88 then 'sent' when n % 100 < 94 then 'failed' "
    "when n % 100 < 96 then 'bounced' else 'cancelled' end"
)
EMAIL_STATE = "case n % 10 when 0 then 'bounced' when 1 then 'valid' else 'unverified' end"

PERSON = {
    "id": PARTY.format("n"),
    "code": "'K' || n",
    "document_number": DOCUMENT,
    "document_key": DOCUMENT,
    "name": f"initcap({NAME})",
    "is_tenant": "n % 3 > 0",
    "is_owner": "n % 3 = 0 or n % 7 = 0",
    "active": "n % 20 > 0",
}
FILLED: dict[str, list[tuple[str, int, dict[str, str]]]] = {
    "directory": [
        ("parties", PARTIES, PERSON | {"name_search": NAME, "email_state": EMAIL_STATE}),
        (
            "party_emails",
            PARTIES,
            {
                "id": NEW,
                "party_id": PARTY.format("n"),
                "address": ADDRESS,
                "address_key": ADDRESS,
                "state": EMAIL_STATE,
            },
        ),
        (
            "party_words",
            PARTIES,
            {"party_id": PARTY.format("n"), "word": f"(array{list(NAMES)})[1 + n % {len(NAMES)}]"},
        ),
        (
            "party_words",
            PARTIES,
            {"party_id": PARTY.format("n"), "word": f"(array{list(SURNAMES)})[1 + n % {len(SURNAMES)}]"},
        ),
        ("party_facts", PARTIES, {"party_id": PARTY.format("n"), "has_credentials": "n % 2 = 0"}),
        ("credential_facts", PARTIES, {"credential_id": CREDENTIAL, "party_id": PARTY.format("n")}),
        ("party_changes", PARTIES, {"id": NEW, "party_id": PARTY.format("n")}),
    ],
    "identity": [
        (
            "parties",
            PARTIES,
            PERSON | {"name_search": NAME, "email": ADDRESS, "email_key": ADDRESS, "email_state": EMAIL_STATE},
        ),
        (
            "credentials",
            PARTIES,
            {"id": CREDENTIAL, "party_id": PARTY.format("n"), "issued_at": WHEN.format(PARTIES)},
        ),
        (
            "audit_entries",
            ACTS,
            {
                "id": LETTER,
                "at": WHEN.format(ACTS),
                "received_at": WHEN.format(ACTS),
                "party_id": OF_PARTY,
                "event_id": "n::text",
                "service": "(array['directory', 'identity', 'mailer', 'portal'])[1 + n % 4]",
            },
        ),
    ],
    "mailer": [
        (
            "letters",
            LETTERS,
            {
                "id": LETTER,
                "state": STATE,
                "party_id": OF_PARTY,
                "credential_id": NEW,
                "name": f"initcap({NAME})",
                "document": DOCUMENT,
                "login": DOCUMENT,
                "address": ADDRESS,
                "message_id": "'<' || n || '@bench>'",
                "created_at": WHEN.format(LETTERS),
                "due_at": WHEN.format(LETTERS),
                "ended_at": f"case when n > {LETTERS} - 10000 then null else {WHEN.format(LETTERS)} end",
            },
        ),
        ("letter_words", LETTERS, {"letter_id": LETTER, "words": f"{NAME} || ' ' || {DOCUMENT} || ' ' || {ADDRESS}"}),
        ("attempts", LETTERS, {"id": NEW, "letter_id": LETTER, "at": WHEN.format(LETTERS)}),
        ("suppressions", 5_000, {"id": NEW, "address": ADDRESS}),
    ],
    "portal": [
        (
            "parties",
            PARTIES,
            PERSON | {"search_name": NAME, "last_sign_in_at": f"case when n % 2 = 0 then {WHEN.format(PARTIES)} end"},
        ),
        (
            "client_sessions",
            SESSIONS,
            {
                "id": NEW,
                "token_hash": "sha256(n::text::bytea)",
                "party_id": PARTY.format("n"),
                "ended_at": f"case when n % 5 > 0 then {WHEN.format(SESSIONS)} end",
            },
        ),
        *billing.FILLED,
    ],
}


def fill(system: System) -> None:
    """Copy what is there, and let PostgreSQL look at it as it would by itself some minutes later."""
    for service in SERVICES:
        url = plain((system.database_url or "").replace("{service}", service))
        with psycopg.connect(url, autocommit=True) as connection:
            for table, number, values in FILLED[service]:
                _multiply(connection, table, number, values)
            connection.execute("VACUUM ANALYZE")


def _multiply(connection: psycopg.Connection, table: str, number: int, values: dict[str, str]) -> None:
    found = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        (table,),
    )
    columns = [name for (name,) in found]
    if not columns:
        return
    kept = [
        sql.SQL(values[name]) if name in values else sql.SQL("s.{}").format(sql.Identifier(name)) for name in columns
    ]
    connection.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(1, {number}) AS n,"
            " (SELECT * FROM {table} LIMIT 1) AS s ON CONFLICT DO NOTHING"
        ).format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(kept),
            number=number,
        )
    )
    count = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    if not count or count[0] < number:
        print(f"  {table}: only {count and count[0]} rows; the services made none to copy")
