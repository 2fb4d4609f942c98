"""Answers to the questions of a self-check: a form to fill in, and the form read back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from agent.checks.selfcheck import Attestation
from agent.commands import UsageError
from agent.words import language, text
from signatures.controls import Text
from signatures.profiles import Question
from signatures.strict_yaml import read


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer."""

    answer: Literal["yes", "no", "not-applicable", ""] = ""
    note: str = ""


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filled form: who answered, when, and what."""

    by: str = ""
    on: str = ""
    answers: dict[str, Given] = {}


def write_form(path: Path, questions: Sequence[Question]) -> None:
    """An empty form with every question as a comment. Raises `UsageError` where it cannot be written."""
    head = text(
        "# answer 填 yes、no 或 not-applicable；by 填答题人，on 填日期。然后：mijian check --answers 本文件",
        "# Questions of the self-check. answer: yes, no or not-applicable; by: who answers; on: the date."
        " Then: mijian check --answers THIS_FILE",
    )
    lines = [head, 'by: ""', 'on: ""', "answers:" if questions else "answers: {}"]
    for question in questions:
        lines += [
            f"  # {question.ask.pick(language())} ({question.every})",
            f'  {question.control}: {{answer: "", note: ""}}',
        ]
    try:
        path.write_text("\n".join(lines) + "\n", "utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def read_form(path: Path) -> dict[str, Attestation]:
    """The answers by control. Raises `UsageError`, `strict_yaml.FileMistake`."""
    try:
        form = read(path, Form)
    except OSError as error:
        raise UsageError(f"--answers {path}: {error.strerror}") from error
    answered = [control for control, given in form.answers.items() if given.answer]
    if answered and not (form.by and form.on):
        raise UsageError(
            text(
                f"--answers {path}：请填写答题人（by）和日期（on）",
                f"--answers {path}: say who answered (by) and when (on)",
            )
        )
    return {
        control: Attestation(
            control=control,
            ask=Text(zh="", en=""),
            every="",
            answer=given.answer,
            by=form.by,
            on=form.on,
            note=given.note,
        )
        for control, given in form.answers.items()
    }
