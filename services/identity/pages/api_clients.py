"""Other systems that call Portería or let the staff sign in through it, and the keys that sign: for administrators."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.identity.actions.clients import (
    NoSuchClient,
    SecretChanged,
    UnfitClientName,
    change_client,
    create_client,
    disable_client,
    enable_client,
    end_former_secret,
    former_secret_works,
    rotate_secret,
)
from services.identity.models.oauth import OAuthClient
from services.identity.pages.administration import administration, may_administer
from services.identity.queries.keys import list_published_keys
from services.identity.queries.oauth import find_any_client, list_clients
from services.identity.rules.keys import PUBLISHED_AFTER, TOKEN_LIFETIME
from services.identity.schemas.clients import ClientForm, RotateForm, scope_text
from shared.clock import now
from shared.web import current, current_staff, staff_required

log = structlog.get_logger(__name__)
blp = Blueprint("api_clients", __name__, url_prefix="/backoffice/identity/clients")


@blp.get("/")
@administration
def show() -> str:
    """Every system, our own apart, and the keys."""
    with current().db.read() as session:
        clients, keys = list_clients(session), list_published_keys(session)
    return render_template(
        "identity/clients.html",
        foreign=[client for client in clients if not client.first_party],
        own=[client for client in clients if client.first_party],
        keys=[(key, key.retired_at + PUBLISHED_AFTER[key.purpose] if key.retired_at else None) for key in keys],
        **_words(),
    )


@blp.route("/new", methods=["GET", "POST"])
@staff_required("administrator")
def add() -> Any:
    """Register a system; its secret is shown once, on the answer of this very request."""
    form = ClientForm()
    if not form.validate_on_submit():
        return render_template("identity/client_new.html", form=form, **_words()), 422 if form.errors else 200
    try:
        with current().db.write() as session:
            client, secret = create_client(session, form.name.data or "", form.scopes.data or [], form.addresses)
    except UnfitClientName:
        form.name.errors = [_unfit_name()]
        return render_template("identity/client_new.html", form=form, **_words()), 422
    log.info("client_created", client=client.client_id, by=_me())
    return render_template("identity/client_secret.html", client=client, secret=secret, until=None, **_words())


@blp.route("/<client_id>", methods=["GET", "POST"])
@administration
def edit(client_id: str) -> Any:
    """One system: its name, what it may do, its secret, and whether it may be used."""
    client = _client(client_id)
    if client.first_party:
        raise NoSuchClient
    form = ClientForm(data={"name": client.name, "scopes": client.scopes, "redirects": "\n".join(client.redirect_uris)})
    if not form.validate_on_submit():
        return _page(client, form), 422 if form.errors else 200
    try:
        with current().db.write() as session:
            change_client(session, client_id, form.name.data or "", form.scopes.data or [], form.addresses)
    except UnfitClientName:
        form.name.errors = [_unfit_name()]
        return _page(client, form), 422
    log.info("client_changed", client=client_id, by=_me())
    flash(gettext("Saved. Tokens that it holds already keep what they allow for up to 10 minutes."), "success")
    return redirect(url_for("api_clients.edit", client_id=client_id), 303)


def _page(client: OAuthClient, form: ClientForm) -> str:
    former = client.former_secret_until if former_secret_works(client) else None
    return render_template("identity/client.html", client=client, form=form, former=former, **_words())


@blp.route("/<client_id>/rotate", methods=["GET", "POST"])
@staff_required("administrator")
def rotate(client_id: str) -> Any:
    """A new secret, shown once; the present one may go on for some days, so that nothing stops meanwhile."""
    client, form = _client(client_id), RotateForm()
    if client.first_party:
        raise NoSuchClient
    if not form.validate_on_submit():
        shown = {"client": client, "form": form, "seen": _seen(client), "has_former": former_secret_works(client)}
        return render_template("identity/client_rotate.html", **shown), 422 if form.errors else 200
    try:
        with current().db.write() as session:
            days = timedelta(days=int(form.overlap.data))
            client, secret = rotate_secret(session, client_id, days, _moment(request.form.get("seen", "")))
    except SecretChanged:
        flash(gettext("The secret was changed meanwhile, so nothing was done. Look when, and begin anew."), "warning")
        return redirect(url_for("api_clients.edit", client_id=client_id), 303)
    log.info("client_secret_rotated", client=client_id, by=_me())
    until = client.former_secret_until
    return render_template("identity/client_secret.html", client=client, secret=secret, until=until, **_words())


@blp.get("/<client_id>/former")
@staff_required("administrator")
def ask_end_former(client_id: str) -> str:
    """Is it really meant?"""
    client = _client(client_id)
    return render_template(
        "confirm.html",
        title=gettext("End the former secret of %(name)s", name=client.name),
        message=gettext("If %(name)s still uses the former secret, it gets no more tokens.", name=client.name),
        details=[gettext("The newest secret goes on."), gettext("The former one cannot be brought back.")],
        action=url_for("api_clients.end_former", client_id=client_id),
        accept=gettext("End the former secret now"),
        cancel=url_for("api_clients.edit", client_id=client_id),
        kind="danger",
    )


@blp.post("/<client_id>/former")
@staff_required("administrator")
def end_former(client_id: str) -> Any:
    """The former secret ends now."""
    return _done(end_former_secret, client_id, gettext("Only the newest secret works now."))


@blp.get("/<client_id>/disable")
@staff_required("administrator")
def ask_disable(client_id: str) -> str:
    """Is it really meant?"""
    client = _client(client_id)
    details = [
        gettext("It gets no more tokens from now on."),
        gettext("A token that it holds already works until it ends, at most 10 minutes."),
        gettext("The staff cannot sign in through it any more."),
        gettext("Nothing is deleted: it can be enabled again with the same secret."),
    ]
    return render_template(
        "confirm.html",
        title=gettext("Disable %(name)s", name=client.name),
        message=gettext("%(name)s will not be able to work with Portería.", name=client.name),
        details=details if client.redirect_uris else [details[0], details[1], details[3]],
        action=url_for("api_clients.disable", client_id=client_id),
        accept=gettext("Disable"),
        cancel=url_for("api_clients.edit", client_id=client_id),
        kind="danger",
    )


@blp.post("/<client_id>/disable")
@staff_required("administrator")
def disable(client_id: str) -> Any:
    """Disable."""
    text = gettext("It is disabled: no new tokens; those that it holds end within 10 minutes.")
    return _done(disable_client, client_id, text)


@blp.post("/<client_id>/enable")
@staff_required("administrator")
def enable(client_id: str) -> Any:
    """Enable."""
    return _done(enable_client, client_id, gettext("It may ask for tokens again, with the secret that it has."))


def _done(action: Callable[[Session, str], OAuthClient], client_id: str, text: str) -> Any:
    with current().db.write() as session:
        action(session, client_id)
    log.info(action.__name__, client=client_id, by=_me())
    flash(text, "success")
    return redirect(url_for("api_clients.edit", client_id=client_id), 303)


def _client(client_id: str) -> OAuthClient:
    with current().db.read() as session:
        client = find_any_client(session, client_id)
    if client is None:
        raise NoSuchClient
    return client


def _seen(client: OAuthClient) -> str:
    return client.secret_changed_at.isoformat() if client.secret_changed_at else ""


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise SecretChanged from None


def _unfit_name() -> str:
    return gettext("1 to 120 characters, and not beginning with Portería: such names belong to the product itself.")


def _words() -> dict[str, Any]:
    return {
        "scope_text": scope_text,
        "minutes": int(TOKEN_LIFETIME.total_seconds() // 60),
        "now": now(),
        "may_administer": may_administer(),
        "public_url": current().settings.public_url,
    }


def _me() -> str:
    staff = current_staff()
    return staff.id if staff else ""
