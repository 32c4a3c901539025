"""Commands that only the portal has: the client's guide."""

import json
from pathlib import Path

import click

from services.portal.clients.guides import GuideShelf, guide_pdf, steps_to_walk
from shared.cli import Service
from shared.settings import LANGUAGES


def add_commands(group: click.Group, service: Service) -> None:
    """Add them to the command line of the service."""

    @group.command("guide-steps")
    def guide_steps() -> None:
        """Print the steps of the client's guide as JSON, for whoever takes their pictures."""
        click.echo(json.dumps(steps_to_walk(), ensure_ascii=False))

    @group.command("make-guide")
    @click.argument("pictures", type=click.Path(exists=True, file_okay=False, path_type=Path))
    def make_guide(pictures: Path) -> None:
        """Set the client's guide with the pictures es/<step>.png and en/<step>.png of a folder, and offer it."""
        settings, _ = service.load()
        shelf = GuideShelf(settings.data)
        for language in LANGUAGES:
            found = {path.stem: path.read_bytes() for path in sorted((pictures / language).glob("*.png"))}
            if found:
                path = shelf.put(language, guide_pdf(language, settings.public_url, found))
                click.echo(f"{path} ({len(found)} pictures)")
