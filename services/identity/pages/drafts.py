"""Being written."""

from flask import Blueprint

blp = Blueprint("drafts", __name__, url_prefix="/backoffice/identity/drafts")
