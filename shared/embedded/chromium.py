"""The Chromium of this machine, for what looks at the pages in a browser."""

import shutil

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find_chromium() -> str | None:
    """Return the path of Chromium, or None."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)
