"""An enveloped XAdES signature for DIAN (Anexo técnico 1.9, chapter 10).

What is covered: RSA with SHA-256, inclusive canonicalisation 1.0, the three references (document, KeyInfo,
SignedProperties), SigningTime, SigningCertificate with issuer and serial number, the policy v2 with its digest, and the
role of the signer, as XAdES-EPES wants them. What is not: the whole chain of certificates (only the signer's own is
named), the revocation lists, and any answer of DIAN: no signature made here has been tried against its validator.
"""

from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.util import SigningSettings, ds_tag, xades_tag
from signxml.xades import XAdESSignaturePolicy, XAdESSigner

from services.portal.rules.fiscal.vocabulary import NAMESPACES

POLICY = XAdESSignaturePolicy(
    Identifier="https://facturaelectronica.dian.gov.co/politicadefirma/v2/politicadefirmav2.pdf",
    Description="Política de firma para facturas electrónicas de la República de Colombia.",
    DigestMethod=DigestAlgorithm.SHA256,
    DigestValue="dMoMvtcG5aIzgYo0tIsSQeVJBDnUnfSOfBpxXrmor0Y=",
)
"""DIAN's policy, with the digest of its text as every signed document in Colombia carries it."""


class _DianSigner(XAdESSigner):
    """signxml writes SigningCertificateV2; DIAN's validator wants the first version of that element."""

    def add_signing_certificate(
        self,
        signed_signature_properties: etree._Element,
        sig_root: etree._Element,  # noqa: ARG002 - signxml passes it
        signing_settings: SigningSettings,
    ) -> None:
        chain: Any = signing_settings.cert_chain
        certificate: Certificate = chain[0]
        cert = _below(_below(signed_signature_properties, xades_tag("SigningCertificate")), xades_tag("Cert"))
        digest = _below(cert, xades_tag("CertDigest"))
        _below(digest, ds_tag("DigestMethod"), Algorithm=DigestAlgorithm.SHA256.value)
        _below(digest, ds_tag("DigestValue")).text = b64encode(certificate.fingerprint(SHA256())).decode()
        serial = _below(cert, xades_tag("IssuerSerial"))
        _below(serial, ds_tag("X509IssuerName")).text = certificate.issuer.rfc4514_string()
        _below(serial, ds_tag("X509SerialNumber")).text = str(certificate.serial_number)


def _below(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, tag, attrib=attributes)


def sign_ubl(content: bytes, key: RSAPrivateKey, certificate: Certificate) -> bytes:
    """A document of `build_ubl` with its signature in the second extension."""
    root = etree.fromstring(content)
    place = root.findall(f".//{{{NAMESPACES['ext']}}}ExtensionContent")[1]
    _below(place, ds_tag("Signature"), Id="placeholder")
    signer = _DianSigner(
        signature_policy=POLICY,
        claimed_roles=["supplier"],
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    options: dict[str, Any] = {"key": key, "cert": [certificate], "always_add_key_value": False}
    signed = signer.sign(root, **options)
    return bytes(etree.tostring(signed, xml_declaration=True, encoding="UTF-8"))


def der(certificate: Certificate) -> bytes:
    """The certificate as SAT's tools read it."""
    return certificate.public_bytes(Encoding.DER)
