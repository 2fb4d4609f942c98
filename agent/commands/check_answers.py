"""Answers to the questions of a self-check: a form to fill in, and the form read back."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from agent.checks.selfcheck import Answer, Attestation
from agent.commands import UsageError
from agent.words import language, text
from signatures.controls import Text
from signatures.profiles import Question
from signatures.strict_yaml import read


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer."""

    answer: Literal["yes", "no", "not-applicable", ""] | bool = ""
    """YAML takes a bare ``yes`` for true."""
    note: str = ""


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filled form: who answered, when, and what."""

    by: str = ""
    date: datetime.date | None = None
    answers: dict[str, Given] = {}


def write_form(path: Path, questions: Sequence[Question]) -> None:
    """An empty form with every question as a comment. Raises `UsageError` where it cannot be written."""
    head = text(
        "# answer 填 yes、no 或 not-applicable；by 填答题人，date 填日期。然后：mijian check --answers 本文件",
        "# Questions of the self-check. answer: yes, no or not-applicable; by: who answers; date: the day."
        " Then: mijian check --answers THIS_FILE",
    )
    lines = [head, 'by: ""', "date:", "answers:" if questions else "answers: {}"]
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
    answered = [control for control, given in form.answers.items() if given.answer != ""]
    if answered and not (form.by and form.date):
        raise UsageError(
            text(
                f"--answers {path}：请填写答题人（by）和日期（date）",
                f"--answers {path}: say who answered (by) and when (date)",
            )
        )
    return {
        control: Attestation(
            control=control,
            ask=Text(zh="", en=""),
            every="",
            answer=_answer(given),
            by=form.by,
            on=str(form.date or ""),
            note=given.note,
        )
        for control, given in form.answers.items()
    }


def _answer(given: Given) -> Answer:
    if isinstance(given.answer, bool):
        return "yes" if given.answer else "no"
    return given.answer
