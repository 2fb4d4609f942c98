"""People who may sign in, their roles, and the keys of programs that act for them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do."""

    OFFICER = "officer", _("Secrecy officer")
    IT = "it", _("IT staff")
    ADMIN = "admin", _("Administrator")
    VIEWER = "viewer", _("Viewer")


class Language(models.TextChoices):
    """Language of the pages."""

    CHINESE = "zh-hans", _("Simplified Chinese")
    ENGLISH = "en", _("English")


class User(AbstractUser):
    """A person who may sign in."""

    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.VIEWER)
    language = models.CharField(_("language"), max_length=16, choices=Language.choices, default=Language.CHINESE)

    @property
    def may_reveal(self) -> bool:
        """Whether this person may open a sealed path, with a reason (evidence code E-FILE)."""
        return self.is_active and self.role in (Role.OFFICER, Role.ADMIN)

    @property
    def may_triage(self) -> bool:
        """Whether this person may assign violations and change their state."""
        return self.is_active and self.role in (Role.OFFICER, Role.IT, Role.ADMIN)

    @property
    def may_administer(self) -> bool:
        """Whether this person may mint tokens and release envelopes that are held."""
        return self.is_active and self.role == Role.ADMIN

    @property
    def display_name(self) -> str:
        """The full name where one is known (Chinese order), else the account's."""
        return f"{self.last_name}{self.first_name}" or self.username


class ApiKey(models.Model):
    """A key with which a program acts for a person. Only its SHA-256 is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    key_hash = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.note or f"key {self.pk}"


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
