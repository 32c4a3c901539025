"""What somebody should act on: counts, each from an index."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.directory.models import Import, Party


@dataclass(frozen=True)
class Waiting:
    """Active parties whose principal address bounced, is blocked, or is missing; imports that wait for a decision, and
    such that left rows out."""

    bounced: int
    blocked: int
    without_address: int
    imports_to_decide: int
    imports_with_problems: int


def count_waiting(session: Session, since: datetime) -> Waiting:
    """Count it; of finished imports only those that ended after `since`: older ones were seen by whoever wanted to."""
    states = session.execute(
        select(Party.email_state, func.count())
        .where(Party.active.is_(True), Party.email_state.in_(("bounced", "blocked", "none")))
        .group_by(Party.email_state)
    )
    parties = {row[0]: row[1] for row in states}
    imports = session.execute(
        select(Import.state, func.count())
        .where(
            Import.purged_at.is_(None),
            or_(
                Import.state == "ready",
                (Import.state == "finished") & (Import.skipped > 0) & (Import.finished_at > since),
            ),
        )
        .group_by(Import.state)
    )
    found = {row[0]: row[1] for row in imports}
    return Waiting(
        parties.get("bounced", 0),
        parties.get("blocked", 0),
        parties.get("none", 0),
        found.get("ready", 0),
        found.get("finished", 0),
    )
