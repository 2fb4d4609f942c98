"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    """The app ``server.intake``."""

    name = "server.intake"
    verbose_name = _("Imports")
