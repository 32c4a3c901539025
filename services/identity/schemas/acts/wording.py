"""How an act is told."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.web.context import Text

SLOTS = {name: f"%({name})s" for name in ("who", "whom", "what", "count")}


@dataclass(frozen=True)
class Wording:
    """How an act is called in a list of kinds (`label`), and the sentence that tells of one.

    `own`: the sentence where somebody did it to themselves. `many`: where a number is known, for that number.
    """

    label: Text
    sentence: Text
    own: Text = ""
    many: Callable[[int], str] | None = None

    def template(self, count: int | None, own: bool) -> str:
        """The sentence with its slots still open."""
        if own and self.own:
            return str(self.own)
        return self.many(count) if self.many is not None and count is not None else str(self.sentence)
