"""python -m services.identity web | worker | migrate | rebuild-parties | …"""

import click

from services.identity.actions.catching_up import rebuild_parties
from services.identity.app import create_app
from services.identity.clients import Clients
from services.identity.commands import add_commands
from services.identity.consumers import HANDLERS
from services.identity.jobs import jobs
from services.identity.settings import Settings
from shared.cli import Service, command_line

SERVICE = Service("identity", Settings, create_app, HANDLERS, jobs)
main = command_line(SERVICE)
add_commands(main, SERVICE)


@main.command("rebuild-parties")
def rebuild_parties_command() -> None:
    """Copy every party anew from the directory, which must be running."""
    settings, db = SERVICE.load()
    click.echo(f"{rebuild_parties(db, Clients(settings).directory)} parties copied")


if __name__ == "__main__":
    main()
