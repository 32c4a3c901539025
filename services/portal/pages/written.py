"""A form as somebody wrote it: what stands in its fields, and what is wrong with it, field by field."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.portal.schemas.fields import Wrong


@dataclass
class Written:
    """What was written, by the id of the field, and what is wrong; the first error of a field counts."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """What stands in a field."""
        return self.values.get(name, "")

    def label(self, _name: str) -> str:
        """What a field is called, for the list of errors at the top; "" where the page has no such list."""
        return ""

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """For that list: id of the field, its label, what is wrong."""
        return [(name, self.label(name), text) for name, text in self.errors.items()]

    def check(self, name: str, reading: Callable[[], Any]) -> Any:
        """What `reading` gives; where it raises Wrong that stands at the field, and the answer is None."""
        try:
            return reading()
        except Wrong as error:
            self.errors.setdefault(name, str(error))
            return None

    def read(self, name: str, reading: Callable[[str], Any]) -> Any:
        """What `reading` makes of the text in a field, as `check`."""
        return self.check(name, lambda: reading(self.value(name)))
