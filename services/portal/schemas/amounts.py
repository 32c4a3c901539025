"""Fields of REST for exact numbers and texts."""

import re
from decimal import Decimal
from typing import Any

import marshmallow as ma

from services.portal.rules.money import LARGEST, ZERO


class Amount(ma.fields.String):
    """A decimal number as text, such as `"1850000.50"`: a JSON number would lose cents on the way.

    `decimals`: so many at most. `least`, `most`: its bounds, inclusive.
    """

    def __init__(
        self, *, decimals: int = 2, least: Decimal = ZERO, most: Decimal = LARGEST, description: str = "", **more: Any
    ) -> None:
        sign = "-?" if least < 0 else ""
        pattern = rf"{sign}[0-9]{{1,15}}(\.[0-9]{{1,{decimals}}})?"
        self._decimals = decimals
        self._shape = re.compile(pattern)
        self._range = ma.validate.Range(least, most)
        about = {"description": description} if description else {}
        super().__init__(metadata={"pattern": f"^{pattern}$", "example": "1850000.50"[: 8 + decimals]} | about, **more)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **more: Any) -> str | None:
        return super()._serialize(None if value is None else str(value), attr, obj, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        if not self._shape.fullmatch(text):
            raise ma.ValidationError("Not a valid number.")
        number: Decimal = self._range(Decimal(text))
        return number + ZERO if self._decimals == 2 else number


class Text(ma.fields.String):
    """A text of one line or more without blanks around it, of `least` to `most` characters."""

    def __init__(self, most: int, *, least: int = 0, description: str = "", **more: Any) -> None:
        self._length = ma.validate.Length(least or None, most)
        about = {"description": description} if description else {}
        bounds = {"minLength": least, "maxLength": most} if least else {"maxLength": most}
        super().__init__(metadata=bounds | about, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        return self._length(str(super()._deserialize(value, attr, data, **more)).strip())
