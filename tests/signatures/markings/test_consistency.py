"""What is wrong between the marks of one document, and between a mark and where it stands."""

from __future__ import annotations

from datetime import date

import pytest

from protocol.records import Place
from signatures.markings import Circumstances, Grammar
from signatures.markings.consistency import outlasts
from signatures.markings.periods import NO_END, Expiry
from signatures.passages import Passage, Zone

TOP, BODY, FOOTER, LEAD = Zone.P1_TOP_LEFT, Zone.BODY, Zone.FOOTER, Zone.PARA_LEAD


def codes(grammar: Grammar, *passages: tuple[Zone, str] | Passage, least: int = 45) -> dict[str, tuple[str, ...]]:
    """Zone and marking of each finding, with its codes of consistency."""
    given = [p if isinstance(p, Passage) else Passage(*p) for p in passages]
    form = {"STAR_MISSING", "PERIOD_MISSING", "STAR_VARIANT", "SPACING"}
    found = grammar.find(given, least=least)
    return {f"{f.zone} {f.marking}": tuple(c for c in f.codes if c not in form) for f in found}


class TestConflicts:
    def test_two_levels_at_the_top_and_around_the_pages_contradict_each_other(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★10年"), (Zone.HEADER, "秘密★10年"))
        assert set(found.values()) == {("CONFLICTING_MARKS",)}
        assert len(found) == 2

    def test_two_periods_of_one_level_contradict_each_other(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★10年"), (Zone.HEADER, "机密★5年"))
        assert set(found.values()) == {("CONFLICTING_MARKS",)}

    def test_one_period_in_years_and_months_is_no_contradiction(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★1年"), (Zone.HEADER, "机密★12个月"))
        assert found == {"p1_top_left 机密★1年": (), "header 机密★12个月": ("PERIOD_UNIT",)}

    def test_a_mark_without_its_period_repeats_the_one_that_has_it(self, grammar: Grammar) -> None:
        assert codes(grammar, (TOP, "机密★10年"), (FOOTER, "机密")) == {
            "p1_top_left 机密★10年": (),
            "footer 机密": (),
        }

    def test_two_banners_of_another_country_contradict_each_other_too(self, grammar: Grammar) -> None:
        found = codes(grammar, (Zone.HEADER, "SECRET//NOFORN"), (FOOTER, "TOP SECRET//NOFORN"))
        assert set(found.values()) == {("CONFLICTING_MARKS",)}

    def test_marks_of_different_schemes_are_not_compared(self, grammar: Grammar) -> None:
        found = codes(grammar, (Zone.HEADER, "NATO SECRET"), (FOOTER, "核心商密★5年"))
        assert not any("CONFLICTING_MARKS" in each for each in found.values())

    @pytest.mark.parametrize("notation", ["非密", "（此件公开发布）", "主动公开"])
    def test_a_notation_that_denies_the_mark_is_a_conflict(self, grammar: Grammar, notation: str) -> None:
        assert codes(grammar, (TOP, "机密★10年"), (Zone.NOTE_END, notation)) == {
            "p1_top_left 机密★10年": ("CONFLICTING_MARKS",)
        }

    def test_publication_on_request_denies_nothing(self, grammar: Grammar) -> None:
        assert codes(grammar, (TOP, "机密★10年"), (Zone.NOTE_END, "依申请公开")) == {"p1_top_left 机密★10年": ()}

    def test_a_weak_word_takes_no_part(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★10年"), (TOP, "标注为“秘密★5年”字样"), least=1)
        assert found["p1_top_left 机密★10年"] == ()


class TestCompilation:
    def test_a_cover_below_what_is_bound_in_is_told(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "秘密★5年"), (BODY, "机密★5年"))
        assert found == {"p1_top_left 秘密★5年": ("COMPILATION",), "body 机密★5年": ()}

    def test_a_cover_with_a_shorter_period_is_told(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★5年"), (BODY, "秘密★10年"))
        assert found["p1_top_left 机密★5年"] == ("COMPILATION",)
        assert codes(grammar, (TOP, "机密★5年"), (BODY, "秘密★长期"))["p1_top_left 机密★5年"] == ("COMPILATION",)

    def test_a_cover_of_the_highest_level_and_longest_period_is_right(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★20年"), (BODY, "秘密★5年"), (BODY, "机密★20年"))
        assert set(found.values()) == {()}

    def test_marks_at_the_front_of_later_pages_belong_to_documents_bound_in(self, grammar: Grammar) -> None:
        inner = Passage(Zone.TITLE, "绝密★20年", Place(page=7))
        assert codes(grammar, (TOP, "机密★20年"), inner)["p1_top_left 机密★20年"] == ("COMPILATION",)
        same = Passage(Zone.TITLE, "绝密★20年", Place(page=1))
        assert "CONFLICTING_MARKS" in codes(grammar, (TOP, "机密★20年"), same)["p1_top_left 机密★20年"]

    def test_a_cover_that_names_its_period_elsewhere_is_not_too_short(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密"), (Zone.HEADER, "机密★20年"), (BODY, "秘密★10年"))
        assert found["p1_top_left 机密"] == found["header 机密★20年"] == ()
        bare = codes(grammar, (TOP, "机密"), (BODY, "秘密★10年"))
        assert bare["p1_top_left 机密"] == ()


class TestPortions:
    def test_a_paragraph_above_the_cover_is_told(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "秘密★5年"), (LEAD, "（机密）本部分为部署。"))
        assert found["para_lead 机密"] == ("PORTION_HIGHER",)
        assert found["p1_top_left 秘密★5年"] == ()

    def test_a_paragraph_not_above_the_cover_is_right(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★5年"), (LEAD, "（机密）本部分为部署。"), (LEAD, "（秘密）其余。"))
        assert set(found.values()) == {()}

    def test_without_a_cover_there_is_nothing_to_be_above(self, grammar: Grammar) -> None:
        assert set(codes(grammar, (LEAD, "（机密）本部分为部署。")).values()) == {()}

    def test_a_secret_paragraph_under_an_unclassified_banner_is_told(self, grammar: Grammar) -> None:
        banner, portion = (Zone.HEADER, "UNCLASSIFIED"), (LEAD, "(S//NF) The route is fixed.")
        assert codes(grammar, banner, portion) == {"para_lead S//NF": ("PORTION_HIGHER",)}
        assert codes(grammar, (Zone.HEADER, "SECRET//NOFORN"), portion)["para_lead S//NF"] == ()
        title = (Zone.TITLE, "(S//NF) The route")
        assert codes(grammar, banner, title)["title S//NF"] == ("PORTION_HIGHER",)
        assert codes(grammar, (BODY, "UNCLASSIFIED"), portion)["para_lead S//NF"] == ()


class TestNamesAndProperties:
    def test_a_property_of_another_level_than_the_page_is_told(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★5年"), Passage(Zone.DOC_PROPERTY, "秘密", name="密级"))
        assert found == {"p1_top_left 机密★5年": (), "doc_property 秘密": ("PROPERTY_MISMATCH",)}

    @pytest.mark.parametrize("zone", [Zone.FILENAME, Zone.ARCHIVE_MEMBER, Zone.PATH])
    def test_a_name_of_another_level_than_the_page_is_told(self, grammar: Grammar, zone: Zone) -> None:
        found = codes(grammar, (TOP, "机密★5年"), (zone, "（绝密）方案"))
        assert found[f"{zone} 绝密"] == ("PROPERTY_MISMATCH",)
        assert found["p1_top_left 机密★5年"] == ()

    def test_a_subject_that_says_more_than_its_letter_is_told(self, grammar: Grammar) -> None:
        found = codes(grammar, (Zone.SUBJECT, "[机密] 方案"), (BODY, "秘密★5年"))
        assert found["subject 机密"] == ("PROPERTY_MISMATCH",)

    def test_names_that_agree_or_stand_alone_are_right(self, grammar: Grammar) -> None:
        assert set(codes(grammar, (TOP, "机密★5年"), (Zone.FILENAME, "（机密）方案.docx")).values()) == {()}
        assert set(codes(grammar, (Zone.FILENAME, "（机密）方案.docx")).values()) == {()}

    def test_the_highest_mark_of_the_pages_is_what_counts(self, grammar: Grammar) -> None:
        found = codes(
            grammar, (TOP, "机密"), (Zone.HEADER, "机密"), (LEAD, "（秘密）其余。"), (Zone.FILENAME, "[机密]1")
        )
        assert found["filename 机密"] == ()

    def test_a_property_that_denies_the_mark_is_a_mismatch_too(self, grammar: Grammar) -> None:
        found = codes(grammar, (TOP, "机密★5年"), Passage(Zone.DOC_PROPERTY, "公开", name="密级"))
        assert found["p1_top_left 机密★5年"] == ("CONFLICTING_MARKS", "PROPERTY_MISMATCH")


class TestPosition:
    @pytest.mark.parametrize("zone", [BODY, FOOTER, Zone.NOTE_END])
    def test_a_mark_only_where_it_should_not_stand_alone_is_told(self, grammar: Grammar, zone: Zone) -> None:
        front = (Zone.TITLE, "关于演练安排的通知")
        assert codes(grammar, front, (zone, "机密★10年")) == {f"{zone} 机密★10年": ("POSITION",)}

    def test_a_mark_at_the_front_or_in_the_header_as_well_is_right(self, grammar: Grammar) -> None:
        for zone in (TOP, Zone.HEADER, Zone.WATERMARK):
            found = codes(grammar, (Zone.TITLE, "关于演练安排的通知"), (zone, "机密★10年"), (FOOTER, "机密★10年"))
            assert set(found.values()) == {()}

    def test_where_the_first_page_was_not_seen_nothing_is_said_of_it(self, grammar: Grammar) -> None:
        assert codes(grammar, (FOOTER, "机密★10年")) == {"footer 机密★10年": ()}
        assert codes(grammar, (TOP, "  \n"), (FOOTER, "机密★10年")) == {"footer 机密★10年": ()}

    def test_a_lone_level_word_has_no_place_prescribed(self, grammar: Grammar) -> None:
        assert codes(grammar, (Zone.TITLE, "关于演练安排的通知"), (FOOTER, "机密")) == {"footer 机密": ()}


class TestCopyNumber:
    PAPER = "特急\n远山市人民政府文件\n远政〔2024〕15号"

    def test_marked_official_paper_without_a_copy_number_is_told(self, grammar: Grammar) -> None:
        assert codes(grammar, (TOP, f"机密★10年\n{self.PAPER}")) == {"p1_top_left 机密★10年": ("NO_COPY_NUMBER",)}

    def test_with_a_copy_number_it_is_right(self, grammar: Grammar) -> None:
        for number in ("000012", "份号：000012", "№000012"):
            assert codes(grammar, (TOP, f"{number}\n机密★10年\n{self.PAPER}")) == {"p1_top_left 机密★10年": ()}

    def test_what_is_not_plainly_official_paper_needs_none(self, grammar: Grammar) -> None:
        assert codes(grammar, (TOP, "机密★10年\n特急\n远山市人民政府文件")) == {"p1_top_left 机密★10年": ()}
        assert codes(grammar, (TOP, "机密★10年\n远政〔2024〕15号")) == {"p1_top_left 机密★10年": ()}

    def test_numbered_paper_without_a_mark_is_a_weak_remark_for_the_self_check(self, grammar: Grammar) -> None:
        paper = Passage(TOP, f"000012\n{self.PAPER}", Place(page=1))
        assert grammar.find([paper]) == ()
        (remark,) = grammar.find([paper], least=25)
        assert (remark.family, remark.level, remark.codes) == ("state", None, ("COPY_NUMBER_NO_MARK",))
        assert (remark.marking, remark.zone, remark.place) == ("份号", "p1_top_left", Place(page=1))
        assert remark.confidence == 40
        assert grammar.find([paper], least=41) == ()

    def test_the_less_it_looks_like_official_paper_the_weaker_the_remark(self, grammar: Grammar) -> None:
        plain = Passage(TOP, "000012\n远山市人民政府文件")
        assert grammar.find([plain], least=25)[0].confidence == 30
        assert grammar.find([Passage(TOP, "000012")], least=1) == ()
        assert grammar.find([Passage(TOP, "远山市人民政府文件\n000012")], least=1) == ()

    def test_a_word_too_weak_to_be_a_mark_does_not_hide_the_remark(self, grammar: Grammar) -> None:
        found = grammar.find([Passage(TOP, f"000012\n{self.PAPER}\n绝秘"), Passage(BODY, "远山")], least=25)
        assert [f.codes for f in found] == [("LEVEL_UNKNOWN",), ("COPY_NUMBER_NO_MARK",)]

    def test_a_marked_document_gets_no_such_remark(self, grammar: Grammar) -> None:
        found = grammar.find([Passage(TOP, f"000012\n机密★10年\n{self.PAPER}")], least=25)
        assert [f.level for f in found] == ["机密"]


@pytest.mark.parametrize("zone", [Zone.P1_TOP_LEFT, Zone.COVER])
@pytest.mark.parametrize(("page", "included"), [(None, False), (1, False), (2, True), (3, True)])
def test_from_its_second_page_on_a_cover_is_that_of_something_included(
    grammar: Grammar, zone: Zone, page: int | None, included: bool
) -> None:
    above = Passage(Zone.P1_TOP_LEFT, "秘密★5年", Place(page=1))
    found = grammar.find([above, Passage(zone, "绝密★30年", Place(page=page))])
    first = {code for finding in found if finding.level == "秘密" for code in finding.codes}
    assert first == ({"COMPILATION"} if included else {"CONFLICTING_MARKS"})


@pytest.mark.parametrize(
    ("inner", "cover", "longer"),
    [
        ("P10Y", "P5Y", True),
        ("P5Y", "P10Y", False),
        ("P5Y", "P5Y", False),
        ("P24M", "P1Y", True),
        ("P12M", "P1Y", False),
        ("P13M", "P1Y", True),
        ("P366D", "P1Y", True),
        ("P365D", "P1Y", False),
        ("LONG", "P30Y", True),
        ("LONG", "LONG", False),
        ("P30Y", "LONG", False),
        ("LONG", "COND:启用前", True),
        ("P5Y", "COND:启用前", False),
        ("COND:启用前", "P5Y", False),
        (None, "P5Y", False),
        ("P5Y", None, False),
    ],
)
def test_of_two_terms_the_longer_is_told_only_where_it_is_certain(
    inner: str | None, cover: str | None, *, longer: bool
) -> None:
    assert outlasts((inner, NO_END), (cover, NO_END)) is longer


def test_known_last_days_decide_over_the_written_terms() -> None:
    early, late = Expiry(date(2030, 1, 1)), Expiry(date(2031, 1, 1))
    assert outlasts(("DATE:2031-01-01", late), ("P10Y", early))
    assert not outlasts(("P10Y", early), ("DATE:2031-01-01", late))
    assert not outlasts(("P10Y", early), ("DATE:2030-01-01", early))
    assert not outlasts(("P10Y", NO_END), ("DATE:2030-01-01", early))


def test_an_outsiders_knowledge_changes_no_code_of_consistency(grammar: Grammar) -> None:
    passages = [Passage(TOP, "机密★10年"), Passage(FOOTER, "秘密★5年")]
    about = Circumstances(today=date(2026, 11, 21))
    assert [f.codes for f in grammar.find(passages, about=about)] == [("CONFLICTING_MARKS",)] * 2


def test_a_missing_mark_is_told_from_its_own_confidence_on(grammar: Grammar) -> None:
    paper = [Passage(Zone.P1_BLOCK, "000012\n特急\n远山市人民政府文件\n远政〔2024〕15号")]
    assert [(f.rule, f.codes) for f in grammar.find(paper, least=40)] == [
        ("cn-state.copy-number", ("COPY_NUMBER_NO_MARK",))
    ]
    assert grammar.find(paper, least=41) == ()


def test_the_second_page_is_no_longer_the_cover(grammar: Grammar) -> None:
    cover = Passage(Zone.P1_TOP_LEFT, "秘密★5年", Place(page=1))
    inside = Passage(Zone.P1_TOP_LEFT, "机密★10年", Place(page=2))
    assert {f.level: f.codes for f in grammar.find([cover, inside])}["秘密"] == ("COMPILATION",)


def test_a_mark_for_review_beside_a_copy_number_is_all_that_is_told(grammar: Grammar) -> None:
    front = Passage(Zone.P1_BLOCK, "000012\n远山市人民政府文件")
    assert [f.codes for f in grammar.find([front], least=25)] == [("COPY_NUMBER_NO_MARK",)]
    portion = Passage(Zone.PARA_LEAD, "（机密）本部分为行动部署。")
    assert [(f.level, f.confidence) for f in grammar.find([front, portion], least=25)] == [("机密", 45)]
