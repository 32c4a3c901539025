"""REST of the directory: parties and imports."""

from services.directory.api.imports import imports
from services.directory.api.parties import parties
from shared.web.api import Api


def register_api(api: Api) -> None:
    """Register everything below `/api/directory/v1`."""
    api.register_blueprint(parties)
    api.register_blueprint(imports)
