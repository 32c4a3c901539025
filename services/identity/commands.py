"""Commands that only identity has: clients, the first administrator, rotation of keys."""

import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import click

from services.identity.actions.administrators import (
    FIRST_USERNAME,
    create_first_administrator,
    rescue_administrator,
)
from services.identity.actions.clients import UnfitClient, create_client, register_first_party
from services.identity.actions.keys import ensure_key, rotate_keys
from services.identity.actions.staff import NoSuchMember
from services.identity.rules.addresses import UnfitRedirectUri
from services.identity.rules.keys import PURPOSES
from services.identity.rules.scopes import API_SCOPES, UnknownScope
from services.identity.schemas.acts import COMMAND_LINE
from shared import migrations
from shared.audit import SYSTEM, Actor, acting
from shared.cli import Service
from shared.db import Database
from shared.keyring import Keyring


def add_commands(group: click.Group, service: Service) -> None:
    """Add them to the command line of the service."""

    @group.command("migrate")  # in the place of the common one
    def migrate_command() -> None:
        """Bring the database to the newest version, make the first keys, and make our own services known as clients."""
        _prepared(service)

    @group.command("create-client")
    @click.argument("name")
    @click.option("--scope", "scopes", multiple=True, help=f"May be repeated. One of: {', '.join(API_SCOPES)}.")
    @click.option("--redirect-uri", "redirects", multiple=True, help="Where staff come back to after signing in.")
    def create_client_command(name: str, scopes: Sequence[str], redirects: Sequence[str]) -> None:
        """Register another system; prints client_id and client_secret as one JSON line."""
        _, db = _prepared(service)
        wanted = [scope for text in scopes for scope in text.replace(",", " ").split()]
        try:
            with _at_command_line(), db.write() as session:
                client, secret = create_client(session, name, wanted, redirects)
        except (UnknownScope, UnfitRedirectUri, UnfitClient) as error:
            click.echo(f"No client was created: {error}", err=True)
            sys.exit(2)
        click.echo(json.dumps({"client_id": client.client_id, "client_secret": secret}))

    @group.command("first-administrator")
    def first_administrator_command() -> None:
        """Create the first administrator if there is no staff; prints one JSON line."""
        settings, db = _prepared(service)
        try:
            with _at_command_line(), db.write() as session:
                member, password = create_first_administrator(
                    session, settings.admin_password or None, settings.password_cost, settings.language
                )
        except ValueError as error:
            click.echo(str(error), err=True)
            sys.exit(2)
        click.echo(json.dumps({"created": member is not None, "user": FIRST_USERNAME, "password": password}))

    @group.command("reset-administrator")
    @click.argument("user")
    def reset_administrator_command(user: str) -> None:
        """Let a lost administrator in again: a new first password, no second factor; prints one JSON line."""
        _, db = _prepared(service)
        try:
            with _at_command_line(), db.write() as session:
                password = rescue_administrator(session, user)
        except NoSuchMember:
            click.echo(f"Nobody of the staff has the user name {user}", err=True)
            sys.exit(2)
        click.echo(json.dumps({"user": user, "password": password}))

    @group.command("rotate-keys")
    def rotate_keys_command() -> None:
        """Make new signing keys. They are published at once and sign a quarter of an hour later."""
        settings, db = _prepared(service)
        with _at_command_line(), db.write() as session:
            newest = rotate_keys(session, Keyring(settings.data, service.name))
        for key in newest:
            click.echo(json.dumps({"purpose": key.purpose, "kid": key.kid, "active_from": key.active_from.isoformat()}))


def _at_command_line() -> AbstractContextManager[None]:
    """What is done here stands in the audit trail as done by whoever operates the machine."""
    return acting(Actor(SYSTEM.kind, "", COMMAND_LINE))


def _prepared(service: Service) -> tuple[Any, Database]:
    """Settings and database with all that identity needs: these commands work before anything was ever started."""
    settings, db = service.load()
    migrations.migrate(service.name, db)
    keyring = Keyring(settings.data, service.name)
    with db.write() as session:
        register_first_party(session, keyring, settings.public_url, settings.port)
        for purpose in PURPOSES:
            ensure_key(session, keyring, purpose)
    return settings, db
