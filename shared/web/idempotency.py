"""`Idempotency-Key`: a request that is sent twice has its effect once, and gets the same answer twice.

The row that remembers the key commits in the same transaction as the work, so there is no moment in which only one of
the two is kept. Of two requests at the same time the second waits for the first one's transaction.
"""

import hashlib
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request
from flask_babel import gettext
from sqlalchemy import Column, Integer, String, Table, Text, delete, select, update
from sqlalchemy.orm import Session

from shared import clock
from shared.db import UtcDateTime, insert_into, plumbing
from shared.web.context import current
from shared.web.errors import Problem
from shared.web.tokens import current_client

HEADER = "Idempotency-Key"
KEEP = timedelta(days=8)
LONGEST = 255
IDEMPOTENT = "x-idempotent"
"""How a view's documentation says that it takes the header; `shared.web.api` writes it out."""
CHUNK = 1 << 20

idempotency_keys = Table(
    "idempotency_keys",
    plumbing,
    Column("client", String(120), primary_key=True),
    Column("key", String(LONGEST), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer, nullable=True),
    Column("location", Text, nullable=True),
    Column("body", Text, nullable=True),  # null: the answer held a secret and was not kept
    Column("created_at", UtcDateTime, nullable=False, index=True),
)


def idempotent(view: Callable[..., Any]) -> Callable[..., Response]:
    """Open the write transaction of a POST view, pass it as first argument, and honour `Idempotency-Key` in it.

    Goes between `@require_scope` and `@blp.arguments`: `def post(session, body)`. Without the header it only opens the
    transaction. An error of the view rolls back the key with the work, so the request may be sent again.
    """

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            with current().db.write() as session:
                return current_app.make_response(view(session, *args, **kwargs))
        if not 1 <= len(key) <= LONGEST or not key.isprintable():
            raise Problem(400, gettext("The Idempotency-Key must have from 1 to 255 visible characters."))
        fingerprint = _fingerprint()  # reads the whole body, before a transaction is open
        with current().db.write() as session:
            if not _remember(session, key, fingerprint):
                return _replay(session, key, fingerprint)
            response = current_app.make_response(view(session, *args, **kwargs))
            _keep(session, key, response)
            return response

    documented: dict[str, Any] = deepcopy(getattr(view, "_apidoc", {}))
    documented.setdefault("manual_doc", {})[IDEMPOTENT] = True
    once._apidoc = documented  # type: ignore[attr-defined]
    return once


def do_not_store() -> None:
    """Say inside an idempotent view that its answer holds a secret: a repetition then gets 409 instead of it."""
    g.answer_is_secret = True


def purge_idempotency_keys(session: Session) -> int:
    """Forget keys older than KEEP; returns how many."""
    result = session.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at < clock.now() - KEEP))
    return int(getattr(result, "rowcount", 0))


def _caller() -> str:
    client = current_client()
    return client.id if client else ""


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype == "multipart/form-data":
        # The boundary differs each time, and files may be large: their contents count, read from disk in pieces.
        for name, value in sorted(request.form.items(multi=True)):
            digest.update(f"{name}={value}\n".encode())
        for name, file in sorted(request.files.items(multi=True), key=lambda pair: pair[0]):
            digest.update(f"{name}:{file.filename}\n".encode())
            while chunk := file.stream.read(CHUNK):
                digest.update(chunk)
            file.stream.seek(0)
    else:
        digest.update(request.get_data())
    return digest.hexdigest()


def _remember(session: Session, key: str, fingerprint: str) -> bool:
    row = {"client": _caller(), "key": key, "request_hash": fingerprint, "created_at": clock.now()}
    # Waits while another transaction holds the same key, then finds its row or (if that one failed) inserts its own.
    # RETURNING, because psycopg's rowcount of such an insert is -1 in either case.
    made = insert_into(session, idempotency_keys).values(row).on_conflict_do_nothing().returning(idempotency_keys.c.key)
    return session.scalar(made) is not None


def _keep(session: Session, key: str, response: Response) -> None:
    secret = g.get("answer_is_secret", False)
    session.execute(
        update(idempotency_keys)
        .where(idempotency_keys.c.client == _caller(), idempotency_keys.c.key == key)
        .values(
            status=response.status_code,
            location=response.headers.get("Location"),
            body=None if secret else response.get_data(as_text=True),
        )
    )


def _replay(session: Session, key: str, fingerprint: str) -> Response:
    row = session.execute(
        select(idempotency_keys).where(idempotency_keys.c.client == _caller(), idempotency_keys.c.key == key)
    ).one()
    if row.request_hash != fingerprint:
        raise Problem(422, gettext("This Idempotency-Key was used for another request."))
    headers = {"Location": row.location} if row.location else {}
    if row.body is None:
        detail = gettext("This was done before. Its answer held a secret, so it was not kept and cannot be repeated.")
        raise Problem(409, detail, headers=headers)
    response = Response(row.body, row.status, content_type="application/json", headers=headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response
