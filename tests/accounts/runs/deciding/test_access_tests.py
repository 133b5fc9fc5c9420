"""What narrows an account that was only evaluated asks for verify.sh's answer or a
word: on pages, with the API, on the command line, alone and in groups.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client

from accounts.management.commands import onboard
from accounts.management.onboard_options import test_in as answer_in
from accounts.mapping.plans import plan_of
from accounts.models import Activity, ManagedAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs.actions import approve
from accounts.runs.deciding.confirmation import (
    UNTESTED,
    AccessUntested,
    Answer,
    access_tested,
    asks_for_test,
)
from accounts.runs.rollouts.decisions import approve_group
from tests.accounts.api.calling import Caller, detail, token_of
from tests.rows import account_row, managing_row, person, run_row, step_row

pytestmark = pytest.mark.django_db
USER = "arn:aws:iam::911111111111:user/bots/spinnaker"
ROLE = "arn:aws:iam::922222222222:role/spinnakerManaged"
SAME = "5" * 32
HOST = f"This host is {USER}."
PASSED = f"staging: passed. Spinnaker becomes {ROLE} in account 922222222222."
ANSWER = f"{HOST}\n{PASSED}\n1 passed, 0 failed.\n"


@pytest.fixture
def account() -> ManagedAccount:
    managing_row(identity_kind="existing", identity_arn=USER, state=State.EVALUATED)
    return account_row(
        state=State.PLANNED,
        verification=State.EVALUATED,
        adopts=True,
        access_role="access",
    )


def narrowing(account: ManagedAccount, **fields: Any) -> Run:
    run = run_row(Status.PLANNED, account=account, **fields)
    step_row(
        run,
        kind="attachment",
        name="spinnakerManaged/PowerUserAccess",
        verb="delete",
        before={"policy_arn": "arn:aws:iam::aws:policy/PowerUserAccess"},
        after=None,
        removed=["a" * 16],
    )
    return run


def recorded() -> Any:
    return Activity.objects.get(what="approve").detail.get("test")


@pytest.mark.parametrize(
    ("answer", "kept"),
    [(ANSWER, f"{HOST} {PASSED}"), (" Untested\n", UNTESTED)],
)
def test_an_answer_or_the_word_approves_and_is_recorded(
    account: ManagedAccount, answer: str, kept: str
) -> None:
    run = narrowing(account)

    with pytest.raises(AccessUntested, match=r"Run verify\.sh"):
        approve(run, None)
    assert not Activity.objects.filter(what="approve").exists()
    assert approve(run, None, test=answer)

    assert recorded() == kept


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("yes", "doesn't say as what it ran"),
        (PASSED, "doesn't say as what it ran"),
        (f"{HOST}\n", "doesn't say that Spinnaker becomes"),
        (ANSWER.replace("user/bots", "user"), "verify.sh ran as"),
        (ANSWER.replace("passed. S", "FAILED. S"), "verify.sh failed. staging:"),
        (
            f"{ANSWER}other: FAILED. Spinnaker cannot become {ROLE}: denied\n",
            "verify.sh failed. other:",
        ),
        (ANSWER.replace(ROLE, f"{ROLE}-2"), "doesn't say that Spinnaker becomes"),
        (ANSWER.replace("account 9", "account 8"), "doesn't say that Spinnaker"),
    ],
)
def test_another_answer_is_refused(
    account: ManagedAccount, answer: str, says: str
) -> None:
    run = narrowing(account)

    with pytest.raises(AccessUntested, match=says):
        access_tested(run, plan_of(run), Answer.of(answer))


def test_a_failure_of_a_role_with_a_longer_name_is_another_accounts(
    account: ManagedAccount,
) -> None:
    run = narrowing(account)
    other = f"other: FAILED. Spinnaker cannot become {ROLE}-2: denied\n"

    assert access_tested(run, plan_of(run), Answer.of(f"{ANSWER}{other}"))


def test_a_session_of_a_role_is_what_spinnaker_runs_as() -> None:
    managing_row(
        identity_kind="existing",
        identity_arn="arn:aws:iam::911111111111:role/spin/SpinnakerAuthRole",
    )
    run = narrowing(account_row(verification=State.EVALUATED, adopts=True))
    session = "arn:aws:sts::911111111111:assumed-role/SpinnakerAuthRole/i-0123"
    right = ANSWER.replace(USER, session)

    assert access_tested(run, plan_of(run), Answer.of(right))
    for wrong in ("911111111111:", "SpinnakerAuthRole/"):
        other = Answer.of(right.replace(wrong, f"9{wrong}"))
        with pytest.raises(AccessUntested, match="ran as"):
            access_tested(run, plan_of(run), other)


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "create", "before": None, "after": {}, "removed": []},
        {"kind": "owner tag"},
        {"removed": []},
    ],
)
def test_what_takes_nothing_asks_for_nothing(
    account: ManagedAccount, change: dict[str, Any]
) -> None:
    run = narrowing(account)
    run.steps.update(**change)

    assert asks_for_test(run, plan_of(run)) == ""


def test_a_verified_account_a_removal_and_an_undo_ask_for_nothing(
    account: ManagedAccount,
) -> None:
    undoes = [[["922222222222", "attachment", "x/y"], "delete", {}]]
    undo = {
        **{"detaches": [], "trust": False, "owns": False},
        **{"undoes": undoes, "undone_run": 1},
    }
    run = narrowing(account)
    assert run.account is not None
    assert asks_for_test(run, plan_of(run))

    run.take_over = undo
    assert not asks_for_test(run, plan_of(run))
    run.take_over, run.kind = {}, Run.Kind.REMOVE
    assert not asks_for_test(run, plan_of(run))
    run.kind, run.account.verification = Run.Kind.ONBOARD, State.VERIFIED
    assert not asks_for_test(run, plan_of(run))


def test_the_page_asks_and_keeps_what_was_brought(account: ManagedAccount) -> None:
    run = narrowing(account)
    browser = Client()
    browser.force_login(person("approver"))
    posted = {"read": plan_of(run).digest, "confirmation": "staging"}
    path = f"/runs/{run.pk}/approve/"

    page = browser.get(run.get_absolute_url()).content.decode()
    refused = browser.post(path, posted).content.decode()
    before = recorded_count()
    browser.post(path, {**posted, "test": ANSWER.replace("\n", "\r\n")})

    assert 'name="test"' in page
    assert "Run verify.sh from the newest bundle" in page
    assert "Paste what verify.sh prints, or type “untested”." in refused
    assert before == 0
    assert recorded() == f"{HOST} {PASSED}"


def recorded_count() -> int:
    return Activity.objects.filter(what="approve").count()


def test_the_api_asks_and_keeps_what_was_brought(account: ManagedAccount) -> None:
    run = narrowing(account)
    api = Caller(token_of(person("approver")))
    body = {"digest": plan_of(run).digest, "confirmation": "staging"}

    plan = api.read(f"/runs/{run.number}/plan").json()
    refused = api.post(f"/runs/{run.number}/approve", body)
    approved = api.post(f"/runs/{run.number}/approve", {**body, "test": UNTESTED})

    assert plan["test"] == detail(refused, 422)
    assert refused.json()["code"] == "unconfirmed"
    assert approved.status_code == 200
    assert recorded() == UNTESTED


def test_identical_plans_ask_for_it_too(account: ManagedAccount) -> None:
    run = narrowing(account, fingerprint=SAME)
    paul = person("approver")
    api = Caller(token_of(paul))
    browser = Client()
    browser.force_login(paul)
    page = browser.get(f"/runs/same/{SAME}/").content.decode()

    refused = api.post(f"/runs/same/{SAME}/approve", {"runs": [run.number]})
    browser.post(f"/runs/same/{SAME}/approve/", {"run": [run.pk]})
    before = recorded_count()
    browser.post(f"/runs/same/{SAME}/approve/", {"run": [run.pk], "test": ANSWER})

    assert 'name="test"' in page
    assert "Run verify.sh" in detail(refused)
    assert before == 0
    assert recorded() == f"{HOST} {PASSED}"


def test_a_group_of_a_rollout_leaves_what_was_not_tested(
    account: ManagedAccount,
) -> None:
    rollout = Rollout.objects.create(kind=Rollout.Kind.ONBOARD)
    other = account_row(
        "dev",
        account_id="933333333333",
        verification=State.EVALUATED,
        adopts=True,
    )
    runs = [
        narrowing(one, fingerprint=SAME, rollout=rollout) for one in (account, other)
    ]
    paul = person("approver")

    nothing = approve_group(rollout, SAME, paul)
    one = approve_group(rollout, SAME, paul, test=ANSWER)

    assert (len(nothing.done), len(nothing.left)) == (0, 2)
    assert (len(one.done), len(one.left)) == (1, 1)
    assert one.reasons[0].startswith("dev: The answer of verify.sh doesn't say")
    assert Activity.objects.get(what="approve").detail["runs"] == [runs[0].number]
    assert recorded() == [f"{HOST} {PASSED}"]


def test_the_command_line_asks_for_it(account: ManagedAccount, tmp_path: Path) -> None:
    run = narrowing(account)
    command = onboard.Command(stdout=StringIO(), stderr=StringIO())
    file = tmp_path / "answer.txt"
    file.write_text(ANSWER)

    assert not command.may_apply(run, ["staging"], None)
    assert "Bring it with --access-test." in command.stderr.getvalue()
    assert command.may_apply(run, ["staging"], None, answer_in(f"{file}"))
    assert command.may_apply(run, ["staging"], None, answer_in(UNTESTED))
    with pytest.raises(CommandError, match="can't be read"):
        answer_in(f"{tmp_path / 'none'}")
