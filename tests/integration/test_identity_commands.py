"""What the operator does on the machine while identity runs."""

import json
import subprocess
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from services.identity.models.staff import StaffMember
from shared.events import decode
from shared.events.acts import IdentityActRecorded
from shared.outbox import outbox
from tests.support.provider import Person, Provider, running_provider

BACKOFFICE = "/backoffice/"
LOGIN = f"{BACKOFFICE}identity/login"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


def sign_in(provider: Provider, person: Person, password: str) -> str:
    """The address at which somebody ends who signs in as admin."""
    page = person.open(f"{provider.url}{BACKOFFICE}")
    return person.submit(page, username="admin", password=password).url.removeprefix(provider.url)


def test_an_administrator_who_lost_everything_is_let_in_again(provider: Provider):
    before = Person()
    assert sign_in(provider, before, provider.password) == BACKOFFICE
    with provider.db.write() as session:
        admin = session.scalars(select(StaffMember)).one()
        admin.role, admin.active = "auditor", False

    printed = json.loads(provider.command("reset-administrator", "Admin"))
    assert sign_in(provider, Person(), provider.password).startswith(LOGIN)
    after = Person()
    assert sign_in(provider, after, printed["password"]).startswith(f"{BACKOFFICE}identity/password/")
    assert before.open(f"{provider.url}{BACKOFFICE}").url.startswith(f"{provider.url}{LOGIN}"), "former sessions ended"
    with provider.db.read() as session:
        admin = session.scalars(select(StaffMember)).one()
        events = [decode(bytes(body)).event for body in session.scalars(select(outbox.c.body))]
    assert (admin.role, admin.active, admin.must_change) == ("administrator", True, True)
    (told,) = [one for one in events if isinstance(one, IdentityActRecorded) and one.act == "staff.reset"]
    assert (told.actor_kind, told.actor_name) == ("system", "command line")
    assert {"role": "auditor → administrator", "active": "no → yes"}.items() <= {
        detail.name: detail.value for detail in told.details
    }.items()


def test_a_name_that_nobody_has_is_refused(provider: Provider):
    with pytest.raises(subprocess.CalledProcessError) as failed:
        provider.command("reset-administrator", "nobody")
    assert failed.value.returncode == 2
    assert "nobody" in failed.value.stderr
