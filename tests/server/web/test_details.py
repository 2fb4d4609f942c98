"""The details of the audit log in words."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

import server
from server import audit
from server.accounts.models import Role, User
from server.audit.models import Entry
from server.web import details

SERVER = Path(server.__file__).parent
NOT_DETAILS = {"actor", "obj", "from_state", "to_state", "changes"}


def named_in_code() -> Iterator[str]:
    """Every detail that code of the collector writes into the log by a name that stands there."""
    for path in SERVER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "record"):
                yield from (one.arg for one in node.keywords if one.arg and one.arg not in NOT_DETAILS)


def test_every_detail_that_is_logged_has_a_name() -> None:
    told = set(named_in_code())
    assert len(told) > 30
    assert told - details.NAMES.keys() == set()


def test_hashes_are_shortened_and_columns_of_a_ledger_have_their_names() -> None:
    entry = Entry(
        object_type="ledger.medium",
        detail={"sha256": {"pdf": ["ab" * 32]}, "changes": {"status": ["in-use", None]}, "reason": None},
    )
    with override("en"):
        shown = [("SHA-256 pdf", "abababababab…"), ("Status", "In use → —")]
        assert details.details(entry) == shown


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ({"kind": "inspection", "period": "2026-10-01/2026-11-22"}, ["检查报告", "2026年10月1日 – 2026年11月22日"]),
        ({"what": "leader", "late": True}, ["报告本单位分管领导", "是"]),
        ({"what": "medium", "key": "3"}, ["移动存储介质", "3"]),
        ({"at": "2026-11-22T06:00:50.854742+00:00"}, ["2026年11月22日 14:00"]),
        ({"scopes": "read, review"}, ["读取、处理违规和豁免"]),
        ({"road": "password", "factor": ""}, ["密码"]),
        ({"changes": {"classes": ["", "internal, confidential"]}}, ["— → 内部、涉密"]),
        ({"reason": "专项检查"}, ["专项检查"]),
        ({"period": "soon", "at": "2026-13-45"}, ["soon", "2026-13-45"]),
    ],
)
def test_codes_and_days_are_told_as_people_read_them(detail: dict[str, Any], shown: list[str]) -> None:
    with override("zh-hans"):
        assert [text for _name, text in details.details(Entry(detail=detail))] == shown


@pytest.mark.django_db
def test_a_department_is_told_by_its_name(
    person: Callable[..., User], seat: Callable[..., Client], organise: Callable[..., Any]
) -> None:
    finance = organise("财务处")
    audit.record("report.ask", kind="annual", department=finance.pk)
    audit.record("user.change", changes={"department": [finance.pk, None], "role": ["viewer", "auditor"]})
    page = seat(person(Role.AUDITOR), "zh-hans").get(reverse("web:audit")).content.decode()
    for told in ("财务处 → —", "年度汇总", "审计员"):
        assert told in page
    assert "</span> 财务处</span>" in page
