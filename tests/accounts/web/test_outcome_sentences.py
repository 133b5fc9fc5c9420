"""Sentences that say how something ended, and for each the case in which it is false.

They are read from the templates: one without such a case is red here.
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import (
    Delivery,
    DeliveryStep,
    ManagedAccount,
    ManagingAccount,
    Rollout,
    Run,
)
from accounts.models.states import State, Status
from tests.accounts.runs.rollouts.rows import plan, started
from tests.rows import account_row, run_row, step_row

pytestmark = pytest.mark.usefixtures("managing")

STATES_AN_OUTCOME = re.compile(
    r"^Spinnaker has access$|and Spinnaker can no longer assume|is verified, and"
    r"|^… Finished$|^Nothing (to|was|had|in AWS (was|has))|(is|'s) nothing to"
    r"|^You're all set|^No changes to send"
    r"|othing in them was|matches its settings|^(… )?Removed from AWS|has everything"
    r"|included in the latest bundle|^No accounts were added|^There are no resources to"
    r"|has loaded it$|has no changes\.$|so none was"
)
REFUSALS = (
    "403.html",
    "unreadable.html",
    "unwritable.html",
    "forms_only.html",
    "not_taken.html",
    "registration/locked.html",
)
"""Pages that only ever answer a request that was refused."""

RUN = "runs/_result.html"
FALSE_WHERE = {
    (RUN, "Spinnaker has access"): "test_a_run_says_access_only_where_all_was_proved",
    (RUN, "Nothing had to be changed in AWS."): "test_a_run_with_steps_changed_aws",
    (RUN, "Nothing in AWS was changed."): "test_a_run_that_stopped_halfway_changed_aws",
    (RUN, "Nothing in AWS has changed."): "test_only_an_outdated_plan_changed_nothing",
    (
        RUN,
        "Spinnaker's identity matches its settings.",
    ): "test_the_managing_account_matches_only_once_verified",
    (RUN, "Removed from AWS"): "test_a_removal_that_failed_removed_nothing_for_certain",
    (
        RUN,
        "The resources that were created for Spinnaker in … are deleted, and Spinnaker "
        "can no longer assume its role.",
    ): "test_a_removal_that_failed_removed_nothing_for_certain",
    ("overview/overview.html", "You're all set."): "test_what_waits_is_something_to_do",
    (
        "overview/overview.html",
        "Every account is verified and included in the latest bundle.",
    ): "test_not_every_account_is_verified_while_one_waits_for_its_owner",
    ("from_file/preview.html", "Bowline already has everything in the file."): (
        "test_a_file_with_something_new_is_not_known_already"
    ),
    ("from_file/preview.html", "There's nothing to save."): (
        "test_a_file_with_something_new_is_not_known_already"
    ),
    ("handoff/_update.html", "Version … has no changes."): (
        "handoff/test_versions.py::test_with_a_reader_role_nobody_is_asked"
    ),
    ("handoff/handoff.html", "There are no resources to create in this account."): (
        "handoff/test_views.py::test_it_names_the_account_and_each_way_in_order"
    ),
    ("organization/_list.html", "… can't be added, so none was."): (
        "organization/test_views.py::test_ticked_accounts_become_drafts_that_can_be_planned"
    ),
    ("adopting/add.html", "No account can be taken, so there's nothing to add."): (
        "adopting/test_adopting.py"
        "::test_accounts_are_added_by_the_preview_of_an_accounts_file"
    ),
    ("adopting/add.html", "Nothing to change"): (
        "adopting/test_adopting.py::test_a_conflict_is_asked_about_and_answered"
    ),
    ("organization/adding.html", "No accounts were added"): (
        "organization/test_whole_unit.py::test_it_leads_to_one_rollout"
    ),
    **dict.fromkeys(
        [
            ("deliveries/_result.html", "Spinnaker has loaded it"),
            ("deliveries/_result.html", "No changes to send"),
            ("deliveries/_result.html", "Nothing to deliver"),
            ("deliveries/_result.html", "Nothing was sent."),
        ],
        "test_a_delivery_that_failed_neither_loaded_nor_sent_nothing",
    ),
    (
        "deliveries/_steps.html",
        "Nothing was sent, and Bowline manages it from now on.",
    ): "test_an_account_that_was_sent_was_not_equal",
}
TEMPLATES = settings.BASE_DIR / "templates"
WEB = Path(__file__).parent


def sentences(template: Path) -> list[str]:
    """Return the sentences of a template, with “…” for what is only known later."""
    text = re.sub(
        r"{% comment %}.*?{% endcomment %}", "", template.read_text(), flags=re.S
    )
    text = re.sub(r"{{.*?}}", "…", text, flags=re.S)
    text = re.sub(r"{%\s*(?:icon|badge|when)[^%]*%}", "", text)
    text = re.sub(r"{%.*?%}", "\n", text, flags=re.S)
    inline = r"</?(?:b|a|code|span|strong|em|i|wbr|kbd)\b[^>]*>"
    text = re.sub(r"<[^>]*>", "\n\n", re.sub(inline, "", text, flags=re.S), flags=re.S)
    said = (" ".join(unescape(one).split()) for one in re.split(r"\n\s*\n", text))
    return [one for paragraph in said for one in re.split(r"(?<=[.:?!])\s+", paragraph)]


def test_each_sentence_that_states_an_outcome_has_a_case_where_it_is_false() -> None:
    found = {
        (str(template.relative_to(TEMPLATES)), sentence)
        for template in TEMPLATES.rglob("*.html")
        for sentence in sentences(template)
        if STATES_AN_OUTCOME.search(sentence)
    }
    found = {one for one in found if one[0] not in REFUSALS}

    assert found == {*FALSE_WHERE}
    for where in {*FALSE_WHERE.values()}:
        path, _, name = where.rpartition("::")
        source = (WEB / path if path else Path(__file__)).read_text()
        assert f"def {name}(" in source, where


def page(client, url: str) -> str:
    shown = client.get(url).content.decode().partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", "", shown)).split())


def test_a_run_says_access_only_where_all_was_proved(viewer) -> None:
    for fields in ({"unknown_writes": 1}, {"undeployable": 1}):
        run = run_row(Status.VERIFIED, **fields)
        assert "Spinnaker has access" not in page(viewer, run.get_absolute_url())
        Run.objects.all().delete()
    failed = run_row(Status.FAILED, error={"message": "No.", "hint": ""})

    assert "Spinnaker has access" not in page(viewer, failed.get_absolute_url())


def test_a_run_with_steps_changed_aws(viewer) -> None:
    run = run_row(Status.VERIFIED)
    says = "Nothing had to be changed in AWS."

    assert says in page(viewer, run.get_absolute_url())
    step_row(run)
    assert says not in page(viewer, run.get_absolute_url())


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERRORED])
def test_a_run_that_stopped_halfway_changed_aws(viewer, status: Status) -> None:
    error = {"message": "No.", "hint": ""}
    run = run_row(status, error=error, approved_at=timezone.now())
    step_row(run)

    shown = page(viewer, run.get_absolute_url())

    assert "Nothing in AWS was changed." not in shown
    assert "of 1 change" in shown


def test_only_an_outdated_plan_changed_nothing(viewer) -> None:
    run = run_row(Status.VERIFIED)

    assert "Nothing in AWS has changed." not in page(viewer, run.get_absolute_url())


def test_the_managing_account_matches_only_once_verified(viewer) -> None:
    error = {"message": "No.", "hint": ""}
    run = run_row(Status.FAILED, kind=Run.Kind.MANAGING, account=None, error=error)

    assert "matches its settings" not in page(viewer, run.get_absolute_url())


def test_a_removal_that_failed_removed_nothing_for_certain(viewer) -> None:
    error = {"message": "No.", "hint": ""}
    run = run_row(Status.FAILED, kind=Run.Kind.REMOVE, error=error)

    shown = page(viewer, run.get_absolute_url())

    assert "Removed from AWS" not in shown
    assert "can no longer assume its role" not in shown


def test_a_rollout_with_failures_is_not_just_finished(viewer) -> None:
    rollout = started(3)
    plan(rollout)
    Run.objects.filter(rollout=rollout).update(status=Status.FAILED)
    Rollout.objects.update(state=Rollout.State.FINISHED)

    shown = page(viewer, rollout.get_absolute_url())

    assert "Finished" not in shown
    assert "nothing in them was changed" not in shown


def test_what_waits_is_something_to_do(approver) -> None:
    run_row(Status.PLANNED)

    assert "You're all set." not in page(approver, "/")


@pytest.mark.parametrize("state", [State.HANDED_OFF, State.APPLYING, State.EVALUATED])
def test_not_every_account_is_verified_while_one_waits_for_its_owner(
    viewer, state: State
) -> None:
    ManagingAccount.objects.update(state=State.VERIFIED, verification=State.VERIFIED)
    account_row(state=state, granted_at=timezone.now() - timedelta(days=1))

    assert "Every account is verified" not in page(viewer, "/")


def test_a_file_with_something_new_is_not_known_already(operator) -> None:
    text = "name,account_id,environment,regions,external_id,ec2\n"
    text += "new,9333-3333-3333,test,us-east-1,yes,yes\n"
    file = SimpleUploadedFile("a.csv", text.encode())
    preview = operator.post("/accounts/file/", {"file": file}).url

    shown = page(operator, preview)

    assert not ManagedAccount.objects.exists()
    assert "already has everything" not in shown
    assert "nothing to save" not in shown


def test_a_delivery_that_failed_neither_loaded_nor_sent_nothing(viewer) -> None:
    error = {"message": "Gate refused.", "hint": ""}
    status = Delivery.Status.FAILED
    Delivery.objects.create(
        number=1, status=status, error=error, approved_at=timezone.now()
    )

    shown = page(viewer, "/bundles/deliveries/1/")

    assert "Some accounts weren't delivered" in shown
    for says in ("has loaded it", "No changes to send", "Nothing to deliver"):
        assert says not in shown
    assert "Nothing was sent." not in shown


def test_an_account_that_was_sent_was_not_equal(viewer) -> None:
    now = timezone.now()
    delivery = Delivery.objects.create(
        number=1, status=Delivery.Status.LOADED, approved_at=now
    )
    step = DeliveryStep.objects.create(
        delivery=delivery,
        position=1,
        verb="change",
        type="aws",
        name="staging",
        before="a",
        after="b",
        sent_at=now,
        seen_at=now,
    )

    sent = page(viewer, "/bundles/deliveries/1/")
    DeliveryStep.objects.filter(pk=step.pk).update(before="b")
    equal = page(viewer, "/bundles/deliveries/1/")

    assert "staging" in sent
    assert "Nothing was sent" not in sent
    assert "Nothing was sent, and Bowline manages it" in equal
