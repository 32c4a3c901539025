"""The keys are rotated by the command while services run, and nothing that calls them notices."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from services.directory.settings import Settings as DirectorySettings
from services.identity.models.keys import SigningKey
from services.identity.rules.keys import OVERLAP, PUBLISHED_AFTER, TOKEN
from shared import migrations
from shared.db import Database
from tests.support.processes import free_port
from tests.support.provider import Provider, running_provider, running_web
from tests.support.waiting import wait_until


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with running_provider(tmp_path) as running:
        yield running


@pytest.fixture
def directory(provider: Provider, tmp_path: Path) -> Iterator[str]:
    """Another service, which checks tokens with the keys that it fetches from identity."""
    db = Database(DirectorySettings(data=tmp_path / "var").database_url("directory"))
    migrations.migrate("directory", db)
    db.dispose()
    url = f"http://127.0.0.1:{free_port()}"
    with running_web("directory", url, provider.environment, tmp_path / "directory.log"):
        yield url


def published(provider: Provider) -> list[str]:
    return [key["kid"] for key in provider.document("/.well-known/jwks.json")["keys"] if key["kty"] == "EC"]


def new_token(provider: Provider, client: tuple[str, str]) -> str:
    answer = requests.post(
        f"{provider.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=client, timeout=10
    )
    return str(answer.json()["access_token"])


def kid_of(provider: Provider, token: str) -> str:
    """The key that signed, which has to be a published one."""
    keys = KeySet.import_key_set(provider.document("/.well-known/jwks.json"))
    return str(jwt.decode(token, keys, algorithms=["ES256"]).header["kid"])


def statuses(provider: Provider, directory: str, token: str) -> list[int]:
    """What both services answer to a token."""
    paths = (f"{directory}/api/directory/v1/parties", f"{provider.url}/api/identity/v1/credential-batches")
    headers = {"Authorization": f"Bearer {token}"}
    return [requests.get(path, headers=headers, timeout=10).status_code for path in paths]


def let_pass(provider: Provider, time: timedelta) -> None:
    """As if so much time had gone by since the keys were made: those of another process cannot be made to wait."""
    with provider.db.write() as session:
        for key in session.scalars(select(SigningKey)):
            key.created_at, key.active_from = key.created_at - time, key.active_from - time
            key.retired_at = key.retired_at - time if key.retired_at else None


def test_tokens_of_the_old_key_work_until_they_end_and_those_of_the_new_one_at_once(provider: Provider, directory: str):
    client = provider.new_client(["parties:read", "credentials:issue"], [])
    before = new_token(provider, client)
    old = kid_of(provider, before)
    assert statuses(provider, directory, before) == [200, 200]

    printed = [json.loads(line) for line in provider.command("rotate-keys").splitlines()]
    (new,) = [line["kid"] for line in printed if line["purpose"] == TOKEN]
    assert published(provider) == [new, old]
    assert kid_of(provider, new_token(provider, client)) == old, "published first, signing later"

    let_pass(provider, OVERLAP)
    after = new_token(provider, client)
    assert kid_of(provider, after) == new
    # A service asks for a key that it does not know at most every few seconds, and here it asked just before.
    wait_until(lambda: statuses(provider, directory, after) == [200, 200])
    assert statuses(provider, directory, before) == [200, 200]
    assert published(provider) == [new, old]

    let_pass(provider, PUBLISHED_AFTER[TOKEN])
    assert published(provider) == [new]
    assert statuses(provider, directory, new_token(provider, client)) == [200, 200]
