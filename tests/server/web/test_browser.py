"""The pages in a real browser: keys, dialog, filters, languages, and a content security policy that holds."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect, sync_playwright

from protocol.ids import uuid7
from protocol.records import AgentStarted
from server.accounts.models import Role, User
from server.audit.log import verify_chain
from server.campaigns.models import Attestation, Campaign
from server.incidents.models import Incident
from server.incidents.models import State as IncidentState
from server.intake.models import SpoolEntry
from server.intake.spool import spool
from server.ledger.models import Computer
from server.violations.models import Attachment, Group, State

PASSWORD = "对马海峡-correct-horse"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture
def desk(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Page]]:
    """Opens a browser window; whatever it complained about (policy, script) fails the test at its end."""
    # The driver runs an event loop in this thread; the ORM is used between its steps, never inside them.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    expect.set_options(timeout=60_000)  # a busy computer is no mistake of the pages
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        def window(language: str = "zh-CN", *, scripts: bool = True) -> Page:
            context = browser.new_context(
                locale=language, java_script_enabled=scripts, viewport={"width": 1280, "height": 800}
            )
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield window
        browser.close()
    # A refused sign-in (403) is an answer, not a complaint of the page.
    assert [said for said in complaints if "status of 4" not in said] == []


def sign_in(page: Page, address: str, user: User) -> None:
    page.goto(address)
    page.fill("#username", user.username)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda reached: "/sign-in/" not in reached)


def chosen(page: Page) -> Locator:
    """The marking in the chosen row."""
    return page.locator("[data-selected] .marking")


@pytest.fixture
def three(office: Any, transactional_db: None) -> list[Group]:
    """Three violations, worst first."""
    pc = office.computer("bgs-zhangsan")
    return [
        office.file(pc, "绝密★30年", level="绝密", content="1"),
        office.file(pc, "内部资料", family="internal", severity="high", content="2"),
        office.file(pc, "TLP:AMBER", family="tlp", severity="low", content="3"),
    ]


def test_a_morning_s_work_is_done_from_the_keyboard(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], three: list[Group]
) -> None:
    page = desk()
    sign_in(page, f"{live_server.url}/violations/", person(Role.OFFICER))
    expect(page.locator("h1")).to_have_text("违规")

    page.keyboard.press("j")
    expect(chosen(page)).to_have_text("绝密★30年")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(chosen(page)).to_have_text("内部资料")

    page.keyboard.press("f")
    expect(page.locator("#action-dialog")).to_be_visible()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(".notice--success")).to_have_text("已标为误报。")
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(chosen(page)).to_have_text("TLP:AMBER")  # the row that took the place of the one that left

    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(str(three[0].pk)))
    page.keyboard.press("a")
    expect(page.locator("#action-dialog")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".notice--success")).to_have_text("已指派。")
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"/violations/$"))
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(re.compile(r"/computers/$"))

    states = {group.pk: group.state for group in Group.objects.all()}
    assert [states[group.pk] for group in three] == [State.ASSIGNED, State.FALSE_ALARM, State.NEW]


def test_the_language_changes_where_one_stands(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], three: list[Group]
) -> None:
    page = desk()
    sign_in(page, f"{live_server.url}/violations/?severity=high", person())
    page.click("text=English")
    expect(page.locator("h1")).to_have_text("Violations")
    expect(page).to_have_url(f"{live_server.url}/violations/?severity=high")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("[data-row]")).to_have_count(1)


def test_filters_work_as_one_types_and_stand_in_the_address(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], three: list[Group]
) -> None:
    page = desk("en-GB")
    sign_in(page, f"{live_server.url}/violations/", person(language="en"))
    page.keyboard.press("/")
    page.keyboard.type("amber")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page).to_have_url(f"{live_server.url}/violations/?q=amber")
    expect(page.locator("#search")).to_have_value("amber")
    page.fill("#search", "")
    expect(page.locator("[data-row]")).to_have_count(3)
    page.locator("label.toggle", has_text="Critical").click()
    expect(page).to_have_url(f"{live_server.url}/violations/?severity=critical")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.reload()
    expect(page.locator("[data-row]")).to_have_count(1)


def test_letters_typed_into_a_field_are_no_commands(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], three: list[Group]
) -> None:
    page = desk()
    sign_in(page, f"{live_server.url}/violations/", person())
    page.fill("#computer", "")
    page.focus("#computer")
    page.keyboard.type("jf?")
    expect(page.locator("#computer")).to_have_value("jf?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog")).to_be_visible()


def test_a_path_that_was_shown_is_gone_after_the_next_step(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], office: Any
) -> None:
    group = office.file(office.computer())
    page = desk()
    sign_in(page, f"{live_server.url}/violations/{group.pk}/", person())
    page.click("summary")
    page.fill("#reveal-reason", "核查来源")
    page.press("#reveal-reason", "Enter")
    expect(page.locator(".place-shown")).to_contain_text("干部任免方案")
    page.goto(f"{live_server.url}/violations/")
    page.goto(f"{live_server.url}/violations/{group.pk}/")
    assert "干部任免" not in page.content()
    stored = page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    assert "干部任免" not in stored


def test_everything_can_be_done_without_scripts(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], three: list[Group]
) -> None:
    page = desk("en-GB", scripts=False)
    sign_in(page, f"{live_server.url}/violations/", person(language="en"))
    page.fill("#search", "内部")
    page.click("text=Apply")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.click("[data-row] .row__link")
    page.click("text=False alarm")
    page.fill("#note", "a template")
    page.click("button.button--lead")
    expect(page.locator(".notice--success")).to_have_text("Marked as a false alarm.")
    assert Group.objects.get(pk=three[1].pk).state == State.FALSE_ALARM


def test_a_viewer_s_keys_change_nothing(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], three: list[Group]
) -> None:
    page = desk()
    sign_in(page, f"{live_server.url}/violations/", person(Role.VIEWER))
    page.keyboard.press("j")
    page.keyboard.press("f")
    page.keyboard.press("a")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(chosen(page)).to_have_text("绝密★30年")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_round_goes_from_its_opening_to_the_sign_off_sheet(
    live_server: Any,
    desk: Callable[..., Page],
    person: Callable[..., User],
    desk_pc: Callable[..., Computer],
    self_check: Any,
    scripts: bool,
) -> None:
    diligent, absent = desk_pc("bgs-01"), desk_pc("bgs-02")
    officer = person(Role.OFFICER)
    head = person(Role.DEPARTMENT, department=diligent.department, last_name="周涛")

    page = desk(scripts=scripts)
    sign_in(page, f"{live_server.url}/campaigns/", officer)
    page.locator(".empty a", has_text="发起自查").click()
    page.fill("#title", "四季度保密自查")
    page.locator("label.choice", has_text="内部计算机").locator("input").check()
    page.fill("#starts_on", (timezone.localdate() - timedelta(days=3)).isoformat())
    page.fill("#inspection_on", (timezone.localdate() + timedelta(days=30)).isoformat())
    page.locator("button", has_text="发起自查").click()
    expect(page.locator("h1")).to_have_text("四季度保密自查")
    expect(page.locator(".figure__number").first).to_have_text("0 / 2")

    self_check(diligent, 0, failed=("PWD-02",))
    page.reload()
    expect(page.locator(".figure__number").first).to_have_text("1 / 2")
    page.locator("aside a", has_text="未自查清单").click()
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("[data-row] b").first).to_have_text(absent.name)
    page.locator("button", has_text="提醒未自查者").click()
    expect(page.locator(".notice")).to_contain_text("提醒已记录在案")

    theirs = desk(scripts=scripts)
    sign_in(theirs, f"{live_server.url}/campaigns/", head)
    theirs.locator("a.row__link").click()
    theirs.locator("a", has_text="作答并签署").click()
    expect(theirs.locator("fieldset.ask").first).to_be_visible()
    for fieldset in theirs.locator("fieldset.ask").all():
        fieldset.locator("input[value=yes]").check()
    theirs.fill("#password", "错误的口令")
    theirs.locator("button", has_text=re.compile("^签署$")).click()
    expect(theirs.locator("#m-password")).to_be_visible()
    expect(theirs.locator("fieldset.ask input[value=yes]:checked")).to_have_count(
        theirs.locator("fieldset.ask").count()
    )
    theirs.fill("#password", PASSWORD)
    theirs.locator("button", has_text=re.compile("^签署$")).click()
    expect(theirs.locator("table").first).to_contain_text("周涛")

    page.goto(f"{live_server.url}/campaigns/")
    page.locator("a.row__link").click()
    page.locator("aside a", has_text="结束自查").click()
    page.fill("#note", "未自查的一台下周补查")
    page.locator("main button", has_text="结束自查").click()
    expect(page.locator(".notice--success")).to_be_visible()
    page.locator("aside a", has_text="签字表").click()
    page.emulate_media(media="print")
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.locator(".sheet")).to_contain_text("未自查的一台下周补查")
    expect(page.locator(".sheet")).to_contain_text("周涛")
    expect(page.locator(".signatures__line")).to_have_count(3)

    campaign, signed = Campaign.objects.get(), Attestation.objects.get()
    expect(page.locator(".hash-whole")).to_have_text(campaign.digest)
    assert signed.signed_by == head
    assert verify_chain().whole


def test_an_incident_goes_from_a_violation_to_its_closing_report(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], office: Any
) -> None:
    group = office.file(office.computer("bgs-01"))
    page = desk()
    sign_in(page, f"{live_server.url}/violations/{group.pk}/", person(Role.OFFICER))
    page.locator("#belongs a", has_text="登记泄密事件").click()
    page.select_option("#kind", "breach")
    page.locator("button", has_text="登记事件").click()
    expect(page.locator(".duty")).to_have_count(2)

    page.locator("main button", has_text="事实已核查").click()
    expect(page.locator(".notice--error")).to_contain_text("事件经过")
    page.locator("aside a", has_text="事实与认定").click()
    for name in ("facts", "cause", "responsibility", "prevention"):
        page.fill(f"#{name}", "已查清")
    for name, value in (("level", "none"), ("cause_kind", "process"), ("decision", "education")):
        page.select_option(f"#{name}", value)
    page.locator("button", has_text="保存").click()
    page.fill("#measure-text", "收回U盘")
    page.locator("#measures button", has_text="添加").click()
    page.locator("#measures button", has_text="已落实").click()
    expect(page.locator("#measures")).to_contain_text("✓")
    for count in (1, 2):
        page.locator(".duty summary").first.click()
        page.locator(".duty details[open] input[name=note]").fill("书面报告")
        page.locator(".duty details[open] button", has_text="已履行").click()
        expect(page.locator(".duty .chip--good, .duty .chip--held", has_text="✓")).to_have_count(count)
    page.locator("main button", has_text="事实已核查").click()
    page.locator("main button", has_text="处理完毕").click()
    page.locator("main button", has_text="结案").click()
    expect(page.locator(".stepper__step--now")).to_have_text("已办结")
    page.locator("aside a", has_text="打印报告").click()
    expect(page.locator(".sheet")).to_contain_text("收回U盘")
    incident = Incident.objects.get()
    expect(page.locator(".hash-whole")).to_have_text(incident.digest)
    assert (incident.state, list(incident.groups.all())) == (IncidentState.CLOSED, [group])


def test_five_hundred_sealed_files_are_dropped_at_once_and_each_gets_its_verdict(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], sender: Any
) -> None:
    page = desk()
    sign_in(page, f"{live_server.url}/imports/", person(Role.OFFICER))
    started = AgentStarted(id=uuid7(), seen_at=timezone.now(), version="0.1.0", rules="", cage="full", platform="Linux")
    reports = [base64.b64encode(sender.next(started)).decode() for _ in range(40)]
    letter = base64.b64encode(b"a letter, not a report").decode()
    contents = [*reports, letter, *(reports * 12)[:459]]
    carried = page.evaluate_handle(
        """contents => {
            const carried = new DataTransfer();
            for (const [number, content] of contents.entries()) {
                const bytes = Uint8Array.from(atob(content), each => each.charCodeAt(0));
                carried.items.add(new File([bytes], `f${number}.mijian`));
            }
            return carried;
        }""",
        [*contents, letter],
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": carried})
    expect(page.locator("[data-taken-count]")).to_have_text("500 / 500", timeout=60_000)
    rows = page.locator("[data-taken-rows] tr")
    expect(rows).to_have_count(501)
    expect(rows.filter(has_text="✓ 已接收")).to_have_count(40)
    expect(rows.filter(has_text="= ")).to_have_count(459)
    expect(rows.filter(has_text="f40.mijian")).to_contain_text("不是报告文件")
    expect(rows.filter(has_text="f500.mijian")).to_contain_text("一次最多接收 500 个文件")
    spool.stop()
    assert SpoolEntry.objects.count() == 40


def test_a_proof_is_attached_by_its_hash_and_the_file_never_leaves_the_browser(
    live_server: Any, desk: Callable[..., Page], person: Callable[..., User], three: list[Group], tmp_path: Path
) -> None:
    proof = tmp_path / "销毁记录.pdf"
    proof.write_bytes(b"CANARY-CONTENT" * 50)
    page = desk()
    sign_in(page, f"{live_server.url}/violations/{three[0].pk}/", person(Role.OFFICER))
    sent: list[bytes] = []
    page.on("request", lambda request: sent.append(request.post_data_buffer or b""))
    page.locator("#attachments summary").click()
    page.set_input_files("#attach-file", str(proof))
    digest = hashlib.sha256(proof.read_bytes()).hexdigest()
    expect(page.locator("#attach-hash")).to_have_value(digest)
    page.locator("[data-attach] button").click()
    expect(page.locator("#attachments tbody")).to_contain_text("销毁记录.pdf")
    told = Attachment.objects.get()
    assert (told.name, told.sha256, told.size) == ("销毁记录.pdf", digest, 700)
    assert any(digest.encode() in body for body in sent)
    assert not any(b"CANARY" in body for body in sent)
