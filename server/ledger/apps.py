"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    """The app ``server.ledger``."""

    name = "server.ledger"
    verbose_name = _("Ledgers")
