"""What deploy/ says agrees with what the services are. No engine is needed: files are read, nothing is run."""

import dataclasses
import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from deploy.healthcheck import address_of
from shared.embedded.frontdoor import service_of
from shared.settings import CommonSettings

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVICES = ("directory", "identity", "mailer", "portal")
WITHOUT_SERVICE = {"POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "PORTERIA_UID", "PORTERIA_GID", "MAILPIT_PORT"}
OF_THE_PROXY = {"PORTERIA_SITE", "PORTERIA_BIND"}
FIXED = {"PORTERIA_DATA", "PORTERIA_DATABASE_URL", "PORTERIA_BROKER_URL", "PORTERIA_INTERNAL_URL"}


class _Loader(yaml.SafeLoader):
    """Knows the tags that compose adds to YAML."""


_Loader.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_sequence(node, deep=True))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, its merges resolved."""
    return yaml.load((DEPLOY / "compose.yaml").read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader


def settings_of(service: str) -> set[str]:
    """The environment variables that a service reads."""
    kind = importlib.import_module(f"services.{service}.settings").Settings
    return {item.metadata["env"] for item in dataclasses.fields(kind)}


def processes_of(compose: dict[str, Any], service: str) -> dict[str, Any]:
    return {name: one for name, one in compose["services"].items() if f"services.{service}" in one.get("command", ())}


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_of_a_service_can_be_set_and_no_other(compose, service):
    processes = processes_of(compose, service)
    assert {f"{service}-web", f"{service}-worker", f"{service}-migrate"} <= set(processes)
    for name, process in processes.items():
        assert set(process["environment"]) == settings_of(service), name


def test_the_example_describes_every_setting_and_no_other():
    described = set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / ".env.example").read_text("utf-8"), re.MULTILINE))
    known = set().union(*(settings_of(service) for service in SERVICES))
    assert described == (known - FIXED) | WITHOUT_SERVICE | OF_THE_PROXY


def test_every_variable_of_the_compose_file_is_in_the_example():
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    used = set(re.findall(r"\$\{([A-Z_]+)", text))
    described = set(re.findall(r"^#?([A-Z_]+)=", (DEPLOY / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert used == described


@pytest.mark.parametrize("service", SERVICES)
def test_the_settings_that_the_file_gives_start_the_service(compose, service):
    kind = importlib.import_module(f"services.{service}.settings").Settings
    for process in processes_of(compose, service).values():
        filled = {name: _filled(str(value)) for name, value in process["environment"].items()}
        settings = kind.load(filled)
        assert settings.database_url(service).endswith(f"/{service}")
        assert settings.internal_url(service) == f"http://{service}-web:8000"
        assert f"{service}-web" in compose["services"]


def _filled(value: str) -> str:
    value = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", value)
    return re.sub(r"\$\{[A-Z_]+:\?[^}]*\}", "0" * 64, value)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_sees_its_own_secrets_and_identity_those_of_all_clients(compose, service):
    expected = {f"{service}.key", f"{service}.client"}
    if service == "identity":
        expected |= {f"{other}.client" for other in SERVICES}
    for process in processes_of(compose, service).values():
        assert {one["source"] for one in process["secrets"]} == expected
        data = process["environment"]["PORTERIA_DATA"]
        assert {one["target"] for one in process["secrets"]} == {f"{data}/secrets/{name}" for name in expected}
        assert expected <= set(compose["secrets"])


def test_every_image_has_a_version(compose):
    images = [one["image"] for one in compose["services"].values()]
    images += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    for image in set(images):
        assert re.search(r":(?!latest)[\w.-]+$", image), image


def test_whatever_runs_for_long_is_restarted_and_what_runs_once_is_not(compose):
    for name, one in compose["services"].items():
        once = name.endswith("-migrate") or name == "administrator"
        assert one["restart"] == ("no" if once else "unless-stopped"), name


def test_nothing_starts_before_its_database_is_migrated(compose):
    for service in SERVICES:
        for side in ("web", "worker"):
            waits = compose["services"][f"{service}-{side}"]["depends_on"]
            assert waits[f"{service}-migrate"] == {"condition": "service_completed_successfully"}


def test_each_service_has_a_database_of_its_own():
    script = (DEPLOY / "postgres" / "10-databases.sql").read_text("utf-8")
    assert set(re.findall(r"CREATE DATABASE (\w+)", script)) == set(SERVICES)


PATHS = (
    [f"/backoffice/{service}/anything" for service in SERVICES]
    + [f"/backoffice/{service}/" for service in SERVICES]
    + [f"/api/{service}/v1/openapi.json" for service in SERVICES]
    + [f"/{check}/{service}" for service in SERVICES for check in ("healthz", "readyz")]
    + ["/backoffice/", "/backoffice", "/oauth/token", "/.well-known/jwks.json", "/.well-known/openid-configuration"]
    + ["/customerarea", "/customerarea/", "/customerarea/reset", "/customerarea/static/portal.css"]
    + ["/metrics", "/backofficex/", "/customerareax", "/api/other/v1/x", "/favicon.ico", "/healthz", "/api/"]
)


@pytest.mark.parametrize("path", PATHS)
def test_the_proxy_routes_as_the_front_door_does(path):
    assert _route(path) == service_of(path)


def _route(path: str) -> str | None:
    """The service to which the Caddyfile sends a path. A `*` at the end of a pattern stands for anything."""
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    routes = dict(re.findall(r"handle @(\w+) \{\s*reverse_proxy (\w+)-web:8000", text))
    assert set(routes) == set(routes.values()) == set(SERVICES)
    for name, patterns in re.findall(r"@(\w+) path (.+)", text):
        if name in routes and any(_matches(pattern, path) for pattern in patterns.split()):
            return routes[name]
    return None


def _matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def test_the_health_check_asks_the_web_side_whether_it_is_ready():
    web = ["/sbin/docker-init", "--", "python", "-m", "services.identity", "web", "--bind", "0.0.0.0:8000"]
    assert address_of(web) == "http://127.0.0.1:8000/readyz/identity"
    assert address_of(["python", "-m", "services.identity", "worker"]) is None


def test_the_image_gets_everything_that_runs_and_nothing_else():
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split("\n")
    copied = re.findall(r"^COPY (?!--from)(\S+)", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert {f"!{name}" for name in copied} == {line for line in allowed if line.startswith("!")}


def test_the_secrets_are_made_once_and_for_their_owner_alone(tmp_path):
    for name in ("make-secrets", ".env.example"):
        (tmp_path / name).write_bytes((DEPLOY / name).read_bytes())

    def run() -> dict[str, bytes]:
        subprocess.run(["sh", str(tmp_path / "make-secrets")], check=True, capture_output=True)
        return {str(file.relative_to(tmp_path)): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    first = run()
    expected = {f"secrets/{service}.{kind}" for service in SERVICES for kind in ("key", "client")}
    assert {name for name in first if name.startswith("secrets/")} == expected
    assert all(re.fullmatch(rb"[0-9a-f]{64}", first[name]) for name in expected)
    assert len({first[name] for name in expected}) == len(expected)
    assert all((tmp_path / name).stat().st_mode & 0o777 == 0o400 for name in expected)
    assert re.search(rb"^POSTGRES_PASSWORD=[0-9a-f]{64}$", first[".env"], re.MULTILINE)
    assert run() == first


def test_the_file_for_certificates_changes_the_proxy_alone():
    changes = yaml.load((DEPLOY / "compose.tls.yaml").read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    assert set(changes["services"]) == {"proxy"}


def test_common_settings_are_known():
    assert {item.metadata["env"] for item in dataclasses.fields(CommonSettings)} >= FIXED
