"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """The app ``server.audit``."""

    name = "server.audit"
    verbose_name = _("Audit")
