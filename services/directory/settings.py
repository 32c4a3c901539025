"""Settings of the directory."""

from dataclasses import dataclass

from shared.settings import CommonSettings, setting, whole_number


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """What the directory needs to know beyond what all services do."""

    import_megabytes: int = setting(
        "PORTERIA_IMPORT_MEGABYTES", whole_number(1, 2000), default=50, help="Largest file that can be imported."
    )
    import_keep_days: int = setting(
        "PORTERIA_IMPORT_KEEP_DAYS", whole_number(1, 3650), default=30, help="How long rows of an import are kept."
    )

    @property
    def import_limit(self) -> int:
        """Bytes of the largest file that can be imported."""
        return self.import_megabytes * 1024 * 1024
