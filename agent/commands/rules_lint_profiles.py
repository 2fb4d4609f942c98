"""What is wrong with profiles of self-checks: read strictly, then held against the checks and questions there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from agent.checks.families import checks
from protocol.records import ComputerClass
from signatures.lints import Fault, Weight
from signatures.lints.base import nearest
from signatures.profiles import FOLDER, QUESTIONS, Profile, load_questions
from signatures.register import register
from signatures.rules import Words
from signatures.strict_yaml import FileMistake, read

NAME = "profile"
SENTENCE = Words(
    zh="检查方案可以读取，所列检查和问题都存在。",
    en="A profile can be read, and every check and question it names exists.",
)


def split(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Which of these files and folders are profiles, and which are rules; without any, the profiles we ship."""
    if not paths:
        return sorted(path for path in FOLDER.glob("*.yaml") if path.name != QUESTIONS), []
    files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    profiles = [file for file in files if file.name != QUESTIONS and _is_profile(file)]
    beside = {file.parent for file in profiles}
    others = [file for file in files if file not in profiles and not (file.name == QUESTIONS and file.parent in beside)]
    return profiles, others


def _is_profile(file: Path) -> bool:
    try:
        text = file.read_bytes()[:200_000].decode("utf-8", "replace")
    except OSError:
        return False
    return all(re.search(rf"^{key}\s*:", text, re.MULTILINE) for key in ("checks", "computer_class"))


def lint_profiles(files: Iterable[Path]) -> list[Fault]:
    """Everything that is wrong with these profiles, by file and line."""
    found: list[Fault] = []
    defaults: dict[ComputerClass, Path] = {}
    for file in files:
        try:
            profile = read(file, Profile)
        except FileMistake as mistake:
            found.append(_fault(file, mistake.line, None, Words(zh=mistake.message, en=mistake.message), _MEND))
            continue
        found += _names(file, profile)
        if profile.default and profile.kind == "computer":
            first = defaults.setdefault(profile.computer_class, file)
            if first != file:
                wrong = Words(
                    zh=f"类别 {profile.computer_class} 已有默认方案 {first.name}",
                    en=f"the class {profile.computer_class} has a default already: {first.name}",
                )
                found.append(
                    _fault(
                        file,
                        _line(file, "default"),
                        profile.id,
                        wrong,
                        Words(zh="只保留一个 default: true", en="keep one default: true"),
                    )
                )
    return found


_MEND = Words(zh="按提示改正该行", en="put this line right as it says")


def _names(file: Path, profile: Profile) -> Iterator[Fault]:
    """Names of checks and questions that do not exist."""
    known, questions = checks(), load_questions()
    for name in profile.checks:
        if name not in known:
            yield _unknown(file, profile, name, list(known), ("检查", "check"))
    for control in profile.questions:
        if control != "all" and control not in questions:
            there = list(questions) if control in register() else list(register())
            yield _unknown(file, profile, control, there, ("问题", "question"))


def _unknown(file: Path, profile: Profile, name: str, known: list[str], kind: tuple[str, str]) -> Fault:
    near = nearest(name, known)
    return _fault(
        file,
        _line(file, name),
        profile.id,
        Words(zh=f"没有名为 {name} 的{kind[0]}", en=f"there is no {kind[1]} called {name}"),
        Words(zh=f"是否指 {near}？", en=f"did you mean {near}?") if near else _MEND,
    )


def _line(file: Path, word: str) -> int:
    """The first line on which a word stands."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    return next(
        (number for number, line in enumerate(file.read_text("utf-8").splitlines(), 1) if pattern.search(line)), 1
    )


def _fault(file: Path, line: int, rule: str | None, wrong: Words, mend: Words) -> Fault:
    return Fault(NAME, Weight.ERROR, str(file), line, rule, wrong, mend)
