"""A database of its own on a PostgreSQL server, made for a simulation and dropped after it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from server.commands.base import CommandError, tell
from server.home import postgresql


@contextmanager
def own_database(url: str) -> Iterator[str]:
    """The URL of a new, empty database beside the one that ``url`` names, which is only connected to, never changed.

    Raises `CommandError` where there is no connection, or where the account may make no databases.
    """
    try:
        import psycopg
        from psycopg import sql
    except ImportError as error:
        raise CommandError(
            tell(
                "PostgreSQL needs: pip install 'mijian[postgresql]'",
                "使用 PostgreSQL 需安装:pip install 'mijian[postgresql]'",
            )
        ) from error
    name = f"mijian_simulate_{secrets.token_hex(4)}"
    told: dict[str, Any] = postgresql(url)
    rename = {"NAME": "dbname"}
    wanted = {rename.get(key, key.lower()): value for key, value in told.items() if value}
    try:
        with psycopg.connect(**wanted, autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise CommandError(
            tell(
                f"no database can be made there for the simulation ({type(error).__name__}): name an account that may",
                f"无法在该服务器上为模拟建库({type(error).__name__}):请使用有建库权限的账号",
            )
        ) from error
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{quote(name)}"))
    finally:
        with psycopg.connect(**wanted, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
