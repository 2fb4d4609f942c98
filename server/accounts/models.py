"""Departments, people who may sign in with their roles, and the keys of programs that act for them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from server.accounts.rights import Right, Role, rights_of


class Department(models.Model):
    """One department of the organisation; departments form a tree."""

    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=255, db_index=True, editable=False)
    """Keys from the root down to this one, each of eight digits and a full stop: a subtree is a prefix."""

    class Meta:
        """How rows are ordered and found."""

        ordering = ("path",)
        constraints = (
            models.UniqueConstraint(fields=("parent", "name"), name="department_name"),
            models.UniqueConstraint(fields=("name",), condition=models.Q(parent=None), name="department_root_name"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        """How many departments stand above this one."""
        return max(0, self.path.count(".") - 1)

    @property
    def steps(self) -> range:
        """One step for each department above, for templates that indent."""
        return range(self.depth)


class Language(models.TextChoices):
    """Language of the pages."""

    CHINESE = "zh-hans", _("Simplified Chinese")
    ENGLISH = "en", _("English")


class User(AbstractUser):
    """A person who may sign in."""

    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.VIEWER)
    language = models.CharField(_("language"), max_length=16, choices=Language.choices, default=Language.CHINESE)
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="users")
    """What this person sees: the department and all below; everything where it is empty (`server.accounts.scope`)."""
    valid_until = models.DateTimeField(null=True, blank=True)
    """When the account ends by itself; an inspector's always has such an end."""
    factor_epoch = models.PositiveIntegerField(default=0, editable=False)
    """Grows whenever a second factor comes or goes: sessions made before end (OWASP ASVS 5.0, 7.4.3)."""

    @property
    def is_current(self) -> bool:
        """Whether the account may be used now."""
        return self.is_active and (self.valid_until is None or self.valid_until > timezone.now())

    def may(self, right: Right) -> bool:
        """Whether this person has a right now."""
        return self.is_current and right in rights_of(self.role)

    @property
    def may_reveal(self) -> bool:
        """Whether this person may open a sealed path, with a reason (evidence code E-FILE)."""
        return self.may(Right.REVEAL)

    @property
    def may_triage(self) -> bool:
        """Whether this person may assign violations and change their state."""
        return self.may(Right.TRIAGE)

    @property
    def may_administer(self) -> bool:
        """Whether this person may change accounts and release envelopes that are held."""
        return self.may(Right.ADMINISTER)

    @property
    def sees_everything(self) -> bool:
        """Whether this person's scope is the whole organisation."""
        if not self.is_current:
            return False
        if self.role == Role.AUDITOR:
            return True
        return self.department_id is None and self.role != Role.DEPARTMENT

    @property
    def display_name(self) -> str:
        """The full name where one is known (Chinese order), else the account's."""
        return f"{self.last_name}{self.first_name}" or self.username

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """What a session must fit: it ends when password, second factor, role, scope or end of the account change."""
        epoch = (str(self.factor_epoch),) if self.factor_epoch else ()
        bound = "\0".join((self.password, self.role, str(self.department_id), str(self.valid_until), *epoch))
        return salted_hmac("server.accounts.session", bound, secret=secret, algorithm="sha256").hexdigest()


class ApiScope(models.TextChoices):
    """What a key may be used for, within what its person may do."""

    READ = "read", _("Read")
    REVIEW = "review", _("Work on violations and waivers")
    LEDGER = "ledger", _("Change the ledgers, take in sealed files")
    ADMIN = "admin", _("Enrolment tokens, withdrawing computers, ending gaps")


class ApiKey(models.Model):
    """A key with which a program acts for a person. Only its SHA-256 is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.CharField(max_length=64, default="read")
    """Values of `ApiScope`, with spaces between."""
    uses = models.PositiveBigIntegerField(default=0)
    """How many requests were made with it."""
    last_used_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.note or f"key {self.pk}"

    def holds(self, scope: str) -> bool:
        """Whether it may be used for this."""
        return scope in self.scopes.split()

    @property
    def scope_names(self) -> list[str]:
        """Its scopes in the reader's language."""
        return [str(ApiScope(one).label) for one in self.scopes.split() if one in ApiScope.values]


class SignInFailure(models.Model):
    """One failed sign-in, kept for as long as the lockout looks back (`server.accounts.lockout`)."""

    account = models.CharField(max_length=64)
    """SHA-256 of the name that was typed: people type passwords into the wrong field."""
    address = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        """How rows are ordered and found."""

        indexes = (models.Index(fields=("account", "address", "at"), name="accounts_failure"),)

    def __str__(self) -> str:
        return f"failure at {self.at:%Y-%m-%d %H:%M}"


class Factor(models.Model):
    """One second factor of a person (`server.accounts.second_factor`)."""

    class Kind(models.TextChoices):
        """What the person holds."""

        APP = "app", _("Authenticator app")
        PASSKEY = "passkey", _("Passkey")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="factors")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=60)
    """What the person calls it, to tell two apart."""
    secret = models.BinaryField()
    """App: the TOTP secret, sealed under a key of the home. Passkey: the public credential (WebAuthn 6.5.1)."""
    counter = models.BigIntegerField(default=0)
    """App: the last time step that was used (RFC 6238 5.2: each code once). Passkey: its signature counter."""
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        """How rows are ordered."""

        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class RecoveryCode(models.Model):
    """One code that stands in for a lost second factor, once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, unique=True)
    """HMAC-SHA-256 of the code under a key of the home."""

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class OutsideAccount(models.Model):
    """Somebody whom a directory or sign-in service of the organisation vouched for (`server.accounts.outside`)."""

    road = models.CharField(max_length=8)
    """``oidc``, ``saml`` or ``ldap``."""
    issuer = models.CharField(max_length=255)
    """Who vouches: the issuer's or the directory's address."""
    subject = models.CharField(max_length=255)
    """What names the person there, for ever; the key together with ``issuer``."""
    shown = models.CharField(max_length=255, blank=True)
    """A name to recognise the person by; decides nothing."""
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="outside_accounts"
    )
    """The account here; None until an administrator has tied it to one: until then it opens nothing."""
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        """How rows are ordered and found."""

        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("road", "issuer", "subject"), name="outside_account"),)

    def __str__(self) -> str:
        return f"{self.road} {self.shown or self.subject}"


class SamlAnswer(models.Model):
    """An answer of the SAML service that was verified: waits for its browser, and is never taken again."""

    assertion_hash = models.CharField(max_length=64, unique=True)
    """SHA-256 of issuer and assertion: a second one of the same is a replay."""
    word_hash = models.CharField(max_length=64, unique=True)
    """SHA-256 of the word the browser brings."""
    request_hash = models.CharField(max_length=64)
    """SHA-256 of the id of the request it answers."""
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    shown = models.CharField(max_length=255)
    at = models.DateTimeField()
    until = models.DateTimeField(db_index=True)
    """Kept for so long; afterwards the answer is refused for its age."""
    taken = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"answer of {self.issuer}"


__all__ = [
    "ApiKey",
    "ApiScope",
    "Department",
    "Factor",
    "Language",
    "OutsideAccount",
    "RecoveryCode",
    "Right",
    "Role",
    "SamlAnswer",
    "SignInFailure",
    "User",
]
