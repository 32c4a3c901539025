"""Nothing committed names the host of a package registry or a path of somebody's machine.

Where packages come from is a matter of each machine's own pip settings; a path of one machine is wrong on all others.
"""

import re
import subprocess
import sys
from pathlib import Path

# Written in pieces, so that this file passes its own check.
_HOSTS = "|".join(
    ("py" + "pi", "python" + "hosted", "npm" + "js", "registry[.]npm", "deb[.]" + "debian", "yarn" + "pkg")
)
_FOLDERS = "|".join(("wo" + "rk", "ro" + "ot", "fa" + "rm", "home/[a-z]+", "Users/[A-Za-z]+"))
PATTERNS = {
    "a registry's host": re.compile(rf"https?://[\w.-]*(?:{_HOSTS})[\w.-]*", re.IGNORECASE),
    "an index address": re.compile("--(?:extra-)?index" + "-url|--find" + "-links|--trusted" + "-host"),
    "a path of one machine": re.compile(rf"(?:^|[^\w.}}/-])/(?:{_FOLDERS})(?:/|$)"),
}


def find_names(text: str) -> list[tuple[int, str, str]]:
    """Return line number, what it is, and the words, for each place that names what it should not."""
    return [
        (number, what, found.group().strip())
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in PATTERNS.items()
        if (found := pattern.search(line))
    ]


def main() -> int:
    """Look through every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, check=False
    )
    if listed.returncode:
        print("names: not a git checkout, nothing looked at")
        return 0
    problems = 0
    for name in filter(None, listed.stdout.decode().split("\0")):
        try:
            text = Path(name).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for line, what, words in find_names(text):
            print(f"{name}:{line}: {what}: {words}")
            problems += 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
