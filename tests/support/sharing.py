"""Which tests run in one process: those of a file, and the files that share what is dear to start."""

from xdist.scheduler import LoadScopeScheduling

ONE_SYSTEM = ("test_bad_input.py", "test_main_job.py", "test_no_secret_in_clear.py")
"""In tests/e2e: they use the fixture `running`, which starts every process of the system."""


class Together(LoadScopeScheduling):
    """Shares of work for the processes that run the tests."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = nodeid.split("::", 1)[0]
        folder, _, name = file.rpartition("/")
        return folder if folder.endswith("e2e") and name in ONE_SYSTEM else file
