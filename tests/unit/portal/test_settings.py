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


WOMPI = {
    "PORTERIA_WOMPI_PUBLIC_KEY": "pub_test_1",
    "PORTERIA_WOMPI_PRIVATE_KEY": "prv_test_1",
    "PORTERIA_WOMPI_INTEGRITY_SECRET": "test_integrity_1",
    "PORTERIA_WOMPI_EVENTS_SECRET": "test_events_1",
}


@pytest.mark.parametrize(
    ("environment", "gateways"),
    [
        ({}, ("sandbox",)),
        ({"PORTERIA_PUBLIC_URL": "http://127.0.0.1:8000"}, ("sandbox",)),
        ({"PORTERIA_PUBLIC_URL": "https://porteria.example"}, ()),
        ({"PORTERIA_PUBLIC_URL": "https://porteria.example", "PORTERIA_GATEWAYS": "sandbox"}, ("sandbox",)),
        (WOMPI, ("wompi",)),
        (WOMPI | {"PORTERIA_GATEWAYS": "sandbox, wompi"}, ("sandbox", "wompi")),
    ],
)
def test_gateways_are_those_with_keys_and_the_trial_one_only_where_nobody_else_comes(environment, gateways):
    assert Settings.load(environment).gateways == gateways


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PORTERIA_WOMPI_PUBLIC_KEY": "pub_test_1"}, "PORTERIA_WOMPI_EVENTS_SECRET"),
        ({"PORTERIA_STRIPE_SECRET_KEY": "sk_test_1"}, "PORTERIA_STRIPE_WEBHOOK_SECRET"),
        ({"PORTERIA_GATEWAYS": "stripe"}, "PORTERIA_STRIPE_SECRET_KEY"),
        ({"PORTERIA_GATEWAYS": "paypal"}, "PORTERIA_GATEWAYS"),
    ],
)
def test_a_gateway_with_half_of_its_keys_is_named(environment, named):
    with pytest.raises(SettingsError, match=named):
        Settings.load(environment)
