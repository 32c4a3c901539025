"""Single-use links that still work: who got one, until when, and revoking them."""

import uuid
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from services.identity.actions.links import revoke_links
from services.identity.pages.shown import PEOPLE, ids_of
from services.identity.queries.links import SOONEST, LinkFilter, count_live_links, list_live_links, live_links
from shared import clock
from shared.web import current, current_staff, paginate, safe_next, staff_required

blp = Blueprint("link_pages", __name__, url_prefix="/backoffice/identity/links")

ROWS = 50
FILTERS = ("q", "document", "batch", "purpose", "expires")
PURPOSES = {"activation": _l("First password"), "recovery": _l("Forgotten password")}
EXPIRES = {"1": _l("Within a day"), "3": _l("Within three days")}


@blp.get("/")
@staff_required()
def show_all() -> str:
    """The links that work now, first those that expire first."""
    chosen, given = _asked()
    with current().db.read() as session:
        page = paginate(session, live_links(chosen), SOONEST, cursor=request.args.get("cursor"), limit=ROWS)
    return render_template("identity/links.html", page=page, given=given, expires=EXPIRES)


def _asked() -> tuple[LinkFilter, dict[str, str]]:
    given = {name: text for name in FILTERS if (text := request.args.get(name, "").strip())}
    within = given.get("expires", "") if given.get("expires") in EXPIRES else ""
    chosen = LinkFilter(
        q=given.get("q", ""),
        document=given.get("document", ""),
        batch_id=next(iter(ids_of([given.get("batch", "")])), None),
        purpose=given.get("purpose", "") if given.get("purpose") in PURPOSES else "",
        expires_before=clock.now() + timedelta(days=int(within)) if within else None,
    )
    return chosen, given


@blp.get("/revoke")
@staff_required("agent")
def ask_revoke() -> Any:
    """How many, before it is done."""
    chosen, back = ids_of(request.args.getlist("link")), _back()
    with current().db.read() as session:
        number = count_live_links(session, chosen)
    if not number:
        text = gettext("Tick the links first.") if not chosen else gettext("These links do not work any more.")
        flash(text, "info")
        return redirect(back, 303)
    return render_template(
        "confirm.html",
        title=gettext("Revoke links"),
        number=number,
        message=ngettext("link will stop working.", "links will stop working.", number),
        details=[
            gettext("Letters with these links that still wait will not go out."),
            gettext("A password that worked before goes on."),
        ],
        action=url_for("link_pages.revoke"),
        fields={"link": [str(one) for one in chosen], "back": back},
        accept=gettext("Revoke"),
        cancel=back,
        kind="danger",
    )


@blp.post("/revoke")
@staff_required("agent")
def revoke() -> Any:
    """Revoke them."""
    staff = current_staff()
    with current().db.write() as session:
        revoked = revoke_links(session, ids_of(request.form.getlist("link")), staff.name if staff else "")
    text = ngettext("%(num)s link was revoked.", "%(num)s links were revoked.", revoked)
    flash(text if revoked else gettext("These links do not work any more."), "success" if revoked else "info")
    return redirect(_back(), 303)


def _back() -> str:
    return safe_next(request.values.get("back"), url_for("link_pages.show_all"))


def links_of_party(party_id: uuid.UUID) -> list[Any]:
    """For the page of a party: its links that work now."""
    with current().db.read() as session:
        return list_live_links(session, LinkFilter(party_id=party_id))


@blp.app_context_processor
def pieces() -> dict[str, Any]:
    """What `identity/party_links.html` needs, wherever it is included."""
    return {"links_of_party": links_of_party, "link_purposes": PURPOSES, "link_people": PEOPLE}
