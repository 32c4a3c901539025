"""Settings: what is wrong is named, all of it at once, before anything starts."""

import pytest

from shared.settings import CommonSettings, SettingsError


def test_nothing_set_is_the_embedded_default() -> None:
    settings = CommonSettings.load({})
    assert settings.database_url("mailer").startswith("sqlite:///")
    assert settings.database_url("mailer").endswith("/var/mailer.db")
    assert settings.broker_url.startswith("embedded:///")
    assert settings.public_url == "http://localhost:8000"
    assert settings.language == "es"


def test_everything_wrong_is_named_in_one_message() -> None:
    with pytest.raises(SettingsError) as refusal:
        CommonSettings.load(
            {
                "PORTERIA_PORT": "70000",
                "PORTERIA_TIMEZONE": "Bogota",
                "PORTERIA_LANGUAGE": "fr",
                "PORTERIA_DATABASE_URL": "postgresql://localhost/porteria",
                "PORTERIA_BROKER_URL": "redis://localhost",
            }
        )
    for name in ("PORT", "TIMEZONE", "LANGUAGE", "DATABASE_URL", "BROKER_URL"):
        assert f"PORTERIA_{name}:" in str(refusal.value)


def test_a_plain_postgresql_address_gets_the_driver_that_is_installed() -> None:
    settings = CommonSettings.load({"PORTERIA_DATABASE_URL": "postgresql://u:p@db/porteria_{service}"})
    assert settings.database_url("portal") == "postgresql+psycopg://u:p@db/porteria_portal"


def test_the_internal_address_may_name_the_service() -> None:
    settings = CommonSettings.load({"PORTERIA_INTERNAL_URL": "http://{service}:8000/"})
    assert settings.internal_url("identity") == "http://identity:8000"
