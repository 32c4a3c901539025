"""Who may call what in the mailer; `__init__.py` says how to add a line."""

from tests.integration.access.kinds import ADMIN, API, BACK_OFFICE, COMMON, STAFF_CHANGE, STAFF_READ, Route

ROUTES = (
    *COMMON,
    *BACK_OFFICE,
    # REST
    Route("letters_api.index", "GET", API("letters:read")),
    Route("letters_api.ask", "POST", API("letters:send")),
    Route("letters_api.show", "GET", API("letters:read")),
    Route("letters_api.cancel", "POST", API("letters:cancel")),
    Route("letters_api.bounced", "POST", API("letters:cancel")),
    Route("queue_api.show_queue", "GET", API("letters:read")),
    Route("queue_api.change_queue", "PATCH", API("queue:control")),
    Route("queue_api.pause", "POST", API("queue:control")),
    Route("queue_api.resume", "POST", API("queue:control")),
    Route("keys_api.sealing_keys", "GET", API("keys:read")),
    # Letters
    Route("letters.waiting", "GET", STAFF_READ),
    Route("letters.history", "GET", STAFF_READ),
    Route("letters.show", "GET", STAFF_READ),
    Route("letters.preview", "GET", STAFF_READ),
    Route("letters.ask_cancel", "GET", STAFF_READ),
    Route("letters.cancel", "POST", STAFF_CHANGE),
    Route("bounces.mark", "GET POST", STAFF_CHANGE),
    # Templates
    Route("templates.index", "GET", STAFF_READ),
    Route("templates.edit", "GET", STAFF_READ),
    Route("templates.save", "POST", STAFF_CHANGE),
    Route("templates.try_out", "POST", STAFF_CHANGE),
    Route("templates.insert", "POST", STAFF_CHANGE),
    Route("templates.test", "POST", STAFF_CHANGE),
    Route("templates.preview", "GET", STAFF_READ),
    Route("templates.show_version", "GET", STAFF_READ),
    Route("templates.ask_restore", "GET", STAFF_CHANGE),
    Route("templates.restore", "POST", STAFF_CHANGE),
    # The queue
    Route("queue.pace", "GET", STAFF_READ),
    Route("queue.pace", "POST", STAFF_CHANGE),
    Route("queue.pause", "POST", STAFF_CHANGE),
    Route("queue.resume", "POST", STAFF_CHANGE),
    # The local mailbox shows secrets
    Route("sink.index", "GET", ADMIN),
    Route("sink.show", "GET", ADMIN),
    Route("sink.html", "GET", ADMIN),
)
