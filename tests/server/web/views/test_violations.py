"""The list of violations."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from protocol.records import Medium
from server.accounts.models import Role, User
from server.violations import transitions
from server.violations.models import Group

pytestmark = pytest.mark.django_db
URL = reverse("web:violations")
Seat = Callable[..., Client]
People = Callable[..., User]


def listed(client: Client, query: str = "") -> list[str]:
    """The ids of the rows, as they stand."""
    return re.findall(r'id="v-([0-9a-f-]{36})"', client.get(f"{URL}{query}").content.decode())


def ids(*groups: Group) -> list[str]:
    return [str(group.pk) for group in groups]


def test_nobody_sees_the_list_without_signing_in(client: Client) -> None:
    answer = client.get(URL)
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('web:sign-in')}?next={URL}"


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_read_the_list(person: People, seat: Seat, office: Any, role: Role) -> None:
    group = office.file(office.computer(department="总部"))
    scope = {"department": "总部"} if role == Role.DEPARTMENT else {}
    assert listed(seat(person(role, **scope))) == ids(group)


def test_the_worst_and_newest_stand_first(person: People, seat: Seat, office: Any) -> None:
    pc, now = office.computer(), timezone.now()
    low = office.file(pc, severity="low", content="1", seen_at=now)
    old = office.file(pc, severity="critical", content="2", seen_at=now - timedelta(days=3))
    new = office.file(pc, severity="critical", content="3", seen_at=now - timedelta(days=1))
    high = office.file(pc, severity="high", content="4", seen_at=now)
    client = seat(person())
    assert listed(client) == ids(new, old, high, low)
    assert listed(client, "?sort=last")[-1] == str(old.pk)


def test_a_row_tells_what_where_who_and_how_often_but_no_path(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer("bgs-zhangsan", person="张三", department="办公室")
    office.file(pc, "机密★10年", times=3)
    page = seat(person()).get(URL).content.decode()
    for told in (
        "机密★10年",
        "State secret",
        "MEDIA-05",
        "bgs-zhangsan",
        "张三",
        "办公室",
        "Kingston DataTraveler 7F2A",
    ):
        assert told in page
    for told in (".docx", "page header", 'title="Sightings">3<'):
        assert told in page
    assert "二季度" not in page
    assert "干部任免" not in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?severity=critical", ["a", "c"]),
        ("?severity=critical&severity=high", ["a", "c", "b"]),
        ("?family=work", ["b"]),
        ("?control=NET-03", ["c"]),
        ("?computer=caiwu", ["b"]),
        ("?q=机密", ["a"]),
        ("?q=%E5%A4%96%E8%81%94", ["c"]),
        ("?q=outside+connection", ["c"]),
        ("?q=SanDisk", ["b"]),
        ("?q=caiwu+%E5%B7%A5%E4%BD%9C", ["b"]),
        ("?q=caiwu+机密", []),
        ("?severity=nonsense", ["a", "c", "b"]),
        ("?state=nonsense", ["a", "c", "b"]),
        ("?q=%00", ["a", "c", "b"]),
        ("?page=999", ["a", "c", "b"]),
    ],
)
def test_the_filters_of_an_address_choose_the_rows(
    person: People, seat: Seat, office: Any, query: str, expected: list[str]
) -> None:
    now = timezone.now()
    other = Medium(key="aa" * 32, bus="usb", vendor="SanDisk", model="Ultra")
    found = {
        "a": office.file(office.computer("bangong"), seen_at=now),
        "b": office.file(
            office.computer("caiwu"), "工作秘密", family="work", severity="high", medium=other, seen_at=now
        ),
        "c": office.network(office.computer("jiyao", "confidential"), now - timedelta(hours=1)),
    }
    assert listed(seat(person()), query) == ids(*(found[name] for name in expected))


def test_a_computer_can_be_named_by_its_id(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer("one")
    mine = office.file(pc, content="1")
    office.file(office.computer("two"), content="2", medium=None)
    assert listed(seat(person()), f"?computer={pc.pk}") == ids(mine)


def test_the_tabs_count_every_state_under_the_filters(person: People, seat: Seat, office: Any) -> None:
    boss, pc = person(), office.computer()
    first, second, third = (office.file(pc, content=str(n), medium=None, severity="high") for n in range(3))
    office.file(pc, content="other", medium=None, severity="low")
    transitions.assign(first, to=boss, by=boss)
    transitions.mark_false_alarm(second, by=boss, reason="template")
    client = seat(boss)
    page = client.get(f"{URL}?severity=high").content.decode()
    tabs = dict(re.findall(r'<a class="tabs__tab[^>]*>([^<]+) <span class="tabs__count">(\d+)</span>', page))
    assert tabs == {
        "Open": "2",
        "New": "1",
        "Assigned": "1",
        "Rectified": "0",
        "Verified": "0",
        "Closed": "0",
        "False alarm": "1",
        "Waived": "0",
        "All": "3",
    }
    assert listed(client, "?state=false_alarm") == ids(second)
    assert listed(client, "?state=new&severity=high") == ids(third)
    assert len(listed(client, "?state=all")) == 4
    assert listed(client, "?assignee=me") == ids(first)


@pytest.mark.parametrize(
    ("few", "some", "most", "told"),
    [
        (500, 10_000, 1, {"New": "3", "False alarm": "1", "All": "4"}),
        (0, 10_000, 1, {"New": "3", "False alarm": "1", "All": "4"}),
        (0, 0, 2, {"New": "2+", "False alarm": "1", "All": "2+"}),
    ],
    ids=["a few", "some", "very many"],
)
def test_the_tabs_count_those_in_which_a_text_is_found_and_of_very_many_only_the_first(
    person: People,
    seat: Seat,
    office: Any,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    some: int,
    most: int,
    told: dict[str, str],
) -> None:
    monkeypatch.setattr("server.web.searching.FEW", few)
    monkeypatch.setattr("server.web.searching.SOME", some)
    monkeypatch.setattr("server.web.filters._MOST_WITH_TEXT", most)
    boss, pc = person(), office.computer("pc-1")
    fitting = [office.file(pc, content=str(number), medium=None) for number in range(4)]
    office.file(office.computer("other"), content="elsewhere", medium=None)
    transitions.mark_false_alarm(fitting[0], by=boss, reason="template")
    client = seat(boss)
    page = client.get(f"{URL}?q=pc-1").content.decode()
    tabs = dict(re.findall(r'<a class="tabs__tab[^>]*>([^<]+) <span class="tabs__count">([^<]+)</span>', page))
    assert {name: number for name, number in tabs.items() if name in told} == told
    assert sorted(listed(client, "?q=pc-1&state=all")) == sorted(ids(*fitting))


def test_a_long_list_is_cut_into_pages_that_keep_the_filters(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer()
    for number in range(53):
        office.file(pc, content=str(number), medium=None, severity="high")
    client = seat(person())
    first = client.get(f"{URL}?severity=high").content.decode()
    assert "50 on this page, 53 in all" in first
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward is not None
    second = onward[1].replace("&amp;", "&")
    assert len(listed(client, second)) == 3
    assert "severity=high" in second
    back = re.search(r'rel="prev" href="([^"]+)"', client.get(f"{URL}{second}").content.decode())
    assert back is not None
    assert listed(client, back[1].replace("&amp;", "&")) == listed(client, "?severity=high")
    assert not set(listed(client, "?severity=high")) & set(listed(client, second))


def test_the_number_of_queries_does_not_grow_with_the_rows(
    person: People, seat: Seat, office: Any, django_assert_max_num_queries: Any
) -> None:
    client = seat(person(Role.VIEWER))
    for number in range(40):
        pc = office.computer(f"pc-{number}")
        office.file(pc, content=str(number), medium=Medium(key=f"{number:064x}"))
    with django_assert_max_num_queries(8):  # the numbers of the rail, and how much of the house one sees, once
        assert len(listed(client)) == 40


def test_an_empty_collector_says_how_to_enrol_a_computer(person: People, seat: Seat) -> None:
    page = seat(person()).get(URL).content.decode()
    assert "No computer reports here yet" in page
    assert "mijian-server token create" in page
    assert "mijian enroll http://testserver --token" in page


def test_filters_that_nothing_fits_offer_to_be_cleared(person: People, seat: Seat, office: Any) -> None:
    office.file(office.computer())
    page = seat(person()).get(f"{URL}?q=zzz").content.decode()
    assert "Nothing fits these filters" in page
    assert "Clear the filters" in page


def test_no_open_violation_is_no_proof_that_all_is_well(person: People, seat: Seat, office: Any) -> None:
    office.computer()
    page = seat(person()).get(URL).content.decode()
    assert "Nothing to do here" in page
    assert "silent proves nothing" in page


@pytest.mark.parametrize(("role", "offered"), [(Role.VIEWER, 0), (Role.IT, 1), (Role.OFFICER, 1), (Role.ADMIN, 1)])
def test_actions_are_offered_to_those_who_may(
    person: People, seat: Seat, office: Any, role: Role, offered: int
) -> None:
    office.file(office.computer())
    page = seat(person(role)).get(URL).content.decode()
    assert page.count('data-key="f"') == page.count('data-key="a"') == offered


def test_what_a_computer_tells_is_never_taken_for_markup(person: People, seat: Seat, office: Any) -> None:
    office.file(office.computer("<script>alert(1)</script>"), "<b>机密</b>")
    page = seat(person()).get(f"{URL}?q=%22%3E%3Cscript%3E&state=all").content.decode()
    page += seat(person(Role.IT)).get(URL).content.decode()
    assert "<script>alert" not in page
    assert "<b>机密" not in page
    assert '"><script>' not in page


def test_a_violation_that_came_back_says_so(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer())
    Group.objects.filter(pk=group.pk).update(regressed_at=timezone.now())
    assert "Regressed" in seat(person()).get(URL).content.decode()


def test_nothing_of_the_list_may_be_kept_by_a_cache(person: People, seat: Seat) -> None:
    assert "no-store" in seat(person()).get(URL)["Cache-Control"]


def test_the_list_takes_no_form(person: People, seat: Seat) -> None:
    assert seat(person()).post(URL).status_code == 405


def test_the_violations_of_one_medium_are_a_filter_that_names_it(person: People, seat: Seat, office: Any) -> None:
    pc = office.computer(department="总部/办公室")
    wanted, _other = office.file(pc, "机密★10年"), office.file(pc, "秘密★5年", medium=Medium(key="ab" * 32))
    client = seat(person())
    assert listed(client, f"?medium={wanted.medium_id}") == ids(wanted)
    page = client.get(f"{URL}?medium={wanted.medium_id}&state=all").content.decode()
    assert "Removable medium: Kingston DataTraveler 7F2A" in page
    assert 'name="medium"' in page  # the next word that is typed keeps it
    elsewhere = seat(person(Role.DEPARTMENT, department="总部/财务处"))
    hidden = elsewhere.get(f"{URL}?medium={wanted.medium_id}&computer={pc.pk}").content.decode()
    assert "Kingston" not in hidden
    assert pc.name not in hidden


@pytest.mark.parametrize(
    ("days", "told"), [(-12, "12 days late"), (-1, "1 day late"), (0, "due today"), (3, "3 days left")]
)
def test_a_row_says_how_late_it_is(person: People, seat: Seat, office: Any, days: int, told: str) -> None:
    office.file(office.computer())
    Group.objects.update(due_on=timezone.localdate() + timedelta(days=days))
    assert told in seat(person()).get(URL).content.decode()
    Group.objects.update(state="closed")
    assert told not in seat(person(Role.IT)).get(f"{URL}?state=all").content.decode()


def test_keys_of_a_row_on_the_first_page_are_within_their_row(person: People, seat: Seat, office: Any) -> None:
    group = office.file(office.computer())
    page = seat(person()).get(reverse("web:start")).content.decode()
    row = page[page.index(f'id="v-{group.pk}"') :]
    last_cell = row[row.rindex("<td", 0, row.index("</tr>")) : row.index("</tr>")]
    assert reverse("web:assign", args=[group.pk]) in last_cell
    assert last_cell.index('data-key="a"') < last_cell.index("</td>")
