"""Who may call a route: the few answers that there are."""

from dataclasses import dataclass

LET, SIGN_IN, FORBIDDEN, NO_TOKEN = "let through", "to the sign-in", "403", "401"
STAFF = ("auditor", "agent", "administrator")


@dataclass(frozen=True)
class Kind:
    """What each visitor gets: `anonymous`, the three roles, a `client` of the area, and programs with a token.

    scopes: of a REST route, what the token must hold.
    """

    name: str
    gets: dict[str, str]
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """One line of a table: an endpoint of Flask, its methods (`"GET"`, `"GET POST"`), and who may call it."""

    endpoint: str
    methods: str
    kind: Kind


def _pages(name: str, *, anonymous: str = SIGN_IN, client: str = SIGN_IN, **roles: str) -> Kind:
    return Kind(name, {"anonymous": anonymous, "client": client, **roles})


PUBLIC = _pages("PUBLIC", anonymous=LET, client=LET, auditor=LET, agent=LET, administrator=LET)
"""Everybody: the sign-in pages, sign-out, static files, documents, health."""

LETTER = _pages("LETTER", anonymous=LET, client=LET, auditor=LET, agent=LET, administrator=LET)
"""Whoever has the letter, whoever that is: nobody else knows the address, and a POST to it changes something."""

STAFF_READ = _pages("STAFF_READ", auditor=LET, agent=LET, administrator=LET)
"""Pages that the whole staff looks at; also what asks whether to do something."""

STAFF_CHANGE = _pages("STAFF_CHANGE", auditor=FORBIDDEN, agent=LET, administrator=LET)
"""What changes something, and pages that make sense only for who may change."""

ADMIN = _pages("ADMIN", auditor=FORBIDDEN, agent=FORBIDDEN, administrator=LET)
"""Only administrators."""

ADMIN_READ = _pages("ADMIN_READ", auditor=LET, agent=FORBIDDEN, administrator=LET)
"""What administrators manage and auditors may look at, and agents have nothing to do with."""

OWN = _pages("OWN", auditor=LET, agent=LET, administrator=LET)
"""About oneself: own password, own second factor, own sessions. An auditor may change these, too."""

CLIENT_AREA = _pages("CLIENT_AREA", client=LET, auditor=SIGN_IN, agent=SIGN_IN, administrator=SIGN_IN)
"""Pages of the signed-in client; members of the staff are strangers there."""

SIGNS_OUT = _pages("SIGNS_OUT", auditor=SIGN_IN, agent=SIGN_IN, administrator=SIGN_IN)
"""Everybody may, and then stands at the sign-in."""

AFTER_PASSWORD = _pages("AFTER_PASSWORD", auditor=SIGN_IN, agent=SIGN_IN, administrator=SIGN_IN)
"""The second step of a sign-in: only for whoever gave the right password a moment ago, signed in or not."""

INTERNAL = Kind("INTERNAL", {})
"""Only on the service's own port: whoever comes through the front door gets 404."""

OWN_PROOF = Kind("OWN_PROOF", {})
"""Programs that bring a proof of their own in the request (client secret, token): without it 400 or 401."""


def API(*scopes: str) -> Kind:  # noqa: N802 - written like the other kinds
    """REST: a token with all of these scopes. Without a token 401, with another 403; a page's cookie opens nothing."""
    assert scopes, "a REST route without a scope is open to every program: is it PUBLIC?"
    everybody = dict.fromkeys(("anonymous", "client", *STAFF, "stranger's token"), NO_TOKEN)
    return Kind(f"API{scopes}", everybody | {"stranger's token": FORBIDDEN, "token": LET}, scopes)


COMMON = (
    Route("health.healthz", "GET", PUBLIC),
    Route("health.readyz", "GET", PUBLIC),
    Route("health.metrics", "GET", INTERNAL),
    Route("static", "GET", PUBLIC),
    Route("bootstrap.static", "GET", PUBLIC),
    Route("look.static", "GET", PUBLIC),
    Route("api-docs.openapi_json", "GET", PUBLIC),
    Route("api_docs_page.show", "GET", PUBLIC),
    Route("api_docs_page.without_slash", "GET", PUBLIC),
    Route("api_docs_page.asset", "GET", PUBLIC),
)
"""What every service has."""

BACK_OFFICE = (
    Route("staff.signin", "GET", PUBLIC),
    Route("staff.callback", "GET", PUBLIC),
    Route("staff.signout", "POST", PUBLIC),
    Route("staff.stay", "GET", STAFF_READ),
)
"""What every service has whose staff signs in at identity."""
