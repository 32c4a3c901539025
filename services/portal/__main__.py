"""The portal's command line: python -m services.portal web | worker | migrate | rebuild-parties."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import click

from services.portal.actions.parties import copy_parties
from services.portal.app import SERVICE as NAME
from services.portal.app import create_app
from services.portal.clients.directory import Directory
from services.portal.clients.files import FileStore
from services.portal.commands import add_commands
from services.portal.consumers import handlers
from services.portal.jobs import jobs
from services.portal.schemas.clients import party_from_rest
from services.portal.settings import Settings
from shared.cli import Service, command_line
from shared.inbox import Handlers
from shared.web import ServiceClient


def hears(settings: Settings) -> Handlers:
    """The handlers, with the place where documents that come with invoices are kept."""
    return handlers(FileStore(settings.data, settings.upload_limit))


SERVICE = Service(NAME, Settings, create_app, hears, jobs)
main = command_line(SERVICE)
add_commands(main, SERVICE)
CHUNK = 500


@main.command("rebuild-parties")
def rebuild_parties() -> None:
    """Fetch every party from the directory again, if the copy was lost or has to be proven right."""
    settings, db = SERVICE.load()
    parties = Directory(ServiceClient(settings, NAME)).every_party()
    total = 0
    for chunk in _chunks(parties):
        with db.write() as session:
            copy_parties(session, [party_from_rest(party) for party in chunk])
        total += len(chunk)
    click.echo(f"{total} parties")


def _chunks(parties: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    remaining = iter(parties)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


if __name__ == "__main__":
    main()
