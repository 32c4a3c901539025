"""What only administrators change, auditors may look at, and agents have nothing to do with."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask_babel import gettext

from shared.web import Problem, current_staff, staff_required

HIDDEN_FROM = ("agent",)


def administration(view: Callable[..., Any]) -> Callable[..., Any]:
    """Guard such a view: administrators may all, auditors may look."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        staff = current_staff()
        if staff is None or staff.role in HIDDEN_FROM:
            raise Problem(403, gettext("Only an administrator may do this."))
        return view(*args, **kwargs)

    return staff_required()(guarded)


def may_administer() -> bool:
    """Whether the person at the page is an administrator, to whom forms and buttons are shown."""
    staff = current_staff()
    return staff is not None and staff.role == "administrator"
