"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """The app ``server.reports``."""

    name = "server.reports"
    verbose_name = _("Reports")
