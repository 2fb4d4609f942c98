"""Lists that people wrote, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocol.records import Severity
from signatures.keywords import KeywordList, parse, read
from signatures.strict_yaml import FileMistake


def listed(text: str | bytes, name: str = "list.yaml") -> KeywordList:
    return parse(text if isinstance(text, bytes) else text.encode(), Path(name))


def mistake(text: str | bytes, name: str = "list.yaml") -> FileMistake:
    with pytest.raises(FileMistake) as caught:
        listed(text, name)
    return caught.value


def test_a_yaml_list_says_what_holds_for_all_words_and_what_for_one() -> None:
    found = listed(
        "id: projects\nseverity: high\nthreshold: 3\nweight: 2\nwhole_word: true\nnot_near: [公开]\ndistance: 9\n"
        "show: true\nwords:\n- 天河计划\n- {word: 长城, weight: 0.5, whole_word: false, not_near: [汽车], label: 甲}\n"
    )
    first, second = found.words
    assert (found.id, found.rule, found.severity) == ("projects", "keyword.projects", Severity.HIGH)
    assert (found.threshold, found.distance, found.show) == (3, 9, True)
    assert (first.text, first.number, first.weight, first.whole_word) == ("天河计划", 1, 2, True)
    assert (first.not_near, first.label) == (("公开",), "")
    assert (second.text, second.number, second.weight, second.whole_word) == ("长城", 2, 0.5, False)
    assert (second.not_near, second.label) == (("公开", "汽车"), "甲")


def test_a_plain_list_has_one_word_a_line_notes_and_blank_lines_aside() -> None:
    found = listed("# our projects\n\n天河计划\n  #标签 \n", "项目 清单.txt")
    assert [(word.text, word.number) for word in found.words] == [("天河计划", 1), ("#标签", 2)]
    assert found.id == "项目-清单"


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_names_its_columns_in_either_language(delimiter: str) -> None:
    text = "关键词,权重,整词,排除词,标签\n天河,3,是,天河区|天河公园,甲\n长城,,否,,\n\n".replace(",", delimiter)
    first, second = listed(text, "a.csv").words
    assert (first.text, first.weight, first.whole_word) == ("天河", 3, True)
    assert (first.not_near, first.label) == (("天河区", "天河公园"), "甲")
    assert (second.weight, second.whole_word, second.not_near) == (1, False, ())


def test_a_table_without_head_has_words_and_weights() -> None:
    assert [(word.text, word.weight) for word in listed('天河,2\n"a,b",1.5\n', "a.csv").words] == [
        ("天河", 2),
        ("a,b", 1.5),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("name", ["a.yaml", "a.csv", "a.txt"])
def test_every_kind_of_list_is_read_in_every_encoding(name: str, encoding: str) -> None:
    text = "words:\n- 天河计划\n- 长城\n" if name == "a.yaml" else "天河计划\n长城\n"
    assert [word.text for word in listed(text.encode(encoding), name).words] == ["天河计划", "长城"]


@pytest.mark.parametrize(
    ("text", "name", "line", "says"),
    [
        ("天河\n甲\n", "a.txt", 2, "one character"),
        ("天河\n甲 乙\n", "a.txt", 2, "one character"),
        ("天河\n，。\n", "a.txt", 2, "one character"),
        ("words:\n- 天河\n- 甲\n", "a.yaml", 3, "one character"),
        ("天河\n" + "长" * 65, "a.txt", 2, "65 characters; 64 are allowed"),
        ("", "a.txt", 1, "empty; give at least one word"),
        ("# nothing\n\n", "a.txt", 1, "empty"),
        ("words: []\n", "a.yaml", 1, "empty"),
        ("word,weight\n", "a.csv", 1, "empty"),
        ("天河,3\n天河,4\n", "a.csv", 2, "line 1 already, with other values"),
        ("word,weight\n天河,much\n", "a.csv", 2, "'much' is no number"),
        ("word,weight\n天河,0\n", "a.csv", 2, "'0' is no number"),
        ("word,whole\n天河,perhaps\n", "a.csv", 2, "neither yes nor no"),
        ("word,wieght\n天河,1\n", "a.csv", 1, "unknown column 'wieght'; known are word, weight"),
        ("word\n天河,计划\n", "a.csv", 2, "put a word with commas into quotes"),
        ('word\n天河\n"长城\n', "a.csv", 3, "not readable as CSV"),
        ("words:\n- 天河\n- 10086\n", "a.yaml", 3, "put it in quotes"),
        ("words:\n- 天河\n- {word: 长城, wieght: 2}\n", "a.yaml", 3, "did you mean 'weight'"),
        ("words:\n- 天河\n- {word: 长城, weight: -2}\n", "a.yaml", 3, "> 0"),
        ("words:\n- 天河\n- {word: 长城, not_near: ['']}\n", "a.yaml", 3, "must not be near"),
        ("wrods: [天河]\n", "a.yaml", 1, "did you mean 'words'"),
        ("id: a/b\nwords: [天河]\n", "a.yaml", 1, "'a/b' is no name"),
        ("words: [天河]\nthreshold: 0\n", "a.yaml", 2, "> 0"),
        ("words: [天河]\ndetectors:\n  idcard:\n", "a.yaml", 3, "known are identity, bank-card, phone, passport"),
        ("words: [天河\n", "a.yaml", 2, "not readable as YAML"),
        ("天河\n长\ue000城\n", "a.txt", 2, "save the file as UTF-8"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_how_to_mend_it(text: str, name: str, line: int, says: str) -> None:
    error = mistake(text, name)
    assert (error.line, str(error.path)) == (line, name)
    assert says in str(error)


def test_messages_about_words_do_not_give_the_word_away() -> None:
    assert "甲" not in str(mistake("天河\n甲\n", "a.txt"))
    assert "天河" not in str(mistake("天河,1\n天河,2\n", "a.csv"))


def test_ten_thousand_words_are_taken_and_one_more_is_refused_at_its_line() -> None:
    words = [f"词语{number}" for number in range(10_001)]
    assert len(listed("\n".join(words[:-1]), "a.txt").words) == 10_000
    error = mistake("\n".join(words), "a.txt")
    assert error.line == 10_001
    assert "at most 10000: split it" in str(error)


def test_a_doubled_word_counts_once_and_is_told() -> None:
    found = listed("天河計劃\n长城\n天河计划\n", "a.txt")
    assert [(word.text, word.number) for word in found.words] == [("天河計劃", 1), ("长城", 2)]
    assert found.warnings == ("a.txt:3: the word stands on line 1 already and is counted once",)


def test_a_word_of_two_letters_is_taken_with_a_warning() -> None:
    found = listed("AI\n", "a.txt")
    assert len(found.words) == 1
    assert "scanning gets slow" in found.warnings[0]


def test_a_list_may_hold_detectors_alone() -> None:
    found = listed("detectors:\n  identity:\n  phone: {at_least: 50, severity: high}\n")
    assert [(wanted.detector.name, wanted.at_least, wanted.severity) for wanted in found.detectors] == [
        ("identity", 1, Severity.LOW),
        ("phone", 50, Severity.HIGH),
    ]


def test_a_file_that_is_far_too_large_is_refused() -> None:
    assert "16 MiB" in str(mistake(b"x" * (16 * 1024 * 1024 + 1), "a.txt"))


def test_the_digest_changes_with_the_bytes_and_with_the_name(tmp_path: Path) -> None:
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text("天河", "utf-8")
    other.write_text("天河", "utf-8")
    assert read(one).digest.startswith("sha256:")
    assert read(one).digest == read(one).digest != read(other).digest
