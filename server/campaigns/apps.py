"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    """The app ``server.campaigns``."""

    name = "server.campaigns"
    verbose_name = _("Campaigns")
