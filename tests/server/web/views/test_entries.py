"""Entries of the ledgers on their pages: reading, entering, changing, importing, printing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from server.accounts.models import Role, User
from server.audit.models import Entry
from server.intake.models import EnrolmentToken
from server.ledger.models import Computer, ImportDraft, MediaSession, Medium, Note, Person

pytestmark = pytest.mark.django_db
Seat = Callable[..., Client]
People = Callable[..., User]
NEW = {"number": "BG-9", "name": "pc-9", "computer_class": "confidential", "level": "机密", "status": "in-use"}


def test_a_computer_is_entered_and_shown_with_its_first_change(person: People, seat: Seat) -> None:
    answer = seat(person()).post(reverse("web:computer-new"), NEW, follow=True)
    page = answer.content.decode()
    assert Computer.objects.get().registered
    for told in ("BG-9", "pc-9", "机密", "entered it into the ledger", "Mint its enrolment token"):
        assert told in page


def test_a_mistake_stands_beside_its_field_and_what_was_typed_stays(person: People, seat: Seat) -> None:
    answer = seat(person()).post(reverse("web:computer-new"), NEW | {"level": "", "person": "无此人"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "无此人" in page
    assert 'aria-invalid="true"' in page
    assert not Computer.objects.exists()


def test_issuing_changes_the_movement_alone(person: People, seat: Seat, enter: Any) -> None:
    officer = person()
    client = seat(officer)
    client.post(reverse("web:medium-new"), {"number": "U-1", "medium_class": "internal", "status": "in-store"})
    enter("赵强")
    medium = Medium.objects.get()
    address = reverse("web:medium-edit", args=[medium.pk]) + "?part=movement"
    assert 'name="number"' not in client.get(address).content.decode()
    client.post(address, {"status": "lent", "holder": "赵强", "return_due": "2026-12-01", "number": "HACK"})
    medium.refresh_from_db()
    assert (medium.number, medium.status, str(medium.holder)) == ("U-1", "lent", "赵强")


def test_a_note_is_kept(person: People, seat: Seat, enter: Any) -> None:
    zhang = enter("张三")
    client = seat(person())
    client.post(reverse("web:person-note", args=[zhang.pk]), {"text": "已谈话"})
    assert Note.objects.get().text == "已谈话"
    assert "已谈话" in client.get(reverse("web:person", args=[zhang.pk])).content.decode()


def test_a_token_is_shown_once_and_ties_the_computer(person: People, seat: Seat) -> None:
    client = seat(person(Role.IT))
    client.post(reverse("web:computer-new"), NEW)
    computer = Computer.objects.get()
    answer = client.post(reverse("web:computer-token", args=[computer.pk]))
    shown = re.search(r"--token (mj-[\w-]+)", answer.content.decode())
    assert shown is not None
    assert EnrolmentToken.objects.get().computer == computer
    assert shown[1] not in client.get(reverse("web:computer", args=[computer.pk])).content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_withdrawn_computer_says_so(person: People, seat: Seat, office: Any) -> None:
    pc, client = office.computer(), seat(person(Role.IT))
    assert client.post(reverse("web:computer-revoke", args=[pc.pk]), {"reason": ""}).status_code == 422
    page = client.post(reverse("web:computer-revoke", args=[pc.pk]), {"reason": "报废"}, follow=True)
    assert "withdrawn" in page.content.decode()
    assert "报废" in page.content.decode()


CSV = "工号,姓名,涉密等级\n1,张三,一般\n2,李四,非涉密\n"


def upload(client: Client, content: bytes, name: str = "people.csv", ledger: str = "people") -> Any:
    return client.post(
        reverse("web:ledger-import", args=[ledger]), {"file": SimpleUploadedFile(name, content, "text/html")}
    )


def test_a_file_is_looked_at_first_and_taken_in_second(person: People, seat: Seat) -> None:
    client = seat(person())
    page = upload(client, CSV.encode()).content.decode()
    assert "张三" in page
    assert not Person.objects.exists()
    (address,) = re.findall(r'action="(/ledger/people/import/\d+/)"', page)
    unseen = client.post(address)
    assert unseen.status_code == 409  # what was not looked at is shown, not taken in
    assert not Person.objects.exists()
    looked_at = {"looked-at": re.findall(r'name="looked-at" value="(\w+)"', page)[0]}
    done = client.post(address, looked_at, follow=True).content.decode()
    assert "Taken in: 2 new, 0 changed." in done
    assert Person.objects.count() == 2
    assert not ImportDraft.objects.exists()
    assert client.post(address).status_code == 404


def test_what_a_file_would_change_is_told_in_words(person: People, seat: Seat) -> None:
    client = seat(person(), "zh-hans")
    client.post(reverse("web:medium-new"), {"number": "U-1", "medium_class": "internal", "status": "in-use"})
    page = upload(
        client, "编号,类别,密级,状态\nU-1,涉密,机密,库存\n".encode("gb18030"), ledger="media"
    ).content.decode()
    for told in ("内部</span> → 涉密", "在用</span> → 库存"):
        assert told in page
    assert "in-store" not in page


def test_a_file_with_a_wrong_row_cannot_be_taken_in(person: People, seat: Seat) -> None:
    page = upload(seat(person()), "工号,姓名\n1,\n".encode()).content.decode()
    assert "To be mended in the file" in page
    assert "Take all of it in" not in page
    assert "The mended file" in page  # and the way on is there
    assert f'action="{reverse("web:ledger-import", args=["people"])}"' in page


@pytest.mark.parametrize("name", ["x.html", "x.csv", "../../etc/passwd", "x.svg"])
def test_an_uploaded_file_is_never_served_and_its_name_never_used(person: People, seat: Seat, name: str) -> None:
    answer = upload(seat(person()), b"<script>alert(1)</script>", name)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.content.decode()
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_another_person_s_draft_is_not_there(person: People, seat: Seat) -> None:
    upload(seat(person(Role.IT)), CSV.encode())
    draft = ImportDraft.objects.get()
    assert seat(person()).post(reverse("web:ledger-import-apply", args=["people", draft.pk])).status_code == 404
    assert not Person.objects.exists()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_is_a_download_of_one_s_own_scope_and_is_logged(
    person: People, seat: Seat, office: Any, form: str
) -> None:
    office.computer("own", department="总部/办公室", number="A-1")
    office.computer("foreign", department="总部/财务处", number="B-1")
    viewer = person(Role.VIEWER, department="总部/办公室")
    answer = seat(viewer).get(reverse("web:ledger-export", args=["computers", form]))
    assert answer["Content-Disposition"].startswith("attachment")
    content = answer.content
    if form == "xlsx":
        from openpyxl import load_workbook

        content = str(list(load_workbook(io.BytesIO(content)).active.values)).encode()
    assert b"A-1" in content
    assert b"B-1" not in content
    assert Entry.objects.get(action="ledger.export").actor == viewer


def test_an_export_can_be_brought_back_though_some_computers_are_only_seen(
    person: People, seat: Seat, office: Any
) -> None:
    office.computer("entered", number="A-1")
    office.computer("only-seen")
    client = seat(person())
    address = reverse("web:ledger-export", args=["computers", "csv"])
    told = client.get(address).content.decode()
    assert "A-1" in told and "only-seen" not in told
    assert "only-seen" in client.get(address, {"registered": "no"}).content.decode()


def test_labels_carry_a_code_made_on_the_spot(person: People, seat: Seat, office: Any) -> None:
    office.computer("pc", number="BG-1", registered_at=timezone.now())
    office.computer("seen-only")
    page = seat(person()).get(reverse("web:labels", args=["computers"])).content.decode()
    assert page.count('class="label__code"') == 1
    assert re.search(r'<path d="M\d+ \d+h\d+v1h-\d+z', page)


@pytest.mark.parametrize("name", ["computers", "media", "people"])
def test_an_empty_ledger_teaches_the_next_step(person: People, seat: Seat, name: str) -> None:
    page = seat(person()).get(reverse(f"web:{name}")).content.decode()
    assert 'class="empty"' in page
    assert "mport the" in page


@pytest.mark.parametrize(("name", "most"), [("media", 7), ("people", 5), ("reconcile", 5), ("waivers", 5)])
def test_the_number_of_queries_does_not_grow(
    person: People, seat: Seat, office: Any, organise: Any, name: str, most: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        pc = office.computer(f"pc-{number}", department="总部/办公室", person=f"人{number}")
        Medium.objects.create(number=f"U-{number}", person=pc.person, holder=pc.person, department=pc.department)
    client = seat(person(Role.DEPARTMENT, department="总部"))
    client.get(reverse(f"web:{name}"))
    with django_assert_max_num_queries(most):
        assert client.get(reverse(f"web:{name}")).status_code == 200


@pytest.mark.parametrize("key", ["99999999999999999999999", "0"])
def test_a_key_that_is_none_leads_nowhere(person: People, seat: Seat, key: str) -> None:
    for path in (f"/media/{key}/", f"/people/{key}/", f"/departments/{key}/", f"/users/{key}/"):
        assert seat(person(Role.ADMIN, username=f"a{len(path)}{path[1]}")).get(path).status_code == 404


@pytest.mark.parametrize(
    ("hold", "access", "told"),
    [
        ("", "", "not held"),
        ("read-only", "read-only", "held: read-only"),
        ("block", "unmounted", "held: not mounted"),
        ("read-only", "writable", "was to be held, found writable"),
        ("", "writable", "was held, let go of"),
    ],
)
def test_the_page_of_a_medium_says_how_it_was_found_to_stand(
    person: People, seat: Seat, office: Any, hold: str, access: str, told: str
) -> None:
    session = office.session(office.computer())
    MediaSession.objects.filter(pk=session).update(hold=hold, access=access)
    page = seat(person()).get(reverse("web:medium", args=[Medium.objects.get().pk])).content.decode()
    assert told in page


def test_an_entry_leads_to_its_person_and_its_department_and_back(
    person: People, seat: Seat, office: Any, self_check: Any
) -> None:
    pc = office.computer(department="总部/办公室", person="张三", registered_at=timezone.now(), number="B-1")
    medium = Medium.objects.create(number="U-1", person=pc.person, department=pc.department, status="lost")
    self_check(pc, 2, failed=("PWD-02",))
    client = seat(person())
    page = client.get(reverse("web:computer", args=[pc.pk])).content.decode()
    assert reverse("web:person", args=[pc.person_id]) in page
    assert f"{reverse('web:computers')}?department={pc.department_id}" in page
    assert "5 passed, 1 failed" in page
    page = client.get(reverse("web:medium", args=[medium.pk])).content.decode()
    assert "<h1>U-1</h1>" in page
    assert "! Lost" in page
    assert f"?medium={medium.pk}&amp;state=all" in page
    things = client.get(reverse("web:person", args=[pc.person_id])).content.decode()
    assert reverse("web:computer", args=[pc.pk]) in things
    assert reverse("web:medium", args=[medium.pk]) in things


def test_the_ledgers_tell_what_is_late_gone_or_checked(
    person: People, seat: Seat, office: Any, self_check: Any
) -> None:
    pc = office.computer()
    self_check(pc, 3, failed=("PWD-02", "SEC-03"))
    office.file(pc)
    yesterday = timezone.localdate() - timezone.timedelta(days=1)
    Medium.objects.update(number="U-1", registered_at=timezone.now(), status="destroyed", return_due=yesterday)
    client = seat(person())
    computers = client.get(reverse("web:computers")).content.decode()
    assert "2 checks failed" in computers
    media = client.get(reverse("web:media")).content.decode()
    for told in ("1 day late", "! Destroyed", f"?medium={Medium.objects.get().pk}"):
        assert told in media


def test_a_form_that_was_open_for_long_overwrites_nothing_of_others(person: People, seat: Seat) -> None:
    client = seat(person())
    client.post("/computers/new/", {"number": "BG-7", "name": "pc-7", "computer_class": "internal", "status": "in-use"})
    entry = Computer.objects.get()
    page = client.get(f"/computers/{entry.pk}/edit/").content.decode()
    form = dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', page)) | {
        "computer_class": "internal",
        "status": "in-use",
    }
    assert form["was-name"] == "pc-7"
    client.post(f"/computers/{entry.pk}/edit/", form | {"place": "402"})
    client.post(f"/computers/{entry.pk}/edit/", form | {"serial": "SN-7"})
    crossed = client.post(f"/computers/{entry.pk}/edit/", form | {"place": "500"})
    assert crossed.status_code == 422
    assert "402" in crossed.content.decode()
    entry.refresh_from_db()
    assert (entry.place, entry.serial) == ("402", "SN-7")
