"""The ledgers there are: each with its model, its columns and whose rows a person sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from server.accounts.scope import Anybody
from server.ledger.columns import Column
from server.ledger.models import Clearance, Computer, ComputerClass, Level, Medium, MediumUse, Person, Status
from server.ledger.scope import computers_of, media_of, people_of

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

Entry = Computer | Medium | Person


@dataclass(frozen=True)
class Ledger:
    """One ledger."""

    name: str
    """Its name in addresses: ``computers``, ``media``, ``people``."""
    title: _StrPromise
    model: type[Computer] | type[Medium] | type[Person]
    columns: tuple[Column, ...]
    scope: Callable[[Anybody], QuerySet[Any]]
    key: str
    """The column an import recognises a row by."""
    problems: Callable[[Mapping[str, Any]], dict[str, str]]
    """What is wrong with the values of a row taken together, by column."""

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)


def _level_problems(class_field: str) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    def problems(values: Mapping[str, Any]) -> dict[str, str]:
        """What is wrong with a row, by column."""
        wrong: dict[str, str] = {}
        confidential = values[class_field] == ComputerClass.CONFIDENTIAL
        if confidential and not values["level"]:
            wrong["level"] = _("What is classified has a level.")
        if not confidential and values["level"]:
            wrong["level"] = _("Only what is classified has a level.")
        if values["status"] == Status.LENT and values["holder"] is None:
            wrong["holder"] = _("What is lent has a holder.")
        return wrong

    return problems


_MEDIUM_CLASSES = {
    ComputerClass.INTERNET.value: gettext_lazy("Internet"),
    ComputerClass.INTERNAL.value: gettext_lazy("Internal"),
    ComputerClass.CONFIDENTIAL.value: gettext_lazy("Classified"),
}
"""What a medium may hold, named for media: the class is that of the computers it may be used in."""
_LEVEL = Column("level", gettext_lazy("Level"), "choice", choices=dict(Level.choices), also=("密级", "涉密等级"))
_COMMON = (
    Column("department", gettext_lazy("Department"), "department", also=("部门", "使用部门", "所属部门")),
    Column("person", gettext_lazy("Responsible person"), "person", also=("责任人", "负责人", "保管人")),
    Column("place", gettext_lazy("Place"), also=("存放地点", "地点", "位置", "房间")),
    Column(
        "status",
        gettext_lazy("Status"),
        "choice",
        required=True,
        choices=dict(Status.choices),
        also=("状态", "使用状态"),
    ),
    Column("holder", gettext_lazy("Holder"), "person", also=("使用人", "领用人", "持有人")),
    Column("issued_on", gettext_lazy("Issued on"), "date", also=("领用日期", "启用日期")),
    Column("return_due", gettext_lazy("To be returned by"), "date", also=("应还日期", "归还日期")),
    Column("review_due", gettext_lazy("To be reviewed by"), "date", also=("复查日期", "下次检查日期")),
)

COMPUTERS = Ledger(
    name="computers",
    title=gettext_lazy("Computers"),
    model=Computer,
    scope=computers_of,
    key="number",
    problems=_level_problems("computer_class"),
    columns=(
        Column(
            "number", gettext_lazy("Asset number"), required=True, also=("编号", "资产编号", "设备编号"), longest=64
        ),
        Column("name", pgettext_lazy("thing", "Name"), required=True, also=("计算机名", "设备名称"), longest=255),
        Column(
            "computer_class",
            gettext_lazy("Class"),
            "choice",
            required=True,
            choices=dict(ComputerClass.choices),
            also=("类别", "计算机类别"),
        ),
        _LEVEL,
        Column("serial", gettext_lazy("Serial number"), also=("序列号", "出厂编号")),
        *_COMMON,
    ),
)
MEDIA = Ledger(
    name="media",
    title=gettext_lazy("Media"),
    model=Medium,
    scope=media_of,
    key="number",
    problems=_level_problems("medium_class"),
    columns=(
        Column("number", gettext_lazy("Asset number"), required=True, also=("编号", "介质编号"), longest=64),
        Column("kind", gettext_lazy("Kind"), also=("类型", "介质类型"), longest=64),
        Column(
            "medium_class",
            gettext_lazy("Class"),
            "choice",
            required=True,
            choices=_MEDIUM_CLASSES,
            also=("类别", "介质类别"),
        ),
        Column(
            "use", pgettext_lazy("medium", "Use"), "choice", choices=dict(MediumUse.choices), also=("用途", "介质用途")
        ),
        _LEVEL,
        Column("serial", gettext_lazy("Serial number"), also=("序列号", "出厂编号")),
        *_COMMON,
    ),
)
PEOPLE = Ledger(
    name="people",
    title=gettext_lazy("People"),
    model=Person,
    scope=people_of,
    key="number",
    problems=lambda _values: {},
    columns=(
        Column("number", gettext_lazy("Staff number"), required=True, also=("工号", "人员编号"), longest=64),
        Column("name", pgettext_lazy("person", "Name"), required=True),
        Column("department", gettext_lazy("Department"), "department", also=("部门",)),
        Column("post", gettext_lazy("Post"), also=("岗位", "职务")),
        Column(
            "clearance",
            gettext_lazy("Clearance"),
            "choice",
            required=True,
            choices=dict(Clearance.choices),
            also=("涉密等级", "涉密人员类别"),
        ),
        Column("pledge_on", gettext_lazy("Pledge signed on"), "date", also=("承诺书日期", "签订承诺书日期")),
        Column("review_due", gettext_lazy("To be reviewed by"), "date", also=("复审日期",)),
        Column("leaving_on", gettext_lazy("Leaves on"), "date", also=("离岗日期", "离职日期")),
    ),
)
LEDGERS: Mapping[str, Ledger] = {ledger.name: ledger for ledger in (COMPUTERS, MEDIA, PEOPLE)}
"""Every ledger by its name in addresses."""
