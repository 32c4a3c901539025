"""The key with which fiscal documents are signed: files of the operator, never rows of the database."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key, pkcs12
from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificate


class BadFiscalKey(ValueError):
    """The files of the settings are no RSA key with its certificate; the message says which and why."""


@dataclass(frozen=True)
class FiscalKey:
    """A private key and its certificate: a CSD of SAT, or a certificate for electronic invoices in Colombia."""

    key: RSAPrivateKey
    certificate: Certificate


def load_fiscal_key(certificate: Path, key: Path | None, password_file: Path | None) -> FiscalKey:
    """Read the files: a PKCS#12 file alone, or certificate and key, each as PEM or as DER. Raises BadFiscalKey."""
    password = _read(password_file, "PORTERIA_FISCAL_PASSWORD_FILE").strip() if password_file else None
    content = _read(certificate, "PORTERIA_FISCAL_CERTIFICATE")
    private: object
    try:
        if key is None:
            private, made, _ = pkcs12.load_key_and_certificates(content, password)
        else:
            private = _private(_read(key, "PORTERIA_FISCAL_KEY"), password)
            made = _certificate(content)
    # What these readers raise on a wrong password or another kind of file is not one family of errors.
    except (ValueError, TypeError) as error:
        raise BadFiscalKey(f"PORTERIA_FISCAL_CERTIFICATE or its key cannot be read: {error}") from None
    if not isinstance(private, RSAPrivateKey) or made is None:
        raise BadFiscalKey("PORTERIA_FISCAL_CERTIFICATE needs an RSA key with a certificate")
    if made.public_key() != private.public_key():
        raise BadFiscalKey("PORTERIA_FISCAL_KEY is not the key of PORTERIA_FISCAL_CERTIFICATE")
    return FiscalKey(private, made)


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFiscalKey(f"{name} cannot be read: {error.strerror}") from None


def _private(content: bytes, password: bytes | None) -> object:
    load = load_pem_private_key if content.lstrip().startswith(b"-----BEGIN") else load_der_private_key
    return load(content, password)


def _certificate(content: bytes) -> Certificate:
    is_pem = content.lstrip().startswith(b"-----BEGIN")
    return load_pem_x509_certificate(content) if is_pem else load_der_x509_certificate(content)
