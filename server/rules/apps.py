"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RulesConfig(AppConfig):
    """The app ``server.rules``."""

    name = "server.rules"
    verbose_name = _("Rules")
