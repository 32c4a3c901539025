"""A small service on the shared web, and an issuer of tokens, for tests of what the services have in common."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import marshmallow as ma
from flask import Flask, flash, render_template_string, request
from flask.testing import FlaskClient
from flask_smorest import Blueprint as ApiBlueprint
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.serving import WSGIRequestHandler, make_server

from shared.db import COLUMN_TYPES, Database, new_id, new_metadata, plumbing
from shared.settings import CommonSettings
from shared.web import (
    MenuItem,
    PageQuery,
    Problem,
    Staff,
    answer_page,
    create_api,
    create_app,
    current,
    current_staff,
    do_not_store,
    idempotent,
    page_schema,
    paginate,
    register_errors,
    remember_staff,
    require_scope,
    staff_required,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PUBLIC_URL = "http://porteria.test"


class Issuer:
    """Stands where identity stands: signs tokens and shows its public keys."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": new_id().hex, "use": "sig", "alg": "ES256"})

    def keys(self, _kid: str = "") -> KeySet:
        """What a service is given to check tokens."""
        return KeySet([self.key])

    def jwks(self) -> dict[str, Any]:
        """The document at /.well-known/jwks.json."""
        return {"keys": [self.key.as_dict(private=False)]}

    def token(self, scope: str = "", client: str = "erp", **claims: Any) -> str:
        """An access token; `claims` replace the usual ones, None leaves one out."""
        usual = {
            "iss": PUBLIC_URL,
            "aud": "porteria",
            "sub": client,
            "client_id": client,
            "scope": scope,
            "iat": int(time.time()),
            "exp": int(time.time()) + 600,
        }
        kept = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, kept, self.key)

    def bearer(self, scope: str = "", client: str = "erp", **claims: Any) -> dict[str, str]:
        """The header with such a token."""
        return {"Authorization": f"Bearer {self.token(scope, client, **claims)}"}


class Base(DeclarativeBase):
    """Tables of the small service."""

    metadata = new_metadata()
    type_annotation_map = COLUMN_TYPES


class Shelf(Base):
    """Something to list."""

    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20))


class Thing(Base):
    """Something to make."""

    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id"))


class ThingExists(Exception):
    """A domain error."""


class ThingIn(ma.Schema):
    """What is sent."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(min=2, max=10))
    size = ma.fields.Integer(load_default=1, validate=ma.validate.Range(1, 9))


class ThingOut(ma.Schema):
    """What comes back."""

    id = ma.fields.Integer()
    name = ma.fields.String()


def things(session: Session) -> int:
    """How many things there are."""
    return session.scalar(select(func.count()).select_from(Thing)) or 0


def settings_in(folder: Path, **more: Any) -> CommonSettings:
    """Settings whose data is in a folder of the test."""
    return CommonSettings(**{"public_url": PUBLIC_URL, "data": folder, **more})


def small_app(settings: CommonSettings, issuer: Issuer | None, service: str = "directory", **options: Any) -> Flask:
    """A service with one list, one thing to make, and pages that show what the frames can do."""
    db = Database(settings.database_url(service))
    Base.metadata.create_all(db.engine)
    plumbing.create_all(db.engine)
    app = create_app(
        service,
        __name__,
        settings,
        db,
        title="Directorio",
        menu=(
            MenuItem(endpoint="pages.home", label="Inicio", icon="house"),
            MenuItem(endpoint="pages.secret", label="Personal", icon="person-gear", role="administrator"),
        ),
        token_keys=issuer.keys if issuer else None,
        **options,
    )
    register_errors(
        app,
        {ThingExists: lambda error: (409, f"«{error}» ya existe.", "name"), PermissionError: (403, "No.")},
    )
    create_api(app, service, "Directorio").register_blueprint(_rest())
    _add_pages(app, service)
    return app


def _rest() -> ApiBlueprint:
    blp = ApiBlueprint("things", __name__, url_prefix="/things")

    @blp.route("", methods=["GET"])
    @require_scope("things:read")
    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_schema(ThingOut))
    def index(query: dict[str, Any]) -> dict[str, Any]:
        with current().db.read() as session:
            order = [(Thing.name, False), (Thing.id, False)]
            return answer_page(paginate(session, select(Thing), order, **query))

    @blp.route("", methods=["POST"])
    @require_scope("things:write")
    @idempotent
    @blp.arguments(ThingIn)
    @blp.response(201, ThingOut)
    def make(session: Session, body: dict[str, Any]) -> Thing:
        if session.scalar(select(Thing).where(Thing.name == body["name"])):
            raise ThingExists(body["name"])
        if request.args.get("secret"):
            do_not_store()
        thing = Thing(name=body["name"])
        session.add(thing)
        session.flush()
        if body["name"] == "broken":
            raise RuntimeError("after the work")
        return thing

    return blp


def _add_pages(app: Flask, service: str) -> None:
    from flask import Blueprint

    pages = Blueprint("pages", __name__, url_prefix=f"/backoffice/{service}")

    @pages.get("/")
    @staff_required()
    def home() -> str:
        staff = current_staff()
        return render_template_string(
            "{% extends 'backoffice.html' %}{% block title %}Inicio{% endblock %}"
            "{% block content %}<p>hola {{ name }}</p>{% endblock %}",
            name=staff.name if staff else "",
        )

    @pages.post("/change")
    @staff_required()
    def change() -> str:
        flash("Cambiado", "success")
        return "changed"

    @pages.route("/own", methods=["GET", "POST"])
    @staff_required("auditor")
    def own() -> str:
        return "own"

    @pages.get("/secret")
    @staff_required("administrator")
    def secret() -> str:
        return "secret"

    @pages.post("/upload")
    @staff_required()
    def upload() -> str:
        return str(len(request.files["file"].read()))

    @pages.get("/crash/<secret>")
    def crash(secret: str) -> str:
        raise RuntimeError(f"inner {secret}")

    @pages.get("/status/<int:status>")
    def status(status: int) -> str:
        raise Problem(status)

    app.register_blueprint(pages)


def sign_in(client: FlaskClient, role: str = "agent", name: str = "Ana Gómez", language: str = "") -> None:
    """Put a member of the staff into the session of a test client, as the callback does."""
    with client.application.test_request_context():
        from flask import session as made

        remember_staff(Staff(id=str(new_id()), name=name, role=role, language=language))
        kept = dict(made)
    with client.session_transaction() as session:
        session.update(kept)


@contextmanager
def serving(application: "WSGIApplication") -> Iterator[int]:
    """Serve an application on a free port of this machine, in a thread; gives the port."""
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: Any) -> None:
        """Say nothing."""
