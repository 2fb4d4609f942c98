"""The pages of self-check rounds."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.campaigns import attestations, closing
from server.campaigns.models import Attestation, Campaign, Exemption
from server.campaigns.questions import questions_of

pytestmark = pytest.mark.django_db
PASSWORD = "对马海峡-correct-horse"
Seat = Callable[..., Client]
People = Callable[..., User]
Round = Callable[..., Campaign]
Desk = Callable[..., Any]


def form(**more: Any) -> dict[str, Any]:
    today = timezone.localdate()
    days = {"starts_on": today.isoformat(), "deadline": (today + timedelta(days=9)).isoformat(), "inspection_on": ""}
    return {"title": "四季度保密自查", "classes": ["internal"], "grace_days": "3", "profile": "", **days, **more}


def address(name: str, campaign: Campaign, *more: Any) -> str:
    return reverse(f"web:{name}", args=[campaign.pk, *more])


def test_a_round_is_opened_and_changed_on_its_page(person: People, seat: Seat, organise: Any) -> None:
    client, where = seat(person()), organise("总部/办公室")
    answer = client.post(reverse("web:campaign-new"), form(departments=[where.pk]))
    campaign = Campaign.objects.get()
    assert answer["Location"] == address("campaign", campaign)
    assert (list(campaign.departments.all()), campaign.whole_house) == ([where], False)
    shown = client.get(address("campaign-edit", campaign)).content.decode()
    assert f'value="{where.pk}" checked' in shown
    client.post(address("campaign-edit", campaign), form(title="延期", grace_days="9"))
    campaign.refresh_from_db()
    assert (campaign.title, campaign.grace_days, campaign.whole_house) == ("延期", 9, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [("starts_on", "tomorrow"), ("grace_days", "many"), ("departments", ["99999"]), ("classes", []), ("title", "")],
)
def test_a_mistake_in_the_form_is_told_beside_its_field_and_loses_nothing(
    person: People, seat: Seat, field: str, value: Any
) -> None:
    answer = seat(person()).post(reverse("web:campaign-new"), form(**{"grace_days": "7", field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count('class="field__error"') == 1
    assert field in ("title", "grace_days") or ("四季度保密自查" in page and 'value="7"' in page)
    assert not Campaign.objects.exists()


def test_the_matrix_leads_to_the_computers_behind_each_number(
    person: People, seat: Seat, make_round: Round, desk_pc: Desk, self_check: Any, organise: Any
) -> None:
    campaign = make_round()
    self_check(desk_pc("done"), failed=("PWD-02",))
    desk_pc("waiting")
    desk_pc("elsewhere", "总部/财务处")
    client = seat(person())
    page = client.get(address("campaign", campaign)).content.decode()
    cells = [re.sub(r"<[^>]+>", " ", row).split()[:8] for row in re.findall(r'<tr class="row".*?</tr>', page, re.S)]
    assert cells == [
        ["办公室", "2", "1", "0", "1", "0", "0", "1"],
        ["财务处", "1", "0", "0", "1", "0", "0", "0"],
    ]
    assert "PWD-02" in page

    def listed(**query: Any) -> list[str]:
        shown = client.get(address("campaign-members", campaign), query).content.decode()
        return re.findall(r"data-open><b>([^<]+)</b>", shown)

    assert listed() == ["elsewhere", "waiting"]
    assert listed(standing="all", department=organise("总部/办公室").pk) == ["done", "waiting"]
    assert listed(standing="failing") == ["done"]
    assert listed(standing="all", q="else") == ["elsewhere"]
    closing.close(campaign, by=person(username="second"), note="补查")
    assert listed() == ["elsewhere", "waiting"]
    assert listed(standing="all", q="else") == ["elsewhere"]


def test_the_list_comes_as_a_file_without_formulas_and_that_is_on_record(
    person: People, seat: Seat, make_round: Round, desk_pc: Desk
) -> None:
    campaign = make_round()
    desk_pc("=cmd|' /C calc'!A0", number="+1")
    answer = seat(person()).get(address("campaign-export", campaign))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["Asset number", "Computer"]
    assert rows[1][:2] == ["'+1", "'=cmd|' /C calc'!A0"]
    assert Entry.objects.get(action="campaign.export").detail["rows"] == "unfinished"


def test_a_computer_is_exempted_and_taken_back_in(person: People, seat: Seat, make_round: Round, desk_pc: Desk) -> None:
    campaign, pc, client = make_round(), desk_pc(), seat(person())
    where = address("campaign-exempt", campaign, pc.pk)
    assert client.post(where, {"reason": ""}).status_code == 422
    client.post(where, {"reason": "封存"})
    page = client.get(address("campaign-members", campaign) + "?standing=exempt").content.decode()
    assert "封存" in page
    assert client.get(where).status_code == 200
    client.post(where, {"end": "1"})
    assert not Exemption.objects.exists()


def test_a_reminder_without_a_road_says_to_print_the_list(
    person: People, seat: Seat, make_round: Round, desk_pc: Desk
) -> None:
    desk_pc()
    campaign, client = make_round(), seat(person())
    page = client.post(address("campaign-remind", campaign), follow=True).content.decode()
    assert "print or export" in page
    assert Campaign.objects.get().reminded_at is not None


def everything(campaign: Campaign, answer: str = "yes") -> dict[str, str]:
    return {f"a-{one.control}": answer for one in questions_of(campaign)}


def test_a_questionnaire_is_kept_signed_and_shown_to_who_may_only_read(
    person: People, seat: Seat, make_round: Round, desk_pc: Desk, organise: Any
) -> None:
    desk_pc()
    campaign, where = make_round(), organise("总部/办公室")
    head = person(Role.DEPARTMENT, department=where)
    client, sheet = seat(head), address("campaign-answers", campaign, where.pk)
    client.post(sheet, {"a-SITE-05": "no", "n-SITE-05": "换锁"})
    assert "换锁" in client.get(sheet).content.decode()
    reader = seat(person(Role.VIEWER, department=where))
    assert "换锁" not in reader.get(sheet).content.decode()  # a draft is nobody else's word yet
    wrong = client.post(sheet, everything(campaign) | {"sign": "1", "password": "nonsense"})
    assert wrong.status_code == 422
    assert "nothing was signed" in wrong.content.decode()
    client.post(sheet, everything(campaign) | {"sign": "1", "password": PASSWORD})
    signed = Attestation.objects.get()
    assert signed.signed_by == head
    shown = reader.get(sheet).content.decode()
    assert signed.digest in shown
    assert signed.chained in shown
    assert reader.post(sheet, everything(campaign, "no")).status_code == 403
    assert "✓" in client.get(address("campaign", campaign)).content.decode()


@pytest.mark.parametrize("key", [0, 99999])
def test_the_questionnaire_of_another_department_is_not_there(
    person: People, seat: Seat, make_round: Round, organise: Any, key: int
) -> None:
    campaign, beside = make_round(), organise("总部/财务处")
    client = seat(person(Role.DEPARTMENT, department="总部/办公室"))
    for other in (key, beside.pk):
        assert client.get(address("campaign-answers", campaign, other)).status_code == 404


def test_a_closed_round_stands_on_its_sheet(
    person: People, seat: Seat, make_round: Round, desk_pc: Desk, organise: Any
) -> None:
    officer, where = person(), organise("总部/办公室")
    desk_pc("absent-pc")
    campaign, client = make_round(), seat(officer)
    given = {one.control: attestations.Given("yes") for one in questions_of(campaign)}
    given["SITE-05"] = attestations.Given("no", "换锁")
    attestations.sign(campaign, where, given, by=officer, password=PASSWORD)
    assert client.post(address("campaign-close", campaign), {"note": ""}).status_code == 422
    client.post(address("campaign-close", campaign), {"note": "下周补查"})
    campaign.refresh_from_db()
    page = client.get(address("campaign-sheet", campaign)).content.decode()
    for told in (campaign.number, campaign.digest, "下周补查", "absent-pc", "换锁", 'class="signatures"'):
        assert told in page
    assert client.get(address("campaign-edit", campaign)).status_code in (200, 403)
    assert client.post(address("campaign-edit", campaign), form()).status_code == 422
    assert address("campaign-edit", campaign) not in client.get(address("campaign", campaign)).content.decode()


def test_an_empty_list_teaches_the_next_step(person: People, seat: Seat) -> None:
    page = seat(person()).get(reverse("web:campaigns")).content.decode()
    assert 'class="empty"' in page
    assert reverse("web:campaign-new") in page
    assert reverse("web:campaign-new") not in seat(person(Role.VIEWER)).get(reverse("web:campaigns")).content.decode()


@pytest.mark.parametrize(
    ("name", "most"), [("campaigns", 8), ("campaign", 14), ("campaign-members", 12), ("campaign-sheet", 14)]
)
@pytest.mark.parametrize("closed", [False, True])
def test_the_number_of_queries_does_not_grow(
    person: People,
    seat: Seat,
    make_round: Round,
    desk_pc: Desk,
    self_check: Any,
    organise: Any,
    name: str,
    most: int,
    closed: bool,
    django_assert_max_num_queries: Any,
) -> None:
    campaign = make_round(departments=[organise("总部")])
    for number in range(12):
        self_check(desk_pc(f"pc-{number}", f"总部/{number}处"), failed=("PWD-02",) * (number % 2))
        desk_pc(f"other-{number}", f"总部/{number}处")
    if closed:
        closing.close(campaign, by=person(username="closer"), note="x")
    client = seat(person(Role.DEPARTMENT, department="总部"))
    where = reverse(f"web:{name}") if name == "campaigns" else address(name, campaign)
    client.get(where)
    with django_assert_max_num_queries(most):
        assert client.get(where).status_code == 200


def test_the_year_s_questions_to_the_office_are_a_round_of_their_own(
    person: People, seat: Seat, organise: Any, desk_pc: Desk
) -> None:
    desk_pc()
    client, where = seat(person()), organise("总部/办公室")
    client.post(reverse("web:campaign-new"), form(profile="office", classes=[], departments=[where.pk]))
    campaign = Campaign.objects.get()
    shown = client.get(address("campaign", campaign)).content.decode()
    assert address("campaign-answers", campaign, where.pk) in shown
    assert address("campaign-remind", campaign) not in shown
    assert address("campaign-members", campaign) + '"' not in shown
    assert client.get(address("campaign-sheet", campaign)).status_code == 200
    assert client.get(address("campaign-members", campaign)).status_code == 200
    answers = client.get(address("campaign-answers", campaign, where.pk)).content.decode()
    assert all(question.control in answers for question in questions_of(campaign))
    page = client.get(reverse("web:campaigns")).content.decode()
    assert "0 departments have signed" in page
    assert "100%" not in page  # of no computer at all
    given = {question.control: attestations.Given("yes") for question in questions_of(campaign)}
    attestations.sign(campaign, where, given, by=person(Role.ADMIN), password=PASSWORD)
    assert "1 department has signed" in client.get(reverse("web:campaigns")).content.decode()
