"""What is secret by its name never reaches a log line."""

import json
import subprocess
import sys

SCRIPT = """
import structlog
from shared.logs import configure_logs
configure_logs("mailer")
log = structlog.get_logger("x")
log.info("issued", password="hunter2hunter2", access_token="abc.def", contrasena="perro", party="p1")
def fail(password):
    raise ValueError("no")
try:
    fail("hunter2hunter2")
except ValueError:
    log.exception("failed")
"""


def test_secrets_are_redacted_and_tracebacks_show_no_variables() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    first, second = map(json.loads, done.stderr.splitlines())
    assert first["party"] == "p1"
    assert first["service"] == "mailer"
    assert {first["password"], first["access_token"], first["contrasena"]} == {"[redacted]"}
    assert "ValueError: no" in second["exception"]
    assert "hunter2" not in done.stderr
