"""The authorization endpoint: a member of the staff lets a client know who they are."""

from typing import Any
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oidc.core.errors import ConsentRequiredError, LoginRequiredError
from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.identity.actions.clients import give_consent
from services.identity.actions.provider import Provider
from services.identity.actions.provider.parties import Subject
from services.identity.pages.staff_session import is_ready, signed_in
from services.identity.queries.oauth import has_consented
from services.identity.queries.staff import SignedIn
from services.identity.rules.addresses import origin
from services.identity.rules.scopes import OPENID_SCOPES
from shared.clock import now
from shared.web import Problem, current, set_policy

blp = Blueprint("authorize", __name__)


@blp.get("/oauth/authorize")
def authorize() -> Any:
    """RFC 6749, 3.1 and OpenID Connect Core, 3.1.2."""
    return _authorize(decided=None)


@blp.post("/oauth/consent")
def consent() -> Any:
    """The person's answer on the consent page; the request itself is in the query, as it was."""
    return _authorize(decided=request.form.get("decision") == "accept")


def _authorize(decided: bool | None) -> Any:
    service, person = current(), signed_in()
    with service.db.write() as session:
        provider = Provider(session, service.keyring, service.settings.public_url, request.args)
        try:
            grant = provider.get_consent_grant(end_user=Subject(person) if person else None)
            if not _is_fresh(person):
                if "none" in _prompts():
                    raise LoginRequiredError(redirect_uri=grant.redirect_uri)
                return redirect(_login_address(), 303)
            if decided is None and _needs_consent(session, person, grant):
                if "none" in _prompts():
                    raise ConsentRequiredError(redirect_uri=grant.redirect_uri)
                return _consent_page(grant)
            if decided:
                give_consent(session, person.member.id, grant.client.client_id, grant.request.scope)  # type: ignore[union-attr]
        except OAuth2Error as error:
            error.state = request.args.get("state")
            return _refuse(provider, error)
        granted = None if decided is False else Subject(person)  # type: ignore[arg-type]
        return _to_client(provider, provider.create_authorization_response(grant_user=granted, grant=grant))


def _prompts() -> list[str]:
    return request.args.get("prompt", "").split()


def _is_fresh(person: SignedIn | None) -> bool:
    """Whether the person is signed in, may go on, and gave the password as recently as the client wants."""
    if person is None or not is_ready(person) or (request.method == "GET" and "login" in _prompts()):
        return False
    age = request.args.get("max_age", "")
    return not age.isdigit() or (now() - person.session.started_at).total_seconds() <= int(age)


def _login_address() -> str:
    """The sign-in page that comes back to this request, with what asked for the sign-in taken out."""
    rest = request.args.to_dict()
    again = " ".join(prompt for prompt in _prompts() if prompt != "login")
    rest.pop("prompt", None)
    if again:
        rest["prompt"] = again
    return url_for("sign_in.login", next=f"{url_for('authorize.authorize')}?{urlencode(rest)}", fresh=1)


def _needs_consent(session: Session, person: SignedIn | None, grant: Any) -> bool:
    client = grant.client.row
    if client.first_party:
        return False
    known = person is not None and has_consented(session, person.member.id, client.client_id, grant.request.scope)
    return not known or "consent" in _prompts()


def _consent_page(grant: Any) -> str:
    set_policy(form_action=f"'self' {origin(grant.redirect_uri)}")
    shown = {
        "openid": gettext("Know who you are"),
        "profile": gettext("See your name, language and role"),
        "email": gettext("See your e-mail address"),
    }
    return render_template(
        "identity/consent.html",
        client=grant.client.row,
        host=origin(grant.redirect_uri),
        wishes=[shown[scope] for scope in OPENID_SCOPES if scope in grant.request.scope.split()],
        action=f"{url_for('authorize.consent')}?{request.query_string.decode()}",
    )


def _refuse(provider: Provider, error: OAuth2Error) -> Response:
    """Tell the client, if the address to tell it at is known to be its own; otherwise only the person."""
    if getattr(error, "redirect_uri", None):
        return _to_client(provider, provider.handle_error_response(None, error))
    detail = gettext(
        "The program that sent you here asked in a wrong way (%(why)s).", why=error.get_error_description()
    )
    raise Problem(400, detail)


def _to_client(provider: Provider, response: Response) -> Response:
    """Say whose answer it is (RFC 9207), so that a client of several providers cannot be confused."""
    if response.location:
        response.location = add_params_to_uri(response.location, [("iss", provider.issuer)])
    return response
