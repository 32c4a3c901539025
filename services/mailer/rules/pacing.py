"""How fast letters may leave: so many per second overall, and so many per second to each receiving domain."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

HELD_PER_DOMAIN = 50


class Addressed(Protocol):
    """Something that goes to a domain."""

    @property
    def domain(self) -> str:
        """The receiving domain."""


L = TypeVar("L", bound=Addressed)


class Bucket:
    """A token bucket: `rate` per second, at most one second's worth at once. A rate of 0 never says no."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._room = max(rate, 1.0)
        self._tokens, self._at = min(1.0, self._room), now

    def wait(self, now: float) -> float:
        """Seconds until one may go; 0 if at once."""
        if not self._rate:
            return 0.0
        self._tokens = min(self._room, self._tokens + (now - self._at) * self._rate)
        self._at = now
        # A hair's breadth is let through: sums of fractions are not exact, and a wait of 1e-17 s would never end.
        return 0.0 if self._tokens >= 1 - 1e-9 else (1 - self._tokens) / self._rate

    def take(self) -> None:
        """One goes."""
        if self._rate:
            self._tokens -= 1


class Pace(Generic[L]):
    """Holds letters until they may go, in order for each domain; a slow domain does not hold up the others.

    `now` is seconds of any clock that only goes forward.
    """

    def __init__(self, per_second: float, per_domain: float, now: float) -> None:
        self.limits = (per_second, per_domain)
        self._per_domain = per_domain
        self._overall = Bucket(per_second, now)
        self._domains: dict[str, Bucket] = {}
        self._held: dict[str, deque[L]] = {}

    def hold(self, letters: Iterable[L]) -> None:
        """Take letters in."""
        for letter in letters:
            self._held.setdefault(letter.domain, deque()).append(letter)

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._held.values())

    def within_reach(self) -> int:
        """How many are held, not counting crowded domains: what keeps the senders busy for the next moment."""
        return sum(len(queue) for queue in self._held.values() if len(queue) < HELD_PER_DOMAIN or not self._per_domain)

    def crowded(self) -> list[str]:
        """Domains of which enough letters wait here already: claiming more of them would keep the others out."""
        if not self._per_domain:
            return []
        return [domain for domain, queue in self._held.items() if len(queue) >= HELD_PER_DOMAIN]

    def next(self, now: float) -> tuple[L | None, float]:
        """A letter that may go now, or else the seconds until one may (0 with None: nothing is held)."""
        if not self._held:
            return None, 0.0
        if wait := self._overall.wait(now):
            return None, wait
        shortest = 0.0
        for domain in list(self._held):
            bucket = self._domains.setdefault(domain, Bucket(self._per_domain, now))
            wait = bucket.wait(now)
            if not wait:
                return self._release(domain, bucket), 0.0
            shortest = min(shortest or wait, wait)
        return None, shortest

    def _release(self, domain: str, bucket: Bucket) -> L:
        self._overall.take()
        bucket.take()
        queue = self._held.pop(domain)
        letter = queue.popleft()
        if queue:
            self._held[domain] = queue  # to the end: the domains take turns
        return letter

    def drain(self) -> list[L]:
        """Give back everything that is held."""
        letters = [letter for queue in self._held.values() for letter in queue]
        self._held.clear()
        return letters

    def drop(self, unwanted: Callable[[L], bool]) -> list[L]:
        """Give back those held that are unwanted."""
        letters = self.drain()
        self.hold(letter for letter in letters if not unwanted(letter))
        return [letter for letter in letters if unwanted(letter)]
