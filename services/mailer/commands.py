"""Commands of the mailer besides those that every service has."""

from email.utils import parseaddr

import click

from services.mailer.actions.keys import rotate_sealing_key
from services.mailer.clients.dkim import create_key, read_key
from services.mailer.rules.dkim import KeyUnfit, dns_record
from shared.audit import SYSTEM, Actor, acting
from shared.cli import Service
from shared.keyring import Keyring


def add_commands(group: click.Group, service: Service) -> None:
    """Add them to the group."""

    @group.command("dkim-key")
    @click.option("--ed25519", is_flag=True, help="A short key; some receivers know only RSA, which is the default.")
    def dkim_key(ed25519: bool) -> None:
        """Make the key that signs letters, if there is none, and print its record for the DNS."""
        settings, _ = service.load()
        path, domain = settings.dkim_file, settings.dkim_domain or parseaddr(settings.mail_from)[1].rpartition("@")[2]
        try:
            key = create_key(path, ed25519=ed25519)
            click.echo(f"made {path}", err=True)
        except FileExistsError:
            try:
                key = read_key(path)
            except (KeyUnfit, OSError) as error:
                raise click.ClickException(f"{path}: {error}") from error
            click.echo(f"{path} is there already; this is its record", err=True)
        except OSError as error:
            raise click.ClickException(f"{path} can not be written: {error.strerror}") from error
        click.echo(dns_record(domain, settings.dkim_selector, key))
        if not settings.dkim_domain:
            click.echo(f"Letters are signed once PORTERIA_DKIM_DOMAIN={domain} is set.", err=True)

    @group.command("rotate-keys")
    def rotate_keys() -> None:
        """Make a new key for which identity seals passwords; the former one goes when nothing waits for it."""
        settings, db = service.load()
        keyring = Keyring(settings.data, "mailer")
        with acting(Actor(SYSTEM.kind, "", "command line")), db.write() as session:
            key_id = rotate_sealing_key(session, keyring.encrypt)
        click.echo(f"{key_id} is the newest key; identity takes it within five minutes")
