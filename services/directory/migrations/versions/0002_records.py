"""Facts about parties, changes, phones

Revision: 0002, after: 0001, made: 2026-11-21
"""

import re
from collections.abc import Iterator
from typing import Any

import phonenumbers
import sqlalchemy as sa
from alembic import op

import shared.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROWS = 2000

party_words = sa.table("party_words", sa.column("party_id", sa.Uuid()), sa.column("word", sa.String()))
party_facts = sa.table(
    "party_facts",
    sa.column("party_id", sa.Uuid()),
    sa.column("has_credentials", sa.Boolean()),
    sa.column("letter_state", sa.String()),
)
credential_facts = sa.table("credential_facts", sa.column("party_id", sa.Uuid()), sa.column("ended", sa.Boolean()))
parties = sa.table(
    "parties",
    sa.column("id", sa.Uuid()),
    sa.column("name_search", sa.String()),
    sa.column("document_type", sa.String()),
    sa.column("country", sa.String()),
    sa.column("phones", sa.JSON()),
)


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "party_words",
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column(
            "word", sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["parties.id"], name=op.f("fk_party_words_party_id_parties"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("party_id", "word", name=op.f("pk_party_words")),
    )
    op.create_table(
        "party_facts",
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("has_credentials", sa.Boolean(), nullable=False),
        sa.Column("signed_in_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("letter_state", sa.String(length=12), nullable=False),
        sa.Column("letter_at", shared.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_party_facts")),
    )
    op.create_table(
        "party_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("at", shared.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", sa.String(length=200), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=254), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"], ["parties.id"], name=op.f("fk_party_changes_party_id_parties"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_changes")),
    )
    with op.batch_alter_table("party_changes", schema=None) as batch_op:
        batch_op.create_index("ix_party_changes_party_id", ["party_id", "id"], unique=False)
    op.add_column("party_emails", sa.Column("state_at", shared.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column("party_emails", sa.Column("state_cause", sa.String(length=12), nullable=False, server_default=""))
    op.add_column("party_emails", sa.Column("state_detail", sa.String(length=300), nullable=False, server_default=""))
    connection = op.get_bind()
    _know_credentials(connection)
    _find_words_and_phones(connection)
    # Last: an index is made faster from what is there than row by row.
    op.create_index("ix_party_words_word", "party_words", ["word", "party_id"])
    op.create_index("ix_party_facts_access", "party_facts", ["has_credentials", "signed_in_at", "party_id"])
    op.create_index("ix_party_facts_letter_state", "party_facts", ["letter_state", "party_id"])
    op.create_index("ix_parties_attention", "parties", ["active", "email_state"])


def _know_credentials(connection: sa.Connection) -> None:
    """What the single credentials told so far."""
    holding = (
        sa.select(credential_facts.c.party_id, sa.true(), sa.literal(""))
        .where(credential_facts.c.ended.is_(False))
        .distinct()
    )
    connection.execute(sa.insert(party_facts).from_select(["party_id", "has_credentials", "letter_state"], holding))


def _find_words_and_phones(connection: sa.Connection) -> None:
    """Words of names, and phones in their international form where they can be understood; the others stay as text."""
    for rows in _in_pieces(connection):
        words, phones = [], []
        for row in rows:
            known = [_normal(text, row.country or _home(row.document_type)) for text in row.phones]
            if known != row.phones:
                phones.append({"party": row.id, "numbers": list(dict.fromkeys(known))})
            spelled = re.findall(r"\+\d+|\w+", row.name_search)
            numbers = [text.partition(";")[0] for text in known if text.startswith("+")]
            found = dict.fromkeys(word[:80] for word in [*spelled, *numbers])
            words += [{"party_id": row.id, "word": word} for word in found]
        if words:
            connection.execute(sa.insert(party_words), words)
        if phones:
            change = sa.update(parties).where(parties.c.id == sa.bindparam("party"))
            connection.execute(change.values(phones=sa.bindparam("numbers", type_=sa.JSON())), phones)


def _in_pieces(connection: sa.Connection) -> Iterator[list[Any]]:
    after = None
    while True:
        asking = sa.select(parties).order_by(parties.c.id).limit(ROWS)
        rows = list(connection.execute(asking.where(parties.c.id > after) if after else asking))
        if not rows:
            return
        after = rows[-1].id
        yield rows


def _home(document_type: str) -> str:
    return "MX" if document_type in ("RFC", "CURP") else "CO"


def _normal(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_valid_number(number):
        return text
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


def downgrade() -> None:
    """Take it back. Phones keep their international form, which is a valid one before too."""
    op.drop_index("ix_parties_attention", "parties")
    with op.batch_alter_table("party_emails", schema=None) as batch_op:
        batch_op.drop_column("state_detail")
        batch_op.drop_column("state_cause")
        batch_op.drop_column("state_at")
    op.drop_table("party_changes")
    op.drop_table("party_facts")
    op.drop_table("party_words")
