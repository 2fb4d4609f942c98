"""The page of a department."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from server.accounts.models import Department, Role, User
from server.ledger.models import Computer, ComputerClass

pytestmark = pytest.mark.django_db


def test_a_department_made_by_mistake_is_removed_on_its_page(
    person: Callable[..., User], organise: Any, seat: Callable[..., Client]
) -> None:
    old = organise("总部/办公室")
    Computer.objects.create(name="pc", computer_class=ComputerClass.INTERNAL, department=old)
    client, empty = seat(person(Role.OFFICER)), organise("总部/空处")
    refused = client.post(f"/departments/{old.pk}/merge/", {"parent": ""})
    assert refused.status_code == 422
    assert "merge it into another" in refused.content.decode()
    assert client.post(f"/departments/{empty.pk}/merge/", {"parent": ""}).status_code == 302
    assert not Department.objects.filter(name="空处").exists()
    moved = client.post(f"/departments/{old.pk}/merge/", {"parent": organise("总部").pk}, follow=True)
    assert "computers 1" in moved.content.decode()
