"""The first administrator, and letting one in again when nobody is left who could do it on the pages."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.identity.actions.second_factor import remove_factor
from services.identity.actions.staff import NoSuchMember, lock_member, record_staff_act, set_password
from services.identity.models.staff import StaffMember
from services.identity.queries.second_factor import Owner
from services.identity.queries.staff import find_member_by_username, has_staff
from services.identity.rules.hashing import hash_generated, hash_typed
from services.identity.rules.passwords import generate_password, in_groups, is_hashable, normalise
from services.identity.rules.second_factor import STAFF
from services.identity.rules.staff import ADMINISTRATOR
from shared.clock import now

FIRST_USERNAME = "admin"
FIRST_NAMES = {"es": "Administrador", "en": "Administrator"}


def create_first_administrator(
    session: Session, password: str | None, cost: int, language: str = "es"
) -> tuple[StaffMember | None, str | None]:
    """Create `admin` if there is no staff at all, with this password or a random one.

    Returns the member (None if there was staff already) and the password if it was made here. Safe against two
    processes that start at once. Raises ValueError for a password that cannot be kept whole.
    """
    if has_staff(session):
        return None, None
    generated = None
    if password:
        if not is_hashable(normalise(password)):
            raise ValueError("PORTERIA_ADMIN_PASSWORD is longer than 72 bytes or holds control characters")
        hashed = hash_typed(normalise(password), cost)
    else:
        generated = generate_password()
        hashed = hash_generated(generated)
    member = StaffMember(
        username=FIRST_USERNAME, name=FIRST_NAMES[language], role=ADMINISTRATOR, password_hash=hashed, created_at=now()
    )
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError:
        return None, None
    return member, in_groups(generated) if generated else None


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
