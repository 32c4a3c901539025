"""The embedded broker's file, opened more than once by one process."""

import subprocess
import sys

from shared.bus.storage import Storage

PUT_ONE = (
    "import sys; from shared.bus.storage import Storage; s = Storage(sys.argv[1]); s.add('q', 'theirs'); s.close()"
)


def test_a_second_opening_in_a_process_leaves_the_first_one_its_locks(tmp_path):
    path = str(tmp_path / "broker.db")
    first, second = Storage(path), Storage(path)
    first.add("q", "ours")

    # It closes the file; if it believed itself the last, it would delete the log that `first` goes on writing to.
    subprocess.run([sys.executable, "-c", PUT_ONE, path], check=True, timeout=30)
    first.add("q", "ours again")

    other = Storage(path)
    assert [payload for _, payload, _ in other.claim("q", "holder", 10)] == ["ours", "theirs", "ours again"]
    for storage in (first, second, other):
        storage.close()
