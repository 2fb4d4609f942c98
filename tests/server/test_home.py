"""Where the collector lives and what its settings may say."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from server import home
from signatures.strict_yaml import FileMistake


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from the environment of the tests."""
    for name in ("HOME", "LEVEL", "NAME", "ALLOWED_HOSTS", "HTTPS", "DATABASE_URL"):
        monkeypatch.delenv(f"MIJIAN_{name}", raising=False)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "collector.yaml").write_text("name: 甲\nlevel: 秘密\nallowed_hosts: [a.lan]\nhttps: true\n")
    told = home.configuration(tmp_path)
    assert (told.name, told.level, told.allowed_hosts, told.https) == ("甲", "秘密", ("a.lan",), True)
    monkeypatch.setenv("MIJIAN_NAME", "乙")
    monkeypatch.setenv("MIJIAN_LEVEL", "")
    monkeypatch.setenv("MIJIAN_ALLOWED_HOSTS", "b.lan, c.lan,")
    monkeypatch.setenv("MIJIAN_HTTPS", "0")
    told = home.configuration(tmp_path)
    assert (told.name, told.level, told.allowed_hosts, told.https) == ("乙", None, ("b.lan", "c.lan"), False)


@pytest.mark.parametrize("text", ["level: 最高\n", "unknown: 1\n", "https: maybe\n", "- a list\n"])
def test_a_mistake_in_the_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "collector.yaml").write_text(text)
    with pytest.raises(FileMistake, match=r"collector\.yaml:1"):
        home.configuration(tmp_path)


@pytest.mark.parametrize(("name", "value"), [("MIJIAN_LEVEL", "最高"), ("MIJIAN_HTTPS", "yes")])
def test_a_mistake_in_the_environment_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        home.configuration(tmp_path)


def test_before_anything_is_initialised_there_are_settings_but_no_secret(tmp_path: Path) -> None:
    assert home.configuration(tmp_path / "nowhere").level is None
    assert home.secret_key(tmp_path / "nowhere") == ""


@pytest.mark.parametrize("url", ["postgresql://db/x", "postgres://db/x"])
def test_a_server_database_is_refused_and_sqlite_named(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SQLite"):
        home.sqlite_path(url)


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://relative", "sqlite:///", "nonsense"])
def test_a_database_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="sqlite:///"):
        home.sqlite_path(url)


def test_a_path_with_odd_characters_is_read_from_the_url() -> None:
    assert home.sqlite_path("sqlite:///srv/%E6%94%B6 集/c.sqlite3") == Path("/srv/收 集/c.sqlite3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ldap: {url: 'http://x', bind_as: '{name}'}", "ldaps://"),
        ("ldap: {url: 'ldaps://x', bind_as: 'cn=admin'}", "{name}"),
        ("oidc: {issuer: 'http://sso.lan', client_id: a, secret_file: /x}", "https://"),
    ],
)
def test_a_way_in_that_would_open_to_everybody_or_tell_passwords_is_refused(
    tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "collector.yaml").write_text(f"{text}\n")
    with pytest.raises(ImproperlyConfigured, match=expected):
        home.configuration(tmp_path)


def test_a_role_that_does_not_exist_cannot_need_a_second_factor(tmp_path: Path) -> None:
    (tmp_path / "collector.yaml").write_text("second_factor: [emperor]\n")
    with pytest.raises(FileMistake, match=r"collector\.yaml:1"):
        home.configuration(tmp_path)
    (tmp_path / "collector.yaml").write_text("second_factor: [admin, auditor]\n")
    assert home.configuration(tmp_path).second_factor == ("admin", "auditor")
