"""Which role may call which route: one table for each service, walked by `test_access.py`.

A new route? Add one line to ROUTES in `directory.py`, `identity.py`, `mailer.py` or `portal.py` here:

    Route("letters.retry", "POST", STAFF_CHANGE),           # endpoint as in url_for(), method(s), who may
    Route("letters_api.retry", "POST", API("letters:send")),  # REST: the scopes of @require_scope

The kinds stand in `kinds.py`: PUBLIC, STAFF_READ (whole staff), STAFF_CHANGE (agents and administrators), ADMIN,
ADMIN_READ (administrators, and auditors may look), OWN (about oneself: auditors may POST, too), CLIENT_AREA,
API(scopes), SIGNS_OUT, INTERNAL, OWN_PROOF. A failing test prints the line that is missing.

An argument of the path gets a sample from `tests/support/samples.py` (`<uuid:letter_id>`: the first row of the table
`letters`, by itself); where that finds nothing, it says where to add one.
"""
