"""Letting an administrator in again when nobody is left who could do it on the pages."""

from sqlalchemy.orm import Session

from services.identity.actions.second_factor import remove_factor
from services.identity.actions.staff import NoSuchMember, lock_member, record_staff_act, set_password
from services.identity.queries.second_factor import Owner
from services.identity.queries.staff import find_member_by_username
from services.identity.rules.hashing import hash_generated
from services.identity.rules.passwords import generate_password, in_groups
from services.identity.rules.second_factor import STAFF
from services.identity.rules.staff import ADMINISTRATOR


def rescue_administrator(session: Session, username: str) -> str:
    """Make a member an active administrator with a new first password, which is returned, and no second factor.

    Ends their sessions and links. Raises NoSuchMember.
    """
    found = find_member_by_username(session, username)
    if found is None:
        raise NoSuchMember
    member = lock_member(session, found.id)
    before = {"role": member.role, "active": "yes" if member.active else "no"}
    member.role, member.active = ADMINISTRATOR, True
    password = generate_password()
    set_password(session, member, hash_generated(password), must_change=True)
    remove_factor(session, Owner(STAFF, member.id))
    after = {"role": ADMINISTRATOR, "active": "yes"}
    told = {name: f"{before[name]} → {after[name]}" for name in after if before[name] != after[name]}
    record_staff_act(session, "staff.reset", member, way="shown", **told)
    return in_groups(password)
