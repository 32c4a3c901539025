"""Recording that the records of people leave the directory."""

from dataclasses import asdict

from sqlalchemy.orm import Session

from services.directory.queries.parties import PartyFilter, count_parties
from shared.audit import record_act


def record_export(session: Session, wanted: PartyFilter, kind: str) -> None:
    """Record how many parties are exported and by what they were picked.

    Before the first of them leaves: whoever breaks the download off has some of them all the same.
    """
    picked = {name: value for name, value in asdict(wanted).items() if value not in ("", None)}
    record_act(
        session,
        "directory",
        "parties.exported",
        subject="parties",
        count=count_parties(session, wanted),
        details={"format": kind, **picked},
    )
