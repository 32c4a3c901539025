"""The frame of the client area: who is signed in, and the menu of what they may open."""

from collections.abc import Iterable
from typing import Any

from flask import request, url_for
from flask_babel import format_time, gettext

from services.portal.pages.visitor import AREA, Viewer, Visitor, current_visitor
from services.portal.rules.parties import profile_of


def client_frame() -> dict[str, Any]:
    """What the frame of the client area shows of the signed-in client."""
    visitor = current_visitor() if request.path.startswith(AREA) else None
    if visitor is None:
        return {}
    waits = visitor.must_change or visitor.must_choose
    menu = [] if waits else [(url_for(to), label, symbol) for to, label, symbol in _entries(visitor)]
    return {
        "client_name": "" if visitor.viewer else visitor.name,  # who only looks leaves by the banner
        "client_of": visitor.party.name if (visitor.contact or visitor.has_choice) and not waits else "",
        "client_change": url_for("accounts.choose") if visitor.has_choice and not waits else "",
        "may": visitor.may,
        "client_menu": menu,
        "client_fold": [] if waits else _fold(),
        "client_here": _here([address for address, *_ in menu]),
        "client_signout": url_for("access.signout"),
        "client_viewed": _banner(visitor.party.name, visitor.viewer) if visitor.viewer else None,
    }


def _banner(name: str, viewer: Viewer) -> dict[str, str]:
    return {
        "text": gettext("You see the area of %(name)s as the client sees it. Read only.", name=name),
        "until": gettext("Until %(time)s.", time=format_time(viewer.until, "short")),
        "leave": url_for("viewing.leave"),
        "label": gettext("Leave"),
    }


def _entries(visitor: Visitor) -> list[tuple[str, str, str]]:
    """The menu: endpoint, label and icon. On a phone the first three stand beside it, the others are folded."""
    income = [("income.index", gettext("Statements"), "graph-up-arrow")]
    every = [
        ("home.show", gettext("Home"), "house-door"),
        ("invoices.index", gettext("Invoices"), "receipt"),
        *([] if visitor.may("invoices.index") else [("paying.choose", gettext("Pay"), "credit-card")]),
        *(income if profile_of(visitor.party.classes).is_owner else []),
        ("receipts.index", gettext("Receipts"), "check2-square"),
        ("statement.show", gettext("Account statement"), "journal-text"),
        ("cases.index", gettext("Requests (PQRS)"), "chat-left-text"),
        *([] if visitor.may("cases.index") else [("cases.new", gettext("New request"), "chat-left-text")]),
        ("profile.show", gettext("Your information"), "person"),
        ("contacts.index", gettext("Contacts"), "people"),
        _mail(visitor),
        *([] if visitor.viewer else [("security.show", gettext("Security"), "shield-lock")]),
    ]
    return [entry for entry in every if visitor.may(entry[0])]


def _mail(visitor: Visitor) -> tuple[str, str, str]:
    """What was sent, where one's own letters are chosen too; who may not see it chooses all the same."""
    if visitor.may("letters.index"):
        return "letters.index", gettext("Sent letters"), "envelope"
    return "choices.show", gettext("My letters"), "bell"


def _fold() -> list[tuple[str, str, str]]:
    """What stands below the menu where it is unfolded."""
    return [(url_for("guide.download"), gettext("Download the user guide"), "book")]


def _here(addresses: Iterable[str]) -> str:
    """Of the menu's addresses the longest that the present page lies below; every page lies below the home."""
    start, path = url_for("home.show"), request.path
    if path.rstrip("/") == start.rstrip("/"):
        return start
    below = [one for one in addresses if one != start and f"{path}/".startswith(f"{one.rstrip('/')}/")]
    return max(below, key=len, default="")
