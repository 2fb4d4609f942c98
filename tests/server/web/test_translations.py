"""The catalogue of translations."""

from __future__ import annotations

import gettext
import io
from pathlib import Path

import pytest

from server.web import translations


def test_every_string_of_the_collector_is_translated_and_compiled() -> None:
    assert translations.complaints() == []


def test_strings_are_found_in_templates_and_code_alike() -> None:
    used = translations.used_strings()
    assert used["Sign out"] == "server/web/templates/web/base.html"
    assert "%(n)s sighting\0%(n)s sightings" in used
    assert used["Name or password is wrong."] == "server/web/views/sign_in.py"
    assert used["Critical"] == "server/violations/models.py"


def test_what_is_compiled_is_what_gettext_reads() -> None:
    entries = {"": "Content-Type: text/plain; charset=UTF-8\n", "a": "甲", "one\0many": "若干", "ctx\x04b": "乙"}
    read = gettext.GNUTranslations(io.BytesIO(translations.compiled(entries)))
    assert read.gettext("a") == "甲"
    assert read.ngettext("one", "many", 1) == "若干"
    assert read.pgettext("ctx", "b") == "乙"
    assert read.gettext("not there") == "not there"


def test_a_stale_compiled_file_and_a_wrong_placeholder_are_told(tmp_path: Path) -> None:
    po = tmp_path / "django.po"
    po.write_text('msgid ""\nmsgstr ""\n\nmsgid "%(n)s years"\nmsgstr "%(m)s 年"\n', encoding="utf-8")
    wrong = "\n".join(translations.complaints(po))
    assert "'%(n)s years' has other placeholders" in wrong
    assert "was not made from" in wrong
    assert "'Sign out' is not translated" in wrong


@pytest.mark.parametrize("text", ['msgid "a"\nmsgstr "1"\n\nmsgid "a"\nmsgstr "2"\n', "msgid a\n"])
def test_a_catalogue_that_cannot_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    po = tmp_path / "django.po"
    po.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"twice|cannot be read"):
        translations.read_catalogue(po)
