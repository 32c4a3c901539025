"""Programs that ask for tokens: register them, say what they may do, exchange their secrets, shut them out."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.identity.models.oauth import Consent, OAuthClient
from services.identity.rules.addresses import check_redirect_uri
from services.identity.rules.first_party import PREFIX, SERVICE_SCOPES, redirect_uris
from services.identity.rules.scopes import check_scopes
from shared.audit import record_act
from shared.clock import now
from shared.keyring import Keyring

USED_EVERY = timedelta(minutes=1)
TOLD_AS = {"redirect_uris": "addresses"}


class UnfitClient(Exception):
    """A client that could do nothing, or whose name is one of ours; the message says which."""


class UnfitClientName(UnfitClient):
    """A name that is empty, too long, or one of ours."""


class NoSuchClient(Exception):
    """No client has this id."""


class OwnClient(Exception):
    """The client is one of our own services: its scopes and its secret are not changed by hand."""


class SecretChanged(Exception):
    """The secret is another one than whoever wanted to rotate it saw: somebody, or a form sent twice, was faster."""


def create_client(
    session: Session, name: str, scopes: Sequence[str], redirects: Sequence[str] = ()
) -> tuple[OAuthClient, str]:
    """Register another system; returns it and its secret, which is not kept.

    Raises UnknownScope, UnfitRedirectUri, UnfitClient.
    """
    values = _fit(name, scopes, redirects)
    secret = secrets.token_urlsafe(32)
    client = OAuthClient(
        client_id=f"{_slug(values['name'])}-{secrets.token_hex(4)}",
        secret_hash=_hash(secret),
        created_at=now(),
        **values,
    )
    session.add(client)
    session.flush()
    _record(session, "client.created", client, scopes=" ".join(client.scopes), addresses=" ".join(client.redirect_uris))
    return client, secret


def change_client(
    session: Session, client_id: str, name: str, scopes: Sequence[str], redirects: Sequence[str]
) -> OAuthClient:
    """Write down what another system is called and may do. Tokens that it holds keep their scopes until they end.

    Raises NoSuchClient, OwnClient, UnknownScope, UnfitRedirectUri, UnfitClient.
    """
    client, values = _foreign(session, client_id), _fit(name, scopes, redirects)
    told = {}
    for field, value in values.items():
        before = getattr(client, field)
        if before != value:
            setattr(client, field, value)
            told[TOLD_AS.get(field, field)] = f"{_shown(before)} → {_shown(value)}"
    if told:
        _record(session, "client.changed", client, **told)
    return client


def rotate_secret(
    session: Session, client_id: str, overlap: timedelta, seen: datetime | None
) -> tuple[OAuthClient, str]:
    """Give a client a new secret; the present one is good for `overlap` longer, one from before that no more.

    `seen`: `secret_changed_at` as whoever wants this saw it. Returns the client and the secret, which is not kept.
    Raises NoSuchClient, OwnClient, SecretChanged.
    """
    client = _foreign(session, client_id)
    if client.secret_changed_at != seen:
        raise SecretChanged
    secret, moment = secrets.token_urlsafe(32), now()
    client.former_secret_hash = client.secret_hash if overlap else None
    client.former_secret_until = moment + overlap if overlap else None
    client.secret_hash, client.secret_changed_at = _hash(secret), moment
    _record(session, "client.secret_rotated", client, overlap=str(overlap.days))
    return client, secret


def end_former_secret(session: Session, client_id: str) -> OAuthClient:
    """The secret before the present one is good no longer. Raises NoSuchClient, OwnClient."""
    client = _foreign(session, client_id)
    if client.former_secret_hash is not None:
        client.former_secret_hash = client.former_secret_until = None
        _record(session, "client.changed", client, former="ended")
    return client


def disable_client(session: Session, client_id: str) -> OAuthClient:
    """Give a client no more tokens. Raises NoSuchClient, OwnClient."""
    client = _foreign(session, client_id)
    if client.disabled_at is None:
        client.disabled_at = now()
        _record(session, "client.disabled", client)
    return client


def enable_client(session: Session, client_id: str) -> OAuthClient:
    """Give a client tokens again. Raises NoSuchClient, OwnClient."""
    client = _foreign(session, client_id)
    if client.disabled_at is not None:
        client.disabled_at = None
        _record(session, "client.enabled", client)
    return client


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
    """Whether this is the client's secret, or the former one while it is still good; compared in constant time."""
    given = _hash(secret)
    is_present = hmac.compare_digest(client.secret_hash, given)
    is_former = hmac.compare_digest(client.former_secret_hash or b"", given)
    return is_present or (is_former and former_secret_works(client))


def former_secret_works(client: OAuthClient) -> bool:
    """Whether the secret before the present one is still good."""
    return client.former_secret_until is not None and now() < client.former_secret_until


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


def _foreign(session: Session, client_id: str) -> OAuthClient:
    client = session.get(OAuthClient, client_id, with_for_update=True, populate_existing=True)
    if client is None:
        raise NoSuchClient
    if client.first_party:
        raise OwnClient
    return client


def _fit(name: str, scopes: Sequence[str], redirects: Sequence[str]) -> dict[str, Any]:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise UnfitClientName("a name of 1 to 120 characters is needed")
    if _slug(name).startswith(PREFIX.rstrip("-")):
        raise UnfitClientName("names that begin with Portería belong to the product itself")
    if not scopes and not redirects:
        raise UnfitClient("at least one --scope (to act for itself) or --redirect-uri (to let staff sign in) is needed")
    addresses = list(dict.fromkeys(check_redirect_uri(uri) for uri in redirects))
    return {"name": name, "scopes": check_scopes(scopes), "redirect_uris": addresses}


def _slug(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "client"


def _shown(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value) or "–"


def _record(session: Session, act: str, client: OAuthClient, **details: str) -> None:
    told = {"name": client.name, **{name: text for name, text in details.items() if text}}
    record_act(session, "identity", act, subject="client", subject_id=client.client_id, details=told)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
