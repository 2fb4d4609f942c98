"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    """The app ``server.incidents``."""

    name = "server.incidents"
    verbose_name = _("Incidents")
