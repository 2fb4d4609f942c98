"""Sign-in by SAML 2.0 (Web Browser SSO Profile, saml-profiles-2.0-os 4.1): request by redirect, answer by POST.

The signature is verified by signxml (extra ``saml``), and nothing is read but the element that was signed. An answer
counts once, within its time, for this collector, for a request of the very browser that brings it. It comes by a form
of another site, to which no browser adds our session's cookie: so it is verified and put down first, and the browser
is led on to an address of ours, where its session says which request it made.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from xml.sax.saxutils import quoteattr

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django.db import IntegrityError, transaction
from django.utils import timezone
from lxml import etree

from server.accounts.models import SamlAnswer
from server.accounts.saml_metadata import NS, POST, TRANSIENT, Provider, SamlError, parse, provider_of
from server.home import Saml

SKEW = timedelta(seconds=90)
"""How far the service's clock may be from ours."""
PATIENCE = timedelta(minutes=5)
"""How long a browser may take from the answer to the page after it."""
LONGEST = 256 * 1024
"""Characters of an answer."""
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_SIGNATURES = (
    *(f"{kind}_SHA{bits}" for kind in ("RSA", "ECDSA") for bits in (256, 384, 512)),
    *(f"SHA{bits}_RSA_MGF1" for bits in (256, 384, 512)),
)
_NO = (
    InvalidSignature, UnsupportedAlgorithm, etree.LxmlError, ValueError, TypeError, AttributeError, LookupError,
    NotImplementedError,
)  # fmt: skip
"""What reading a signature that someone made up can raise besides signxml's own errors."""
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


@dataclass(frozen=True)
class Ours:
    """How this collector is known to the service."""

    entity_id: str
    answers: str
    """Address that answers are sent to."""


@dataclass(frozen=True)
class Vouched:
    """What one answer says, every condition of it checked."""

    issuer: str
    assertion: str
    request: str
    """The request of ours that it answers."""
    subject: str
    shown: str
    until: datetime
    """From then on it is refused for its age."""


def begin(service: Saml, ours: Ours) -> tuple[str, str]:
    """Where to lead the browser, and the id of the request that goes with it. Raises `SamlError`."""
    provider, made = provider_of(service.metadata_file), f"_{secrets.token_hex(20)}"
    asked = (
        f'<samlp:AuthnRequest xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="{made}" Version="2.0" '
        f'IssueInstant="{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" Destination={quoteattr(provider.sign_on)} '
        f'ProtocolBinding="{POST}" AssertionConsumerServiceURL={quoteattr(ours.answers)}>'
        f"<saml:Issuer>{_text(ours.entity_id)}</saml:Issuer>"
        '<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>'
    )
    packed = zlib.compressobj(wbits=-15)
    told = base64.b64encode(packed.compress(asked.encode()) + packed.flush()).decode()
    joint = "&" if "?" in provider.sign_on else "?"
    return f"{provider.sign_on}{joint}{urlencode({'SAMLRequest': told})}", made


def put_down(vouched: Vouched) -> str:
    """Keep a verified answer until its browser asks for it; the word it asks with. Raises `SamlError` for a replay."""
    word, now = secrets.token_urlsafe(32), timezone.now()
    with transaction.atomic():
        SamlAnswer.objects.filter(until__lt=now - SKEW).delete()
        try:
            with transaction.atomic():
                SamlAnswer.objects.create(
                    assertion_hash=_hash(f"{vouched.issuer}\0{vouched.assertion}"),
                    word_hash=_hash(word),
                    request_hash=_hash(vouched.request),
                    issuer=vouched.issuer,
                    subject=vouched.subject,
                    shown=vouched.shown[:255],
                    at=now,
                    until=vouched.until,
                )
        except IntegrityError as error:
            raise SamlError("this answer was brought before") from error
    return word


def take_up(word: str, request: str) -> tuple[str, str, str]:
    """Issuer, subject and name of the answer that this word stands for, once, for the browser that made the request.

    Raises `SamlError`.
    """
    found = SamlAnswer.objects.filter(word_hash=_hash(word), taken=False, at__gt=timezone.now() - PATIENCE)
    row = found.first()
    if row is None or not found.filter(pk=row.pk).update(taken=True):
        raise SamlError("no answer waits for this browser")
    if not request or not secrets.compare_digest(row.request_hash, _hash(request)):
        raise SamlError("the answer belongs to a request that this browser did not make")
    return row.issuer, row.subject, row.shown


def verify(service: Saml, ours: Ours, answer: str, *, now: datetime | None = None) -> Vouched:
    """What an answer (the form field ``SAMLResponse``) vouches for. Raises `SamlError` with what does not hold."""
    provider, now = provider_of(service.metadata_file), now or datetime.now(UTC)
    if len(answer) > LONGEST:
        raise SamlError("the answer is too long")
    try:
        root = parse(base64.b64decode(answer))
    except binascii.Error as error:
        raise SamlError("the answer is not base64") from error
    if root.tag != _tag("samlp", "Response"):
        raise SamlError("this is no Response")
    status = root.find("samlp:Status/samlp:StatusCode", NS)
    if status is None or status.get("Value") != _SUCCESS:
        raise SamlError("the service says that it did not succeed")
    if root.get("Destination", ours.answers) != ours.answers:
        raise SamlError("the answer is for another address")
    return _conditions(_signed(root, provider), service, ours, provider, now)


def _signed(root: etree._Element, provider: Provider) -> etree._Element:
    """The one assertion, as it was signed: by its own signature, or by that of the whole answer."""
    if root.find("saml:EncryptedAssertion", NS) is not None:
        raise SamlError("the assertion is encrypted, which is not read here: https keeps it secret")
    found = root.findall(".//saml:Assertion", NS)
    if len(found) != 1 or found[0].getparent() is not root:
        raise SamlError("an answer holds one assertion, at its place")
    (inner,) = found
    own = inner.find("ds:Signature", NS) is not None
    if own:
        inner.tail = None  # it is verified as a document of its own
    signed = _verified(inner if own else root, provider)
    assertion = signed if own else signed.find("saml:Assertion", NS)
    if assertion is None or assertion.tag != _tag("saml", "Assertion"):
        raise SamlError("what is signed is no assertion")
    return assertion


def _verified(element: etree._Element, provider: Provider) -> etree._Element:
    """What was signed of an element whose child a signature is; nothing else of it may be read."""
    # Here: it is there only with the extra `saml`, without which `server.home` takes no setting for it.
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    config = SignatureConfiguration(
        location="./",
        signature_methods=frozenset(SignatureMethod[name] for name in _SIGNATURES),
        digest_algorithms=frozenset(DigestAlgorithm[name] for name in ("SHA256", "SHA384", "SHA512")),
    )
    if element.find("ds:Signature", NS) is None:
        raise SamlError("the answer is not signed")
    why = ""
    for certificate in provider.certificates:
        try:
            told = XMLVerifier().verify(
                element, x509_cert=certificate, expect_config=config, id_attribute="ID", validate_schema=False
            )
        except (SignXMLException, *_NO) as error:
            why = f"{type(error).__name__}: {str(error)[:120]}"
            continue
        result = told[0] if isinstance(told, list) else told
        if result.signed_xml is not None and result.signed_xml.get("ID") == element.get("ID"):
            return result.signed_xml
        why = "another element is signed"
    raise SamlError(f"the signature does not hold ({why})")


def _conditions(assertion: etree._Element, service: Saml, ours: Ours, provider: Provider, now: datetime) -> Vouched:
    """Everything the profile asks of an assertion, in its order."""
    if _of(assertion, "saml:Issuer") != provider.entity_id:
        raise SamlError("another service has issued the assertion")
    conditions = assertion.find("saml:Conditions", NS)
    if conditions is None:
        raise SamlError("the assertion has no conditions")
    _within(conditions, now)
    audiences = [(one.text or "").strip() for one in conditions.findall("saml:AudienceRestriction/saml:Audience", NS)]
    if ours.entity_id not in audiences:
        raise SamlError("the assertion is for another audience")
    confirmed = _confirmed(assertion, ours, now)
    subject, shown = _names(assertion, service)
    return Vouched(
        issuer=provider.entity_id,
        assertion=assertion.get("ID", ""),
        request=confirmed.get("InResponseTo", ""),
        subject=subject,
        shown=shown,
        until=_moment(confirmed.get("NotOnOrAfter")),
    )


def _confirmed(assertion: etree._Element, ours: Ours, now: datetime) -> etree._Element:
    """What confirms the subject: for us, for a request, within its time."""
    why = "the assertion does not confirm its subject"
    for one in assertion.findall("saml:Subject/saml:SubjectConfirmation", NS):
        data = one.find("saml:SubjectConfirmationData", NS)
        if one.get("Method") != _BEARER or data is None:
            continue
        if data.get("Recipient") != ours.answers:
            why = "the assertion is for another recipient"
        elif not data.get("InResponseTo"):
            why = "the assertion answers no request: begin at the sign-in page of the collector"
        elif data.get("NotOnOrAfter") is None:
            why = "the assertion has no end"
        else:
            _within(data, now)
            return data
    raise SamlError(why)


def _within(element: etree._Element, now: datetime) -> None:
    before, after = element.get("NotBefore"), element.get("NotOnOrAfter")
    if before is not None and now + SKEW < _moment(before):
        raise SamlError("the assertion does not hold yet: compare the clocks")
    if after is not None and now - SKEW >= _moment(after):
        raise SamlError("the assertion has expired")


def _names(assertion: etree._Element, service: Saml) -> tuple[str, str]:
    """What names the person for ever, and a name to recognise the person by."""
    told = {
        str(one.get(key)): [(value.text or "").strip() for value in one.findall("saml:AttributeValue", NS)]
        for one in assertion.findall("saml:AttributeStatement/saml:Attribute", NS)
        for key in ("FriendlyName", "Name")
        if one.get(key)
    }
    name_id = assertion.find("saml:Subject/saml:NameID", NS)
    if service.subject_attribute:
        values = told.get(service.subject_attribute, [])
        if len(values) != 1 or not values[0]:
            raise SamlError(f"the assertion does not have one value of {service.subject_attribute}")
        subject = values[0]
    elif name_id is None or not (name_id.text or "").strip():
        raise SamlError("the assertion names nobody")
    elif name_id.get("Format") == TRANSIENT:
        raise SamlError("the name is another one each time (transient): have the service send a persistent one")
    else:
        subject = (name_id.text or "").strip()
    if len(subject) > 255:
        raise SamlError("the name is too long")
    names = [value for name in (service.name_attribute, "displayName", "cn", "name") for value in told.get(name, [])]
    shown = next(filter(None, names), "")
    return subject, f"{shown} ({subject})" if shown and shown != subject else subject


def _of(element: etree._Element, path: str) -> str:
    found = element.find(path, NS)
    return "" if found is None else (found.text or "").strip()


def _moment(text: str | None) -> datetime:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError as error:
        raise SamlError("a time in the assertion cannot be read") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _tag(space: str, name: str) -> str:
    return f"{{{NS[space]}}}{name}"


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
