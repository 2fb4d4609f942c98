"""The collector's home: where it is, what its settings file says, and the secret that signs cookies."""

from __future__ import annotations

import base64
import importlib.util
import ipaddress
import os
import socket
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from django.core.exceptions import ImproperlyConfigured

from server.outbound.settings import Channel, Siem, Smtp, check_network
from server.retention.settings import Retention
from signatures import strict_yaml

SETTINGS_FILE = "collector.yaml"
SECRET_FILE = Path("keys") / "secret"
LEVELS = ("秘密", "机密", "绝密")


class Oidc(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sign-in service that speaks OpenID Connect."""

    issuer: str
    """Its address as it names itself, ``https://…``; its settings are read from below it (OpenID Connect Discovery)."""
    client_id: str
    """What it calls this collector."""
    secret_file: str
    """File with the client's secret, readable by the collector alone; the secret itself never stands in settings."""
    label: str = "OpenID Connect"
    """What people know it by: the words on the button."""


class Saml(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sign-in service that speaks SAML 2.0; needs the extra ``saml``."""

    metadata_file: str
    """What it says of itself, as XML: its name, where people sign in, the certificates it signs with."""
    label: str = "SAML"
    """What people know it by: the words on the button."""
    entity_id: str = ""
    """What it calls this collector; empty: the address of the collector's own metadata."""
    subject_attribute: str = ""
    """The attribute that names a person for ever, in place of the NameID."""
    name_attribute: str = ""
    """The attribute with a name to recognise people by; empty: displayName, cn or name."""


class Ldap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A directory that checks names and passwords."""

    url: str
    """``ldaps://host[:636]``, or ``ldap://host[:389]``, which is then turned into TLS before anything is said."""
    bind_as: str
    """Whom to bind as, ``{name}`` standing for what was typed: ``uid={name},ou=people,dc=example,dc=cn``, or
    ``{name}@example.cn`` for Active Directory."""
    ca_file: str | None = None
    """Certificates to trust instead of the system's."""


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``collector.yaml`` may say; the environment wins over each."""

    name: str = ""
    """What computers call this collector; empty for the host name."""
    level: Literal["秘密", "机密", "绝密"] | None = None
    """Highest level of a computer that may report here."""
    allowed_hosts: tuple[str, ...] = ()
    """Names under which people and computers reach the collector, besides localhost."""
    https: bool = False
    """Whether people reach the pages by https only."""
    time_zone: str = "Asia/Shanghai"
    """Zone of the times on the pages."""
    separation: bool = False
    """Whether administrator, secrecy officer and auditor must be three people (三员分立)."""
    register_in_force: bool = False
    """Whether computers hold a medium that is in no ledger against their users (control MEDIA-03)."""
    unknown_media: Literal["", "report", "read-only", "block"] = ""
    """What computers do with media that no ledger vouches for; empty: what their own settings say."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of the reverse proxies in front of the collector."""
    address: str = ""
    """``https://…`` under which people reach the pages: what links in notices begin with."""
    outbound: tuple[str, ...] = ()
    """Addresses or networks of the house that the collector may contact; public ones need not be named."""
    smtp: Smtp | None = None
    """The mail server that takes notices; none: no mail is ever sent."""
    channels: dict[str, Channel] = {}
    """Ways to tell people something, by name; none: nobody is ever told."""
    reminders: str = ""
    """The channel that carries the reminders of self-check rounds; empty: none does."""
    siem: Siem | None = None
    """Where every change of a violation goes at once; none: nowhere."""
    watch_folder: str = ""
    """Folder in which sealed files are taken in as they come; empty: none."""
    retention: Retention = Retention()
    """How long what is over is kept; for ever where nothing is named."""
    second_factor: tuple[Literal["officer", "department", "it", "admin", "auditor", "inspector", "viewer"], ...] = ()
    """Roles that must prove a second factor at each sign-in."""
    rules_keys: tuple[str, ...] = ()
    """Public keys, base64 as ``mijian rules keygen`` writes them, that bundles of rules must be signed with to be
    taken in and given to computers; none: no bundle is."""
    oidc: Oidc | None = None
    """The organisation's sign-in service; nothing is asked of any without it."""
    saml: Saml | None = None
    """The same, for one that speaks SAML 2.0."""
    ldap: Ldap | None = None
    """The organisation's directory; nothing is asked of any without it."""

    def __post_init__(self) -> None:
        for network in self.outbound:
            check_network(network)
        if any(channel.kind == "mail" for channel in self.channels.values()) and self.smtp is None:
            raise ValueError("a channel of mail needs 'smtp'")
        if self.reminders and self.reminders not in self.channels:
            raise ValueError("reminders names a channel that stands under 'channels'")
        for key in self.rules_keys:
            check_rules_key(key)
        if self.watch_folder and not self.watch_folder.startswith("/"):
            raise ValueError("watch_folder is a full path, beginning with /")


def check_rules_key(text: str) -> None:
    """Raise `ValueError` for what is no public key of ``mijian rules keygen``."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise ValueError("rules_keys holds the line of a FILE.pub of 'mijian rules keygen', and nothing else")


def place() -> Path:
    """The collector's home: ``MIJIAN_HOME``, else the usual place for data of this user."""
    named = os.environ.get("MIJIAN_HOME")
    if named:
        return Path(named).expanduser().absolute()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/mijian-server")
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "mijian-server"


def configuration(home: Path) -> Configuration:
    """The settings in force: the file of the home where there is one, then the environment.

    Raises `strict_yaml.FileMistake` for a mistake in the file, `ImproperlyConfigured` for one in the environment.
    """
    file = home / SETTINGS_FILE
    known = strict_yaml.read(file, Configuration) if file.is_file() else Configuration()
    level = os.environ.get("MIJIAN_LEVEL", known.level or "") or None
    if level is not None and level not in LEVELS:
        raise ImproperlyConfigured(f"MIJIAN_LEVEL is {level!r}; it may be empty or one of {', '.join(LEVELS)}")
    hosts, proxies = os.environ.get("MIJIAN_ALLOWED_HOSTS"), os.environ.get("MIJIAN_TRUSTED_PROXIES")
    trusted = known.trusted_proxies if proxies is None else _listed(proxies)
    for network in trusted:
        _check_network(network)
    _check_roads(known)
    return msgspec.structs.replace(
        known,
        name=os.environ.get("MIJIAN_NAME") or known.name or socket.gethostname(),
        level=level,
        allowed_hosts=known.allowed_hosts if hosts is None else _listed(hosts),
        https=switch("MIJIAN_HTTPS", default=known.https),
        separation=switch("MIJIAN_SEPARATION", default=known.separation),
        trusted_proxies=trusted,
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ImproperlyConfigured(
            f"trusted_proxies names {text!r}, which is neither an address nor a network such as 10.0.0.0/24"
        ) from None


def _check_roads(known: Configuration) -> None:
    """Addresses and patterns that would send a password in clear, or the same name for everybody, are refused."""
    if known.ldap is not None:
        if not known.ldap.url.startswith(("ldap://", "ldaps://")):
            raise ImproperlyConfigured(f"ldap.url is {known.ldap.url!r}; it begins with ldaps:// or ldap://")
        if known.ldap.bind_as.count("{name}") != 1:
            raise ImproperlyConfigured("ldap.bind_as must have {name} in it, once, for what people type")
    if known.saml is not None:
        if importlib.util.find_spec("signxml") is None:
            raise ImproperlyConfigured("saml needs the extra of that name: pip install 'mijian[server,saml]'")
        if not known.saml.metadata_file.startswith("/"):
            raise ImproperlyConfigured("saml.metadata_file is a full path, beginning with /")
    if known.oidc is not None:
        parts = urlsplit(known.oidc.issuer)
        if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ImproperlyConfigured(f"oidc.issuer is {known.oidc.issuer!r}; it begins with https://")


def switch(name: str, *, default: bool = False) -> bool:
    """A yes-or-no of the environment. Raises `ImproperlyConfigured` for anything but 0 and 1."""
    value = os.environ.get(name, "")
    if value not in ("", "0", "1"):
        raise ImproperlyConfigured(f"{name} is {value!r}; it may be 0 or 1")
    return default if not value else value == "1"


def secret_key(home: Path) -> str:
    """The secret that signs cookies; empty before the home is initialised."""
    file = home / SECRET_FILE
    return file.read_text(encoding="ascii").strip() if file.is_file() else ""


def database_url() -> str:
    """The database that is named by the environment; empty for the SQLite file of the home."""
    return os.environ.get("MIJIAN_DATABASE_URL", "")


def on_postgresql() -> bool:
    """Whether the collector's data is in PostgreSQL and not in files of its own."""
    return urlsplit(database_url()).scheme in ("postgres", "postgresql")


def database(home: Path) -> Path:
    """The SQLite file in use. Raises `ImproperlyConfigured` for a database of another kind."""
    url = database_url()
    return sqlite_path(url) if url else home / "collector.sqlite3"


def spool(home: Path) -> Path:
    """The SQLite file of the spool: beside the database in use, and named after it."""
    file = database(home)
    return file.with_name(f"{file.stem}-spool{file.suffix}")


def sqlite_path(url: str) -> Path:
    """The file a ``sqlite:///absolute/path`` URL names. Raises `ImproperlyConfigured` with what to do."""
    parts = urlsplit(url)
    if parts.scheme != "sqlite" or parts.netloc or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "the database URL must have the form sqlite:///absolute/path/collector.sqlite3 "
            "or postgresql://user@host:5432/name"
        )
    return Path(unquote(parts.path))


def postgresql(url: str) -> dict[str, str]:
    """What Django connects with, of a ``postgresql://user:password@host:port/name`` URL (RFC 3986).

    Without a password libpq looks for one in ``PGPASSFILE``; what stands after ``?`` is given to it as it is
    (``sslmode=verify-full``). Raises `ImproperlyConfigured` with what to do.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.strip("/"))
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"the port of the database URL is none: {error}") from error
    if not name or "/" in name:
        raise ImproperlyConfigured("the database URL must name a database: postgresql://user@host:5432/name")
    told = {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
    }
    return told | {key.lower(): value for key, value in parse_qsl(parts.query)}


def check_database_url(url: str) -> None:
    """Raise `ImproperlyConfigured` for a URL that names no database we know."""
    if urlsplit(url).scheme in ("postgres", "postgresql"):
        postgresql(url)
    else:
        sqlite_path(url)
