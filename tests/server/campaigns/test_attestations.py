"""Questionnaires: drafts, signatures, and what a signature is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from server.accounts import lockout
from server.accounts.models import Department, Role, User
from server.audit.log import verify_chain
from server.audit.models import Entry
from server.campaigns import attestations, closing
from server.campaigns.actions import CampaignMistakes
from server.campaigns.attestations import Given, save_draft, sign
from server.campaigns.models import Attestation, Campaign
from server.campaigns.questions import questions_of
from server.campaigns.standing import matrix

pytestmark = pytest.mark.django_db
PASSWORD = "对马海峡-correct-horse"
Round = Callable[..., Campaign]
People = Callable[..., User]


@pytest.fixture
def office_(organise: Any) -> Department:
    made: Department = organise("总部/办公室")
    return made


@pytest.fixture
def head(person: People, office_: Department) -> User:
    return person(Role.DEPARTMENT, username="head", department=office_, last_name="周涛")


def everything(campaign: Campaign, **changed: Given) -> dict[str, Given]:
    given = {question.control: Given("yes") for question in questions_of(campaign)}
    return given | {name.replace("_", "-"): told for name, told in changed.items()}


def test_a_signature_says_who_as_what_when_and_stands_in_the_chain(
    make_round: Round, head: User, office_: Department
) -> None:
    campaign = make_round()
    signed = sign(campaign, office_, everything(campaign), by=head, password=PASSWORD)
    entry = Entry.objects.get(action="campaign.sign")
    assert (signed.signed_by, signed.signed_as) == (head, f"周涛 ({head.get_role_display()})")
    assert signed.signed_at is not None
    assert (entry.actor, entry.detail["digest"], entry.hash) == (head, signed.digest, signed.chained)
    stored = Attestation.objects.get()
    assert attestations.digest(stored) == stored.digest
    assert verify_chain().whole


@pytest.mark.parametrize("field", ["answers", "asked", "signed_as"])
def test_what_is_altered_after_signing_no_longer_fits_the_hash(
    make_round: Round, head: User, office_: Department, field: str
) -> None:
    campaign = make_round()
    sign(campaign, office_, everything(campaign), by=head, password=PASSWORD)
    Attestation.objects.update(**{field: {} if field == "answers" else [] if field == "asked" else "somebody else"})
    stored = Attestation.objects.get()
    assert attestations.digest(stored) != stored.digest


def test_every_question_is_answered_and_a_no_says_what_will_be_done(
    make_round: Round, head: User, office_: Department
) -> None:
    campaign = make_round()
    given = everything(campaign, SITE_05=Given(""), DOC_22=Given("no"))
    with pytest.raises(CampaignMistakes) as caught:
        sign(campaign, office_, given, by=head, password=PASSWORD)
    assert set(caught.value.by_field) == {"SITE-05", "DOC-22"}
    assert Attestation.objects.get().signed_at is None  # what was answered is kept
    sign(
        campaign,
        office_,
        everything(campaign, SITE_05=Given("not-applicable"), DOC_22=Given("no", "本周内购置保密柜")),
        by=head,
        password=PASSWORD,
    )
    assert Attestation.objects.get().answers["DOC-22"] == {"answer": "no", "note": "本周内购置保密柜"}


def test_a_wrong_password_signs_nothing_keeps_the_answers_and_counts_towards_the_lockout(
    make_round: Round, head: User, office_: Department
) -> None:
    campaign = make_round()
    for _attempt in range(lockout.LIMIT):
        with pytest.raises(CampaignMistakes) as caught:
            sign(campaign, office_, everything(campaign), by=head, password="wrong", address="192.0.2.1")
        assert "password" in caught.value.by_field
    with pytest.raises(CampaignMistakes):
        sign(campaign, office_, everything(campaign), by=head, password=PASSWORD, address="192.0.2.1")
    draft = Attestation.objects.get()
    assert (draft.signed_at, len(draft.answers)) == (None, len(questions_of(campaign)))
    assert not Entry.objects.filter(action="campaign.sign").exists()


def test_who_has_no_password_of_ours_signs_by_being_signed_in(
    make_round: Round, head: User, office_: Department
) -> None:
    campaign = make_round()
    head.set_unusable_password()
    head.save()
    assert sign(campaign, office_, everything(campaign), by=head).signed_by == head


def test_a_changed_answer_is_a_new_signature_and_the_old_one_stays(
    make_round: Round, head: User, office_: Department
) -> None:
    campaign = make_round()
    first = sign(campaign, office_, everything(campaign), by=head, password=PASSWORD)
    with pytest.raises(CampaignMistakes):
        sign(campaign, office_, everything(campaign), by=head, password=PASSWORD)
    changed = everything(campaign, SITE_05=Given("no", "换锁"))
    draft = save_draft(campaign, office_, changed, by=head)
    assert attestations.signed_by_department(campaign)[office_.pk] == first  # a draft replaces nothing
    second = sign(campaign, office_, changed, by=head, password=PASSWORD)
    assert second.pk == draft.pk != first.pk
    assert attestations.signed_by_department(campaign)[office_.pk] == second
    first.refresh_from_db()
    assert first.answers["SITE-05"]["answer"] == "yes"
    assert [entry.detail["replaces"] for entry in Entry.objects.filter(action="campaign.sign").order_by("id")] == [
        None,
        first.pk,
    ]


def test_nobody_signs_for_another_department_without_the_right_or_after_the_end(
    make_round: Round, head: User, person: People, office_: Department, organise: Any
) -> None:
    campaign = make_round()
    with pytest.raises(PermissionDenied):
        sign(campaign, organise("总部/财务处"), everything(campaign), by=head, password=PASSWORD)
    with pytest.raises(PermissionDenied):
        sign(campaign, None, everything(campaign), by=head, password=PASSWORD)
    with pytest.raises(PermissionDenied):
        sign(campaign, office_, everything(campaign), by=person(Role.VIEWER, department=office_), password=PASSWORD)
    closing.close(campaign, by=person(Role.OFFICER), note="完成")
    with pytest.raises(CampaignMistakes):
        sign(campaign, office_, everything(campaign), by=head, password=PASSWORD)
    assert not Attestation.objects.exists()


def test_answers_to_questions_that_were_not_asked_are_left_out(
    make_round: Round, head: User, office_: Department
) -> None:
    campaign = make_round()
    draft = save_draft(campaign, office_, {"NET-99": Given("yes"), "SITE-05": Given("perhaps")}, by=head)
    assert draft.answers == {"SITE-05": {"answer": "", "note": ""}}


def test_a_round_asks_what_its_classes_ask(make_round: Round) -> None:
    internal = {one.control for one in questions_of(make_round())}
    secret = {one.control for one in questions_of(make_round(classes=["confidential"]))}
    both = {one.control for one in questions_of(make_round(classes=["internal", "confidential"]))}
    named = {one.control for one in questions_of(make_round(profile="internal"))}
    assert "NPC-11" in internal - secret
    assert "CPC-08" in secret - internal
    assert both == internal | secret
    assert named == internal


def test_the_office_s_round_asks_the_departments_and_no_computer(
    make_round: Round, desk_pc: Callable[..., Any], head: User, office_: Department
) -> None:
    desk_pc()
    campaign = make_round(profile="office", classes=["internal"], departments=[office_])
    lines, total = matrix(campaign, campaign.created_by)
    assert (campaign.classes, total.total) == ([], 0)
    assert [line.department for line in lines] == [office_]
    asked_of = {question.control for question in questions_of(campaign)}
    assert {"DOC-05", "ORG-05"} <= asked_of
    assert "NPC-17" not in asked_of  # is asked at each computer
    assert sign(campaign, office_, everything(campaign), by=head, password=PASSWORD).signed_at is not None
    assert closing.close(campaign, by=campaign.created_by).closed_at is not None


def test_the_office_s_round_of_the_whole_house_is_answered_by_the_topmost_departments(
    make_round: Round, office_: Department, head: User
) -> None:
    campaign = make_round(profile="office")
    assert [line.department for line in matrix(campaign, campaign.created_by)[0]] == [office_.parent]
    assert matrix(campaign, head)[0] == []
