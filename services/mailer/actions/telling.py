"""What every event about a letter says of it."""

from datetime import datetime
from typing import Any

TOLD = ("id", "kind", "address", "party_id", "credential_id", "batch_id", "notice_id")
"""The columns of a letter that events speak of."""


def about(row: Any, moment: datetime) -> dict[str, Any]:
    """The part that the events of ended letters have in common; `row` has the columns TOLD, `moment` is its end."""
    return {
        "letter_id": row.id,
        "kind": row.kind,
        "address": row.address,
        "at": moment,
        "party_id": row.party_id,
        "credential_id": row.credential_id,
        "batch_id": row.batch_id,
        "notice_id": row.notice_id,
    }
