"""Keys of the mailer: the one that signs letters (DKIM), and those for which secrets are sealed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dkim
import pytest
from click.testing import CliRunner, Result

from services.mailer.__main__ import main
from services.mailer.actions.keys import retire_sealing_keys, rotate_sealing_key
from services.mailer.clients.dkim import create_key, read_key, signer_of
from services.mailer.queries import list_sealing_keys
from services.mailer.rules.dkim import dns_value
from services.mailer.settings import Settings
from shared import clock
from shared.events.acts import MailerActRecorded
from shared.keyring import Keyring
from shared.sealing import Sealer
from shared.settings import SettingsError
from tests.support.letters import credentials
from tests.support.mailer import PASSWORD, SIGNING_KEY, Mailer
from tests.support.smtp import SmtpSink


@pytest.fixture
def mailer(database_url: str, tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path, smtp_url=smtp_sink.url, mail_from="Agencia <cartas@agencia.example>")
    yield made
    made.db.dispose()


def command(data: Path, *arguments: str, **environment: str) -> Result:
    given = {"PORTERIA_DATA": str(data), "PORTERIA_MAIL_FROM": "cartas@agencia.example"} | environment
    return CliRunner().invoke(main, arguments, env=given)


def test_letters_arrive_with_a_signature_that_holds(mailer: Mailer, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    settings = replace(mailer.settings, dkim_domain="agencia.example")
    key = create_key(settings.dkim_file)
    events = mailer.issue(3, name="José Ñandú de la Peña")
    with mailer.working(dkim_domain="agencia.example"):
        for event in events:
            mailer.wait_for(event, "sent")
    for received in smtp_sink.messages:
        assert dkim.verify(received.content, dnsfunc=lambda _name, **_options: dns_value(key).encode())
        assert received.message["DKIM-Signature"]
        assert credentials(received)[1] == PASSWORD
    assert settings.dkim_file.stat().st_mode & 0o777 == 0o600
    assert signer_of(mailer.settings) is None


@pytest.mark.parametrize("content", [None, b"nonsense"])
def test_a_key_that_is_missing_or_wrong_is_named_at_the_start(mailer: Mailer, content: bytes | None) -> None:
    settings = replace(mailer.settings, dkim_domain="agencia.example")
    if content is not None:
        settings.dkim_file.parent.mkdir(exist_ok=True)
        settings.dkim_file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"PORTERIA_DKIM_KEY: .*dkim\.pem"):
        signer_of(settings)


def test_an_impossible_domain_or_selector_is_named() -> None:
    with pytest.raises(SettingsError) as error:
        Settings.load({"PORTERIA_DKIM_DOMAIN": "no domain", "PORTERIA_DKIM_SELECTOR": "a/b"})
    assert "PORTERIA_DKIM_DOMAIN: " in str(error.value)
    assert "PORTERIA_DKIM_SELECTOR: " in str(error.value)


@pytest.mark.parametrize("option", [(), ("--ed25519",)])
def test_the_command_makes_a_key_once_and_prints_its_record(tmp_path: Path, option: tuple[str, ...]) -> None:
    first, again = command(tmp_path, "dkim-key", *option), command(tmp_path, "dkim-key")
    assert first.exit_code == again.exit_code == 0
    record = one_line(first)
    assert record.startswith('porteria._domainkey.agencia.example. IN TXT ( "v=DKIM1; k=')
    assert one_line(again) == record
    key = read_key(tmp_path / "secrets" / "dkim.pem")
    assert "".join(record.split('"')[1::2]) == dns_value(key)
    (tmp_path / "secrets" / "dkim.pem").write_text("nonsense")
    assert command(tmp_path, "dkim-key").exit_code == 1


def one_line(result: Result) -> str:
    (line,) = result.stdout.splitlines()
    return line


def test_a_new_sealing_key_is_the_newest_and_letters_of_both_go_out(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    (old,) = mailer.issue(address="old@example.test")
    with mailer.db.write() as session:
        key_id = rotate_sealing_key(session, Keyring(mailer.settings.data, "mailer").encrypt)
    with mailer.db.read() as session:
        newest, former = list_sealing_keys(session)
    assert newest.id == key_id
    mailer.sealer = Sealer(newest.id, newest.public_key, SIGNING_KEY, bytes(mailer._signer))
    (new,) = mailer.issue(address="new@example.test")
    with mailer.db.write() as session:
        assert retire_sealing_keys(session, clock.now() + timedelta(minutes=1)) == [], "a letter waits for it"
    with mailer.working():
        for event in (old, new):
            mailer.wait_for(event, "sent")
    for address in ("old@example.test", "new@example.test"):
        (received,) = smtp_sink.to(address)
        assert credentials(received)[1] == PASSWORD
    with mailer.db.write() as session:
        assert retire_sealing_keys(session, clock.now() - timedelta(days=8)) == [], "events may still be on their way"
        assert retire_sealing_keys(session, clock.now() + timedelta(minutes=1)) == [former.id]
        assert [key.id for key in list_sealing_keys(session)] == [newest.id]
    assert [told.act for told in mailer.told(MailerActRecorded)] == ["keys.rotated"]


def test_the_command_rotates(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/{{service}}.db"
    assert command(tmp_path, "migrate", PORTERIA_DATABASE_URL=url).exit_code == 0
    for number in (1, 2):
        done = command(tmp_path, "rotate-keys", PORTERIA_DATABASE_URL=url)
        assert done.exit_code == 0
        assert "is the newest key" in done.stdout, number
