"""Registers the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The app ``server.accounts``."""

    name = "server.accounts"
    verbose_name = _("Accounts")
