"""The file with the key that signs letters."""

import os
from pathlib import Path

from services.mailer.rules.dkim import Key, KeyUnfit, Signer, load_key, make_key
from services.mailer.rules.options import MailOptions
from shared.settings import SettingsError


def read_key(path: Path) -> Key:
    """The key in a file; raises KeyUnfit, OSError."""
    return load_key(path.read_bytes())


def create_key(path: Path, *, ed25519: bool = False) -> Key:
    """Make a key and keep it where only its owner reads it; raises FileExistsError, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = make_key(ed25519=ed25519)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return load_key(pem)


def signer_of(options: MailOptions) -> Signer | None:
    """What signs letters, None if they are not to be signed; raises SettingsError."""
    if not options.dkim_domain:
        return None
    try:
        key = read_key(options.dkim_file)
    except KeyUnfit as error:
        raise SettingsError(f"PORTERIA_DKIM_KEY: {options.dkim_file} {error}") from error
    except OSError as error:
        hint = "python -m services.mailer dkim-key makes one"
        raise SettingsError(
            f"PORTERIA_DKIM_KEY: {options.dkim_file} can not be read ({error.strerror}); {hint}"
        ) from error
    return Signer(options.dkim_domain, options.dkim_selector, key)
