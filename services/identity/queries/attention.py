"""What somebody should act on: counts, each from an index."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from services.identity.models.audit import AuditEntry
from services.identity.models.batches import CredentialBatch
from services.identity.models.credentials import Credential
from services.identity.models.parties import Party
from services.identity.queries.credentials import expires_unused
from services.identity.queries.parties import is_party


@dataclass(frozen=True)
class Waiting:
    """Batches that stand still or are at work, keys that nobody used and that end soon, and refused sign-ins."""

    batches_with_a_problem: int
    batches_running: int
    keys_that_end_soon: int
    refused_sign_ins: int


def count_waiting(session: Session, now: datetime, soon: datetime, since: datetime) -> Waiting:
    """Count it: keys that end before `soon`, refused sign-ins of the staff since `since`."""
    running = session.execute(select(CredentialBatch.problem).where(CredentialBatch.state == "running")).scalars().all()
    unused = select(func.count()).select_from(Credential).join(Party, Party.id == Credential.party_id)
    unused = unused.where(expires_unused(now, soon), is_party())
    refused = select(func.count()).select_from(AuditEntry)
    refused = refused.where(AuditEntry.act == "staff.sign_in_refused", AuditEntry.at >= since)
    troubled = sum(problem is not None for problem in running)
    return Waiting(troubled, len(running) - troubled, session.scalar(unused) or 0, session.scalar(refused) or 0)


def is_new(session: Session) -> bool:
    """Whether the directory has told of nobody yet, or nobody ever got a credential."""
    parties = select(exists().select_from(Party).where(is_party()))
    issued = select(exists().select_from(Credential).where(Credential.party_id == Party.id, is_party()))
    return not session.scalar(parties) or not session.scalar(issued)
