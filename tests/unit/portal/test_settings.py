"""Settings of the portal."""

from datetime import timedelta

import pytest

from services.portal.settings import Settings
from shared.settings import SettingsError


def test_sessions_last_an_hour_unused_and_twelve_in_all():
    assert Settings.load({}).lifetime.idle == timedelta(hours=1)
    assert Settings.load({}).lifetime.absolute == timedelta(hours=12)


def test_a_lifetime_that_is_no_number_is_named():
    with pytest.raises(SettingsError, match="PORTERIA_PORTAL_SESSION_IDLE"):
        Settings.load({"PORTERIA_PORTAL_SESSION_IDLE": "one hour"})
