"""Answers to what identity could not, or would not, check now."""

import math
from datetime import timedelta

from flask import Response, make_response
from flask_babel import format_time, gettext, ngettext

from shared import clock


def unavailable() -> str:
    """Identity or the directory does not answer, or has too much to do."""
    return gettext("We cannot check this at the moment. Try again in a minute.")


def too_many(seconds: int | None) -> str:
    """When to try again."""
    if not seconds:
        return gettext("There were too many attempts. Wait a few minutes and try again.")
    minutes = math.ceil(seconds / 60)
    return ngettext(
        "There were too many attempts. Try again in %(num)d minute, at %(time)s.",
        "There were too many attempts. Try again in %(num)d minutes, at %(time)s.",
        minutes,
        time=format_time(clock.now() + timedelta(minutes=minutes), "short"),
    )


def wait(page: str, seconds: int | None) -> Response:
    """A page that asks to wait so many seconds."""
    response = make_response(page, 429)
    response.headers["Retry-After"] = str(seconds or 300)
    return response


def busy(page: str) -> Response:
    """A page that asks to try again soon."""
    response = make_response(page, 503)
    response.headers["Retry-After"] = "5"
    return response
