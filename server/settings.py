"""Django settings of the collector, from the environment and the files in its home; imports without a home.

Environment (each wins over ``collector.yaml`` in the home):

``MIJIAN_HOME``           where keys, data and settings live; else ``/var/lib/mijian-server`` for root and
                          ``$XDG_DATA_HOME/mijian-server`` (``~/.local/share/mijian-server``) for everybody else
``MIJIAN_DATABASE_URL``   ``sqlite:///absolute/path`` or ``postgresql://user@host:5432/name``; else
                          ``collector.sqlite3`` in the home
``MIJIAN_NAME``           what computers call this collector; else the host name
``MIJIAN_LEVEL``          highest level (秘密, 机密, 绝密) of a computer that may report here; else none
``MIJIAN_ALLOWED_HOSTS``  host names people may type, separated by commas, besides those of this machine itself
``MIJIAN_HTTPS``          ``1`` where people reach the pages by https: cookies then travel by https only
``MIJIAN_BEHIND_PROXY``   ``1`` where a reverse proxy of ours sets ``X-Forwarded-Proto``; never without one
``MIJIAN_TRUSTED_PROXIES``  addresses or networks of our reverse proxies, separated by commas: their word about whose
                          request it is counts, nobody else's
``MIJIAN_SEPARATION``     ``1`` where administrator, secrecy officer and auditor must be three people
``MIJIAN_FANOUT``         ``0`` in a process that must not work the spool off
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from server import home as _home
from server.outbound.settings import Channel, Siem, Smtp
from server.retention.settings import Retention

MIJIAN_HOME: Path = _home.place()
"""Folder of keys, data and settings; mode 0700."""
_config = _home.configuration(MIJIAN_HOME)
MIJIAN_NAME: str = _config.name
"""What computers call this collector."""
MIJIAN_LEVEL: str | None = _config.level
"""Highest level of a computer that may report here; None where only computers without a level may."""
MIJIAN_SEPARATION: bool = _config.separation
"""Whether the three duties are separated (`server.accounts.rights`)."""
MIJIAN_REGISTER_IN_FORCE: bool = _config.register_in_force
MIJIAN_UNKNOWN_MEDIA = _config.unknown_media
"""Whether the ledger of media is complete enough for computers to act on (control MEDIA-03)."""
MIJIAN_TRUSTED_PROXIES: tuple[str, ...] = _config.trusted_proxies
"""Addresses or networks whose ``X-Forwarded-For`` is believed (`server.accounts.peers`)."""
MIJIAN_ADDRESS: str = _config.address
"""What links in notices begin with; empty where nobody has said."""
MIJIAN_OUTBOUND: tuple[str, ...] = _config.outbound
"""Addresses of the house that the collector may contact (`server.outbound`)."""
MIJIAN_SMTP: Smtp | None = _config.smtp
"""The mail server for notices."""
MIJIAN_CHANNELS: dict[str, Channel] = _config.channels
"""Ways to tell people something, by name; empty: nothing is ever sent."""
MIJIAN_REMINDERS: str = _config.reminders
"""The channel of reminders; empty for none."""
MIJIAN_SIEM: Siem | None = _config.siem
"""Where every change of a violation goes; None: nowhere."""
MIJIAN_WATCH_FOLDER: str = _config.watch_folder
"""Folder of sealed files that are taken in as they come; empty: none."""
MIJIAN_RETENTION: Retention = _config.retention
"""Days for which what is over is kept (`server.retention`)."""
MIJIAN_SECOND_FACTOR: tuple[str, ...] = _config.second_factor
"""Roles that must prove a second factor (`server.accounts.second_factor`)."""
MIJIAN_RULES_KEYS: tuple[str, ...] = _config.rules_keys
"""Public keys that bundles of rules must be signed with (`server.rules.bundles`)."""
MIJIAN_OIDC: _home.Oidc | None = _config.oidc
"""The sign-in service people may come through (`server.accounts.oidc`); None for none."""
MIJIAN_SAML: _home.Saml | None = _config.saml
"""The same, by SAML 2.0 (`server.accounts.saml`)."""
MIJIAN_LDAP: _home.Ldap | None = _config.ldap
"""The directory that checks passwords (`server.accounts.ldap`); None for none."""
MIJIAN_FANOUT: bool = _home.switch("MIJIAN_FANOUT", default=True)
"""Whether a serving process works the spool off."""

SECRET_KEY = _home.secret_key(MIJIAN_HOME)  # empty before `mijian-server init`: Django then refuses to use it
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *_config.allowed_hosts]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in _config.allowed_hosts]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "server.audit",
    "server.accounts",
    "server.ledger",
    "server.violations",
    "server.campaigns",
    "server.incidents",
    "server.intake",
    "server.notifications",
    "server.reports",
    "server.rules",
    "server.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "server.headers.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "server.accounts.middleware.UserLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "server.urls"
WSGI_APPLICATION = "server.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _sqlite(file: Path, cache: int, page: int) -> dict[str, Any]:
    """One SQLite file; ``cache`` is in KiB for each connection, ``page`` in bytes for a file that is made anew.

    One writer at a time, told at the start of a transaction and not in its middle; a receipt stands for bytes that
    are on the disk, so every commit is synced. What was committed goes from the log into the file 32 MiB at a time:
    pages that are written again and again meanwhile are moved once. Each of some dozens of threads has a connection:
    what it keeps of the file is little, for the system keeps it too; the fan-out's own keep more
    (`server.intake.checkpoints`).
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": f"PRAGMA page_size={page}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            f"PRAGMA cache_size=-{cache}; PRAGMA wal_autocheckpoint={32 * 1024 * 1024 // page};",
        },
        "CONN_MAX_AGE": 60,
    }


def _postgresql(url: str) -> dict[str, Any]:
    """One PostgreSQL database, the spool in it. What is not about the connection itself goes to libpq."""
    told = _home.postgresql(url)
    options = {name: told.pop(name) for name in list(told) if name.islower()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **told,
        # A receipt stands for bytes that are on the disk, whatever the server's own settings say.
        # What `server.intake.postgresql` asks to be prepared is, the first time; Django itself prepares nothing.
        "OPTIONS": options | {"options": "-c synchronous_commit=on", "prepare_threshold": 0},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = (
    {"default": _postgresql(_home.database_url())}
    if _home.on_postgresql()
    else {
        "default": _sqlite(_home.database(MIJIAN_HOME), 4096, 8192),
        "spool": _sqlite(_home.spool(MIJIAN_HOME), 2048, 4096),
    }
)
DATABASE_ROUTERS = ["server.intake.routing.SpoolRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:start"
LOGOUT_REDIRECT_URL = "web:sign-in"
AUTHENTICATION_BACKENDS = ["server.accounts.backend.Backend", "server.accounts.backend.DirectoryBackend"]
PASSWORD_HASHERS = [
    "server.accounts.hashing.Argon2idHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "server.formats"
TIME_ZONE = _config.time_zone

DATA_UPLOAD_MAX_NUMBER_FILES = 500
"""Sealed files that one form brings (`server.intake.taking.MOST_FILES`)."""

STATIC_URL = "/static/"
# Files are served from where the wheel put them: nothing to collect after an installation.
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _config.https
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SAMESITE = "Strict"
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _config.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _home.switch("MIJIAN_BEHIND_PROXY") else None
# What `check --deploy` also asks for and does not fit here: the names beside this host's are not ours to bind to
# https (W005) nor to put on the browsers' list (W021), and turning plain http away is the proxy's work (W008).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "server.logs.Formatter", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    },
    "filters": {"not-busy": {"()": "server.logs.NotBusy"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["not-busy"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # A refused envelope is told on the Imports page and in the audit, not by one more line for each request.
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        # Anybody can send a wrong host name or a form without a token; nobody can fill a disk with lines about it.
        "django.security": {"handlers": ["stderr"], "level": "CRITICAL", "propagate": False},
    },
}
