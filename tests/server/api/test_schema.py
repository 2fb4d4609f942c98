"""The API against its own description: schemathesis makes requests up, good and bad, and no server error comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from server.accounts.models import Role, User
from server.api.urls import api
from server.violations.models import State, Waiver

DESCRIPTION = api.get_openapi_schema(path_prefix="/api/v1/")
described = schemathesis.openapi.from_dict(DESCRIPTION)
COLLECTOR = get_wsgi_application()


@pytest.fixture
def key(person: Callable[..., User], program: Any, computer: Any) -> str:
    """The key of an administrator, with all scopes, in an office that has a computer."""
    return f"Bearer {program(person(Role.ADMIN)).text}"


@described.parametrize()
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_no_server_error_is_the_answer(case: schemathesis.Case, key: str) -> None:
    answer = case.call(base_url="http://localhost/", app=COLLECTOR, headers={"Authorization": key})
    checks = [not_a_server_error]
    if answer.status_code < 300:
        checks.append(response_schema_conformance)
    case.validate_response(answer, checks=checks)
    if answer.status_code >= 400 and answer.status_code != 404:  # an address that is none of the API's
        assert answer.headers["content-type"] == ["application/problem+json"]


def test_every_operation_says_what_it_is_for_and_which_key_opens_it() -> None:
    operations = [
        (path, method, told) for path, methods in DESCRIPTION["paths"].items() for method, told in methods.items()
    ]
    assert len(operations) > 40
    assert [told["operationId"] for _path, _method, told in operations if not told.get("description")] == []
    assert [(path, method) for path, method, told in operations if not told.get("security")] == []


def test_no_two_shapes_of_the_description_share_a_name() -> None:
    # ninja keeps one shape for each name: a second class of that name would silently be described as the first.
    assert DESCRIPTION["components"]["schemas"]["State"]["enum"] == State.values
    told = next(one for one in DESCRIPTION["paths"]["/api/v1/waivers"]["get"]["parameters"] if one["name"] == "state")
    assert told["schema"]["anyOf"][0]["enum"] == Waiver.State.values
    found: dict[str, set[str]] = {}
    from ninja import Schema

    kinds = list(Schema.__subclasses__())
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__.startswith("server.api"):
            found.setdefault(kind.__name__, set()).add(kind.__module__)
    assert {name: modules for name, modules in found.items() if len(modules) > 1} == {}
