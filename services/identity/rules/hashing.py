"""bcrypt, and how much of it each request does. Why these costs: docs/adr/0002-cost-of-hashing.md."""

import hmac

import bcrypt

from services.identity.rules.passwords import as_generated, is_hashable, normalise

GENERATED_COST = 4
_PREFIX = 29  # "$2b$12$" and 22 characters of salt


def hash_generated(password: str) -> str:
    """The hash of a generated password: its 79 bits protect it, the cost need not."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(GENERATED_COST)).decode()


def hash_typed(password: str, cost: int, *, beside: str | None = None) -> str:
    """The hash of a normalised password that a person typed.

    `beside` is the hash of the same party's other typed password, if it has one. The new hash then takes that one's
    salt and cost, so that a single computation at sign-in tests both, and a party that has two takes no longer than
    one that has one. Sharing a salt inside one account gives an attacker nothing but this same saving, once.
    """
    salt = beside[:_PREFIX].encode() if beside and not is_generated(beside) else bcrypt.gensalt(cost)
    return bcrypt.hashpw(password.encode(), salt).decode()


def cost_of(hashed: str) -> int:
    """The cost that a hash was made with."""
    return int(hashed[4:6])


def is_generated(hashed: str) -> bool:
    """Whether it is the hash of a generated password."""
    return cost_of(hashed) == GENERATED_COST


def dummy_hash(cost: int) -> str:
    """A hash that nothing matches, to be computed where there is no real one."""
    return f"$2b${cost:02d}$" + "." * 53


def matching(password: str, hashes: list[str], cost: int) -> str | None:
    """The first of a party's hashes (at most two) that the password opens, or None.

    Always the same work, whatever exists and whatever matches: one computation of `cost` and two of GENERATED_COST.
    A hash of before `cost` was raised is filled up to it (2^c + 2^c + 2^(c+1) + … = 2^cost).
    """
    typed = normalise(password)
    usable = is_hashable(typed)
    strong = typed if usable else ""
    short = as_generated(password)
    generated = [one for one in hashes if is_generated(one)]
    salts = {one[:_PREFIX]: one for one in hashes if not is_generated(one)}

    opened: set[str] = set()
    for salt in list(salts) or [dummy_hash(cost)[:_PREFIX]]:  # more than one only after a rare race of two changes
        computed = bcrypt.hashpw(strong.encode(), salt.encode()).decode()
        for missing in range(cost_of(salt), cost):
            bcrypt.hashpw(b"", dummy_hash(missing)[:_PREFIX].encode())
        opened |= {one for one in hashes if _equal(one, computed) and usable}
    for one in [*generated, *(dummy_hash(GENERATED_COST) for _ in range(2 - len(generated)))]:
        computed = bcrypt.hashpw((short or "").encode(), one[:_PREFIX].encode()).decode()
        if short is not None and _equal(one, computed):
            opened.add(one)
    return next((one for one in hashes if one in opened), None)


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
