"""`make demo` on a fresh folder: it starts everything, walks the main job, and ends what it started."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.support.processes import free_port, kill_tree
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


def test_the_demo_walks_the_main_job_and_ctrl_c_ends_all_that_it_started(tmp_path: Path) -> None:
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORTERIA_")}
    settings = {"PORTERIA_DATA": str(tmp_path / "var"), "PORTERIA_PORT": str(port), "PORTERIA_MAIL_DELAY": "1"}
    output = tmp_path / "output"
    with output.open("wb") as file:
        demo = subprocess.Popen(
            [sys.executable, "-m", "shared.embedded.demo"],
            env={**own, **settings, "PYTHONPATH": str(ROOT)},
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            start_new_session=True,
        )
    try:
        wait_until(
            lambda: "until you press Ctrl-C" in output.read_text("utf-8") or demo.poll() is not None,
            timeout=180,
            message=lambda: output.read_text("utf-8"),
        )
        text = output.read_text("utf-8")
        assert demo.poll() is None, text
        os.killpg(demo.pid, signal.SIGINT)  # what a terminal sends
        demo.wait(40)
    finally:
        kill_tree(demo)

    assert re.search(r"would write \.+ [1-9]\d* letters", text), text
    for reason in ("no e-mail", "inactive", "came back", "share an address"):
        assert re.search(rf"leave out \.+ [1-9]\d* who .*{reason}", text), text
    assert re.search(r"Cancelled \.+ 5 letters", text), text
    assert re.search(r"Resumed .* 5 cancelled, [1-9]\d* sent", text), text
    assert re.search(r"Invoices issued, and payments \.+ [1-9]\d+, [1-9]\d+", text), text
    assert "asked for a password of their own" in text, text
    password = re.search(r"user \d+, password (\S+)\)", text)
    assert password
    assert password[1] not in (tmp_path / "var" / "demo.log").read_text("utf-8")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/healthz/portal", timeout=2)
