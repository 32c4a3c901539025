"""Client codes that are given out automatically."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.directory.models import Counter
from services.directory.rules.parties import code_of
from shared.db import insert_into

NAME = "client_code"


def take_codes(session: Session, count: int) -> list[str]:
    """The next codes. The counter's row is locked until the transaction ends, so nobody gets the same ones."""
    taking = update(Counter).where(Counter.name == NAME).values(value=Counter.value + count).returning(Counter.value)
    last = session.scalar(taking)
    if last is None:
        session.execute(insert_into(session, Counter).values(name=NAME, value=0).on_conflict_do_nothing())
        last = session.execute(taking).scalar_one()
    return [code_of(number) for number in range(last - count + 1, last + 1)]
