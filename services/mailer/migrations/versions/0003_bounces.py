"""Bounces, suppression, history

Revision: 0003, after: 0002, made: 2026-11-21
"""

import re

import sqlalchemy as sa
from alembic import op

import shared.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROWS = 2000
PART = re.compile(r"[^\W_]+")
MOMENT = shared.db.UtcDateTime(timezone=True)
WAITING = sa.text("state = 'pending'")
UNDER_WAY = sa.text("state IN ('pending', 'sending')")
ENDED = sa.text("ended_at IS NOT NULL")
INDEXES = (
    ("ix_letters_due_kind", ["kind", "due_at"], WAITING),
    ("ix_letters_waiting_batch_id", ["batch_id"], WAITING),
    ("ix_letters_waiting_id", ["id"], UNDER_WAY),
    ("ix_letters_kind_id", ["kind", "id"], None),
    ("ix_letters_ended_at_state", ["ended_at", "state"], ENDED),
)
letters = sa.table("letters", sa.column("id", sa.Uuid()), sa.column("search", sa.Text()))
letter_words = sa.table("letter_words", sa.column("letter_id", sa.Uuid()), sa.column("words", sa.Text()))


def upgrade() -> None:
    """Bring the tables forward; what letters are found by moves to a table of its own."""
    op.create_table(
        "letter_words",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_letter_words")),
    )
    _fill_words()
    if op.get_bind().dialect.name == "postgresql":
        # Its own words and not to_tsvector: that one cuts addresses and numbers in ways of its own.
        # Stored, because to make it again for each row that a plan filters costs more than to read it.
        op.execute(
            "ALTER TABLE letter_words ADD COLUMN lexemes tsvector "
            "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED"
        )
        op.execute("CREATE INDEX ix_letter_words_lexemes ON letter_words USING gin (lexemes)")
        op.execute("ALTER TABLE letters SET (autovacuum_vacuum_scale_factor = 0.02)")  # counts read the index alone
    op.drop_column("letters", "search")
    for name, columns, where in INDEXES:
        op.create_index(name, "letters", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "suppressions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=True),
        sa.Column("letter_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("address", name=op.f("uq_suppressions_address")),
    )
    op.create_table(
        "returned_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=True),
        sa.Column("guessed", sa.Boolean(), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("mark", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned_messages")),
        sa.UniqueConstraint("digest", name=op.f("uq_returned_messages_digest")),
    )
    for column in ("received_at", "letter_id", "mark"):
        op.create_index(op.f(f"ix_returned_messages_{column}"), "returned_messages", [column])
    op.create_table(
        "letter_hours",
        sa.Column("hour", MOMENT, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("sent", "failed", "bounced")),
        sa.Column("waiting", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_letter_hours")),
    )
    for column in _queue_columns():
        op.add_column("queue", column)


def downgrade() -> None:
    """Take it all back; what letters were found by is kept as far as it goes."""
    for column in reversed(_queue_columns()):
        op.drop_column("queue", column.name)
    for table in ("letter_hours", "returned_messages", "suppressions"):
        op.drop_table(table)
    for name, _columns, _where in INDEXES:
        op.drop_index(name, "letters")
    op.add_column("letters", sa.Column("search", sa.Text(), nullable=False, server_default=""))
    same = letter_words.c.letter_id == letters.c.id
    found = sa.select(letter_words.c.words).where(same).scalar_subquery()
    op.execute(letters.update().where(sa.exists().where(same)).values(search=found))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE letters RESET (autovacuum_vacuum_scale_factor)")
        op.alter_column("letters", "search", server_default=None)
    op.drop_table("letter_words")


def _queue_columns() -> list[sa.Column]:
    return [
        sa.Column("window_from", sa.Integer(), nullable=True),
        sa.Column("window_until", sa.Integer(), nullable=True),
        sa.Column("window_days", sa.String(length=7), nullable=True),
        sa.Column("mailbox_read_at", MOMENT, nullable=True),
        sa.Column("mailbox_trouble", sa.Text(), nullable=True),
        sa.Column("mailbox_trouble_since", MOMENT, nullable=True),
    ]


def _fill_words() -> None:
    bind = op.get_bind()
    last = None
    while True:
        some = sa.select(letters.c.id, letters.c.search).order_by(letters.c.id).limit(ROWS)
        rows = bind.execute(some if last is None else some.where(letters.c.id > last)).all()
        if not rows:
            return
        bind.execute(letter_words.insert(), [{"letter_id": row.id, "words": _words(row.search)} for row in rows])
        last = rows[-1].id


def _words(search: str) -> str:
    """What `search_words` in rules/addresses.py made of the same text when this migration was written."""
    found: dict[str, None] = {}
    for word in search.split():
        found[word] = None
        parts = list(PART.finditer(word))
        found.update(dict.fromkeys(word[part.start() :] for part in parts))
        if len(parts) > 1 and "@" not in word:
            found["".join(part.group() for part in parts)] = None
    return " ".join(list(found)[:100])
