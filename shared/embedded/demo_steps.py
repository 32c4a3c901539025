"""What the demo does as another system (REST), as a recipient (reading a letter) and as a client (signing in)."""

import email
import email.policy
import re
import time
from pathlib import Path
from typing import Any

import requests

TIMEOUT = 30
RENEW_BEFORE = 60
CREDENTIALS = re.compile(r"^(?:Usuario|User): (\S+)\s.*?^(?:Contraseña|Password): (\S+)", re.MULTILINE | re.DOTALL)
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
SIGN_IN = "/customerarea/signin"


class Refused(Exception):
    """The REST interface refused a call; the message says which and why."""


class Api:
    """The REST interfaces of the four services, with a token of the client's own."""

    def __init__(self, base: str, client_id: str, client_secret: str) -> None:
        self._base, self._auth = base, (client_id, client_secret)
        self._http = requests.Session()
        self._http.trust_env = False
        self._until = 0.0

    def get(self, service: str, path: str, **query: Any) -> Any:
        """GET; raises Refused."""
        return self._read(self._send("GET", service, path, params=query))

    def every(self, service: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of a list."""
        items: list[dict[str, Any]] = []
        page: dict[str, Any] = {"next": None}
        while page:
            page = self.get(service, path, **query, limit=500, **({"cursor": page["next"]} if page["next"] else {}))
            items += page["items"]
            if not page["next"]:
                break
        return items

    def post(self, service: str, path: str, body: Any = None, *, key: str = "") -> Any:
        """POST JSON; raises Refused."""
        return self._read(self._send("POST", service, path, json=body or {}, key=key))

    def register(self, person: dict[str, Any]) -> bool:
        """Register a party; False if the document was there before. Raises Refused."""
        answer = self._send("POST", "directory", "/parties", json=person)
        if answer.status_code == 409:
            return False
        self._read(answer)
        return True

    def _send(self, method: str, service: str, path: str, *, key: str = "", **parts: Any) -> requests.Response:
        if time.monotonic() >= self._until:
            self._sign_on()
        url = f"{self._base}/api/{service}/v1{path}"
        headers = {"Idempotency-Key": key} if key else {}
        return self._http.request(method, url, headers=headers, timeout=TIMEOUT, **parts)

    def _sign_on(self) -> None:
        answer = requests.post(
            f"{self._base}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=self._auth,
            timeout=TIMEOUT,
        )
        granted = self._read(answer)
        self._http.headers["Authorization"] = f"Bearer {granted['access_token']}"
        self._until = time.monotonic() + granted["expires_in"] - RENEW_BEFORE

    @staticmethod
    def _read(answer: requests.Response) -> Any:
        if not answer.ok:
            raise Refused(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None


def letter_in_sink(folder: Path, address: str) -> tuple[str, str] | None:
    """User and password of the newest credential letter to an address, None if there is none."""
    for file in sorted((folder / "new").glob("*"), reverse=True):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        if address not in str(message.get("Delivered-To", "")):
            continue
        part = message.get_body(("plain",))
        if part and (found := CREDENTIALS.search(part.get_content())):
            return found[1], found[2]
    return None


def sign_in(base: str, user: str, password: str) -> str:
    """Sign in at the client area as a person does; returns what happened, in words."""
    browser = requests.Session()
    browser.trust_env = False
    page = browser.get(f"{base}/customerarea", timeout=TIMEOUT)
    form = CSRF.search(page.text)
    fields = {"login": user, "password": password, "csrf_token": form[1] if form else ""}
    answer = browser.post(f"{base}{SIGN_IN}", data=fields, timeout=TIMEOUT, allow_redirects=False)
    if answer.status_code != 303:
        return f"refused ({answer.status_code})"
    if answer.headers["Location"].endswith("/password"):
        return "let in, and asked for a password of their own"
    return "let in"
