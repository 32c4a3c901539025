"""The start page of the back offices: what needs attention anywhere, and the way to each of them."""

from functools import partial
from typing import Any

from flask import Blueprint, render_template

from services.identity.actions.runtime import runtime
from services.identity.clients import ask_all
from services.identity.queries.attention import is_new
from services.identity.schemas.attention import list_attention
from shared.web import current, staff_required
from shared.web.attention import LEVELS

OTHERS = ("directory", "mailer", "portal")

blp = Blueprint("start", __name__)


@blp.get("/backoffice/")
@staff_required()
def show() -> str:
    """What there is to do, in all four; a service that does not answer is told, too."""
    glance = runtime().clients.glance
    with current().db.read() as session:
        own, first_steps = list_attention(session), is_new(session)
    answers = ask_all({name: partial(glance.list_attention, name) for name in OTHERS})
    items: list[dict[str, Any]] = [vars(one) for one in own]
    for answer in answers.values():
        items += [one for one in answer or () if one.get("level") in LEVELS and str(one.get("href")).startswith("/")]
    return render_template(
        "identity/start.html",
        at_start=True,
        items=sorted(items, key=lambda one: LEVELS.index(one["level"])),
        away=[name for name in OTHERS if answers[name] is None],
        first_steps=first_steps,
    )
