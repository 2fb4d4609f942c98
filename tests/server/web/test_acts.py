"""The audit log in words."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

import server
from server import audit
from server.accounts.models import Role, User
from server.audit.models import Entry
from server.violations import transitions
from server.web import acts

SERVER = Path(server.__file__).parent


def told_in_code() -> Iterator[str]:
    """Every act that code of the collector writes into the log, as far as it stands there as a word."""
    for path in SERVER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            words = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "action")]
            if called in ("audit.record", "record") or any(one.arg == "action" for one in node.keywords):
                for word in words:
                    if isinstance(word, ast.Constant) and isinstance(word.value, str) and "." in word.value:
                        yield word.value


def test_every_act_that_is_logged_has_words() -> None:
    told = set(told_in_code())
    assert len(told) > 50
    assert told - acts.ACTS.keys() == set()


def test_every_kind_of_object_is_one_of_ours() -> None:
    assert [label for label in acts.OBJECTS if apps.get_model(label)._meta.label_lower != label] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["assigned the violation", "New → Assigned", "Violation", "assigned to"]),
        ("zh-hans", ["指派了违规", "新发现 → 已指派", "违规", "指派给"]),
    ],
)
def test_an_entry_is_told_in_the_reader_s_language_and_leads_to_what_it_is_about(
    person: Callable[..., User], seat: Callable[..., Client], office: Any, language: str, words: list[str]
) -> None:
    officer = person()
    group = office.file(office.computer())
    transitions.assign(group, to=officer, by=officer)
    page = seat(person(Role.AUDITOR), language).get(reverse("web:audit")).content.decode()
    for told in [*words, "violation.assign", reverse("web:violation", args=[group.pk]), "MEDIA-05 机密★10年"]:
        assert told in page


@pytest.mark.django_db
def test_the_log_is_searched_by_the_words_it_is_told_in(
    person: Callable[..., User], seat: Callable[..., Client]
) -> None:
    audit.record("place.reveal-denied", obj=person(Role.VIEWER))
    audit.record("token.mint")
    page = seat(person(Role.AUDITOR), "zh-hans").get(reverse("web:audit"), {"q": "封存的路径"}).content.decode()
    assert "place.reveal-denied" in page
    assert "token.mint" not in page


@pytest.mark.django_db
def test_what_is_no_longer_there_is_named_by_its_key_and_leads_nowhere() -> None:
    entry = Entry(object_type="ledger.computer", object_id="00000000-0000-4000-8000-000000000000")
    told = acts.about([entry])[entry.object_type, entry.object_id]
    assert (told.name, told.url) == ("00000000-0000…", "")
    strange = Entry(object_type="gone.thing", object_id="7")
    assert acts.about([strange])["gone.thing", "7"] == acts.About("gone.thing", "7")
