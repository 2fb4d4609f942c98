"""Pages of long lists whose length is known already, so that it is not counted twice."""

from __future__ import annotations

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
PAGE_SIZE = 50


def page_of(rows: QuerySet[M], number: str | None, *, total: int) -> Page[M]:
    """One page of a list of ``total`` rows; the nearest one where the number is none of its pages."""
    paginator = Paginator(rows, PAGE_SIZE)
    paginator.count = total
    return paginator.get_page(number)
