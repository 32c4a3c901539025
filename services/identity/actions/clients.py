"""Register programs that ask for tokens."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.identity.models.oauth import Consent, OAuthClient
from services.identity.rules.addresses import check_redirect_uri
from services.identity.rules.first_party import PREFIX, SERVICE_SCOPES, redirect_uris
from services.identity.rules.scopes import check_scopes
from shared.clock import now
from shared.keyring import Keyring

USED_EVERY = timedelta(minutes=1)


class UnfitClient(Exception):
    """A client that could do nothing, or whose name is one of ours; the message says which."""


def create_client(
    session: Session, name: str, scopes: Sequence[str], redirects: Sequence[str] = ()
) -> tuple[OAuthClient, str]:
    """Register another system; returns it and its secret, which is not kept.

    Raises UnknownScope, UnfitRedirectUri, UnfitClient.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise UnfitClient("a name of 1 to 120 characters is needed")
    if not scopes and not redirects:
        raise UnfitClient("at least one --scope (to act for itself) or --redirect-uri (to let staff sign in) is needed")
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "client"
    if slug.startswith(PREFIX.rstrip("-")):
        raise UnfitClient("names that begin with Portería belong to the product itself")
    secret = secrets.token_urlsafe(32)
    client = OAuthClient(
        client_id=f"{slug}-{secrets.token_hex(4)}",
        name=name,
        secret_hash=_hash(secret),
        scopes=check_scopes(scopes),
        redirect_uris=[check_redirect_uri(uri) for uri in redirects],
        created_at=now(),
    )
    session.add(client)
    session.flush()
    return client, secret


def register_first_party(session: Session, keyring: Keyring, public_url: str, port: int) -> None:
    """Make our own services known as clients and bring what is known up to date; may be repeated at any time."""
    for service, scopes in SERVICE_SCOPES.items():
        wanted = {
            "name": f"Portería {service}",
            "secret_hash": _hash(keyring.client_secret(service)),
            "scopes": scopes,
            "redirect_uris": redirect_uris(service, public_url, port),
            "first_party": True,
            "disabled_at": None,
        }
        client_id = PREFIX + service
        client = session.get(OAuthClient, client_id)
        if client is None:
            try:
                with session.begin_nested():
                    session.add(OAuthClient(client_id=client_id, created_at=now(), **wanted))
                continue
            except IntegrityError:  # another process registers at the same time, with the same values
                client = session.get_one(OAuthClient, client_id)
        for name, value in wanted.items():
            if getattr(client, name) != value:
                setattr(client, name, value)


def is_secret_of(client: OAuthClient, secret: str) -> bool:
    """Whether this is the client's secret, compared in constant time."""
    return hmac.compare_digest(client.secret_hash, _hash(secret))


def note_use(client: OAuthClient) -> None:
    """Remember that a client was here; at most once a minute, not at every request."""
    moment = now()
    if client.last_used_at is None or moment - client.last_used_at >= USED_EVERY:
        client.last_used_at = moment


def give_consent(session: Session, staff_id: object, client_id: str, scope: str) -> None:
    """Remember that a person lets a client know what `scope` says."""
    consent = session.get(Consent, (staff_id, client_id))
    if consent is None:
        session.add(Consent(staff_id=staff_id, client_id=client_id, scope=scope, given_at=now()))
    else:
        consent.scope = " ".join(sorted({*consent.scope.split(), *scope.split()}))
        consent.given_at = now()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
