"""REST of the directory: parties, imports, and what needs attention."""

from services.directory.api.attention import list_attention
from services.directory.api.exports import exports
from services.directory.api.imports import imports
from services.directory.api.parties import parties
from shared.web import attention_blueprint
from shared.web.api import Api


def register_api(api: Api) -> None:
    """Register everything below `/api/directory/v1`."""
    api.register_blueprint(parties)
    api.register_blueprint(imports)
    api.register_blueprint(exports)
    api.register_blueprint(attention_blueprint(list_attention))
