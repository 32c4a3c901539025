"""Who may call what in the directory; `__init__.py` says how to add a line."""

from tests.integration.access.kinds import API, BACK_OFFICE, COMMON, STAFF_CHANGE, STAFF_READ, Route

ROUTES = (
    *COMMON,
    *BACK_OFFICE,
    # REST
    Route("parties.index", "GET", API("parties:read")),
    Route("parties.count", "GET", API("parties:read")),
    Route("parties.show", "GET", API("parties:read")),
    Route("parties.changes", "GET", API("parties:read")),
    Route("attention.AttentionView", "GET", API("attention:read")),
    Route("parties.register", "POST", API("parties:write")),
    Route("parties.change", "PATCH", API("parties:write")),
    Route("imports.index", "GET", API("parties:read")),
    Route("imports.show", "GET", API("parties:read")),
    Route("imports.problems", "GET", API("parties:read")),
    Route("imports.upload", "POST", API("parties:write")),
    Route("imports.apply", "POST", API("parties:write")),
    Route("exports.parties", "GET", API("parties:read")),
    Route("exports.rejected", "GET", API("parties:read")),
    # Parties
    Route("pages.list_page", "GET", STAFF_READ),
    Route("pages.show", "GET", STAFF_READ),
    Route("pages.new", "GET", STAFF_CHANGE),
    Route("pages.create", "POST", STAFF_CHANGE),
    Route("pages.edit", "GET", STAFF_CHANGE),
    Route("pages.update", "POST", STAFF_CHANGE),
    Route("pages.confirm_activity", "GET", STAFF_CHANGE),
    Route("pages.change_activity", "POST", STAFF_CHANGE),
    Route("access_pages.confirm", "GET", STAFF_CHANGE),
    Route("access_pages.generate", "POST", STAFF_CHANGE),
    Route("address_pages.confirm", "GET", STAFF_CHANGE),
    Route("address_pages.allow", "POST", STAFF_CHANGE),
    Route("history_pages.show", "GET", STAFF_READ),
    Route("similar_pages.ask", "GET", STAFF_CHANGE),
    # Imports
    Route("import_pages.history", "GET", STAFF_READ),
    Route("import_pages.show", "GET", STAFF_READ),
    Route("import_pages.columns", "GET", STAFF_CHANGE),
    Route("import_pages.choose_columns", "POST", STAFF_CHANGE),
    # Downloads
    Route("export_pages.parties", "GET", STAFF_READ),
    Route("export_pages.rejected", "GET", STAFF_READ),
    Route("export_pages.template", "GET", STAFF_READ),
    Route("import_pages.new", "GET", STAFF_CHANGE),
    Route("import_pages.upload", "POST", STAFF_CHANGE),
    Route("import_pages.apply", "POST", STAFF_CHANGE),
)
