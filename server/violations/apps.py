"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ViolationsConfig(AppConfig):
    """The app ``server.violations``."""

    name = "server.violations"
    verbose_name = _("Violations")
