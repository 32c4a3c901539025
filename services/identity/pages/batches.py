"""Being written."""

from flask import Blueprint

blp = Blueprint("batch_pages", __name__, url_prefix="/backoffice/identity/batches")
