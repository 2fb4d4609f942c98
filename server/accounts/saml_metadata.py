"""Metadata of SAML 2.0: what the organisation's service says of itself in its file, and what we say of ourselves."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from cryptography import x509
from lxml import etree

NS = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
MEDIA_TYPE = "application/samlmetadata+xml"
LONGEST = 1024 * 1024
"""Bytes of a metadata file."""


class SamlError(Exception):
    """The service cannot be asked, or what it said does not hold; ``str()`` says why, for the log."""


@dataclass(frozen=True)
class Provider:
    """The organisation's service (identity provider)."""

    entity_id: str
    sign_on: str
    """Where a browser is led to, by the HTTP-Redirect binding."""
    certificates: tuple[x509.Certificate, ...]
    """Those it may sign with: two while it changes from one to the next."""


def parse(raw: bytes) -> etree._Element:
    """XML without entities, document types and anything from elsewhere. Raises `SamlError`."""
    try:
        root = etree.fromstring(
            raw, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
        )
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SamlError("this is no XML") from error
    if etree.ElementTree(root).docinfo.internalDTD is not None:
        raise SamlError("a document type is not taken")
    return root


def provider_of(file: str) -> Provider:
    """The service as its metadata file has it; read anew when the file changes. Raises `SamlError`."""
    try:
        changed = Path(file).stat().st_mtime_ns
    except OSError as error:
        raise SamlError(f"'saml.metadata_file' cannot be read: {error.strerror}") from error
    return _provider(file, changed)


def our_metadata(entity_id: str, answers: str) -> bytes:
    """What a service is to be told of this collector; ``answers`` is where it sends people back to."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="{NS["md"]}" entityID={quoteattr(entity_id)}>'
        '<md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" '
        f'protocolSupportEnumeration="{NS["samlp"]}">'
        f"<md:NameIDFormat>{PERSISTENT}</md:NameIDFormat>"
        f'<md:AssertionConsumerService index="0" isDefault="true" Binding="{POST}" Location={quoteattr(answers)}/>'
        "</md:SPSSODescriptor></md:EntityDescriptor>\n"
    ).encode()


@lru_cache(maxsize=2)
def _provider(file: str, _changed: int) -> Provider:
    try:
        with Path(file).open("rb") as stream:
            root = parse(stream.read(LONGEST + 1)[:LONGEST])
    except OSError as error:
        raise SamlError(f"'saml.metadata_file' cannot be read: {error.strerror}") from error
    entities = [root] if root.tag == f"{{{NS['md']}}}EntityDescriptor" else root.findall(".//md:EntityDescriptor", NS)
    found = [one for one in entities if one.find("md:IDPSSODescriptor", NS) is not None]
    if len(found) != 1:
        raise SamlError("'saml.metadata_file' must describe one identity provider")
    told = found[0].find("md:IDPSSODescriptor", NS)
    entity_id = found[0].get("entityID", "")
    assert told is not None  # noqa: S101 (looked for above)
    places = [
        one.get("Location", "") for one in told.findall("md:SingleSignOnService", NS) if one.get("Binding") == REDIRECT
    ]
    if not entity_id or len(entity_id) > 255 or not places:
        raise SamlError("'saml.metadata_file' lacks an entityID or a sign-on by the HTTP-Redirect binding")
    if told.get("WantAuthnRequestsSigned", "").lower() in ("true", "1"):
        raise SamlError("the service wants signed requests, which are not made here: switch that off there")
    if not is_safe(places[0]):
        raise SamlError("the service's sign-on is not reached by https")
    return Provider(entity_id, places[0], _certificates(told))


def is_safe(url: str) -> bool:
    """Whether what is said there cannot be heard on the way."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))


def _certificates(told: etree._Element) -> tuple[x509.Certificate, ...]:
    found = []
    for key in told.findall("md:KeyDescriptor", NS):
        if key.get("use", "signing") == "signing":
            for one in key.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NS):
                try:
                    found.append(x509.load_der_x509_certificate(b64decode(one.text or "")))
                except ValueError as error:
                    raise SamlError("'saml.metadata_file' has a certificate that cannot be read") from error
    if not found:
        raise SamlError("'saml.metadata_file' has no certificate to verify signatures with")
    return tuple(found)
