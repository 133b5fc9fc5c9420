"""One run: the plan, the watching, and what was found."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import CheckResult, ManagingAccount, Run
from accounts.models.states import State, Status
from tests.accounts.web.asking import asked_again
from tests.rows import account_row, person, run_row, step_row

pytestmark = pytest.mark.usefixtures("managing")


def test_a_plan_is_summed_up_and_waits_for_approval(both) -> None:
    run = run_row()
    step_row(run)
    step_row(run, verb="update", before={"a": 1}, after={"a": 2})

    html = both.get(run.get_absolute_url()).content.decode()

    assert "1 to create" in html
    assert "1 to update" in html
    assert "0 to delete" in html
    assert "Nothing in AWS changes until you approve" in html
    assert "Approve and apply" in html
    assert "Go back and edit" in html
    assert "Spinnaker deploys through it." in html


def test_a_policy_is_shown_as_a_diff(approver) -> None:
    run = run_row()
    before = {"document": {"Statement": [{"Sid": "A", "Action": ["ec2:A"]}]}}
    after = {"document": {"Statement": [{"Sid": "A", "Action": ["ec2:A", "ec2:B"]}]}}
    step_row(run, verb="update", before=before, after=after)

    response = approver.get(run.get_absolute_url())

    (change,) = response.context["review"].cards
    assert (change.diff.added, change.diff.removed) == (1, 0)
    assert "&quot;ec2:B&quot;" in response.content.decode()


def test_an_edited_managing_account_makes_plans_outdated(approver) -> None:
    ManagingAccount.objects.update(version=2)
    run = run_row(managing_version=1)

    html = approver.get(run.get_absolute_url()).content.decode()

    assert "This plan is outdated" in html


def test_the_progress_says_how_far_it_is_and_what_it_waits_for(operator) -> None:
    waiting = "Waiting for AWS: a new role is not known everywhere yet."
    run = run_row(Status.APPLYING, approved_at=timezone.now(), waiting=waiting)
    step_row(run, status="done")
    step_row(run, status="running")

    html = operator.get(run.get_absolute_url()).content.decode()

    assert '<progress class="bar-progress" max="2" value="1"' in html
    assert waiting in html
    assert '<meta http-equiv="refresh"' in html


@pytest.mark.parametrize(
    ("status", "every"),
    [
        ("planning", 1000),
        ("applying", 1000),
        ("verifying", 1000),
        ("planned", 0),
        ("verified", 0),
        ("failed", 0),
        ("discarded", 0),
    ],
)
def test_a_page_asks_again_while_somebody_works_and_then_loads_whole(
    operator, status: str, every: int
) -> None:
    run = run_row(status, approved_at=timezone.now())

    shown = operator.get(run.get_absolute_url())
    Run.objects.update(waiting="AWS throttled the requests.")
    answer = asked_again(operator, shown)

    assert f'data-every="{every}"' in shown.content.decode()
    assert ("HX-Refresh" in answer.headers) is (every == 0)


def test_a_failure_says_what_where_and_what_to_do(operator) -> None:
    error = {
        "message": "AWS refused iam:PutRolePolicy.",
        "hint": "Allow it to the access role.",
        "account": "922222222222",
        "operation": "iam:PutRolePolicy",
    }
    run = run_row(Status.FAILED, approved_at=timezone.now(), error=error)
    step_row(run, status="done")
    step_row(run, status="failed", message="Refused.", hint="Allow it.")

    html = operator.get(run.get_absolute_url()).content.decode().replace("<wbr>", "")

    assert "The run stopped while changing AWS" in html
    assert all(value in html for value in error.values())
    assert "1 of 2 changes were made" in html
    assert "Plan again" in html


def test_a_bug_is_shown_by_its_reference_alone(operator) -> None:
    error = {"message": "Bowline encountered an internal error.", "hint": "Report it."}
    run = run_row(Status.ERRORED, error=error, traceback="ZeroDivisionError: by zero")

    html = operator.get(run.get_absolute_url()).content.decode()

    assert "Bowline encountered an internal error." in html
    assert "Report it." in html
    assert "ZeroDivisionError" not in html
    assert "View the traceback" not in html


def test_an_administrator_gets_to_the_traceback(client) -> None:
    client.force_login(person("administrator"))
    run = run_row(Status.ERRORED, error={"message": "m", "hint": "h"})

    html = client.get(run.get_absolute_url()).content.decode()

    assert f"/admin/accounts/run/{run.pk}/change/" in html


def test_what_to_read_closely_is_named(approver) -> None:
    run = run_row()
    statement = {"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"}
    step_row(
        run,
        kind="policy",
        name="BowlineEC2Write",
        after={"document": {"Statement": [statement]}},
    )

    html = approver.get(run.get_absolute_url()).content.decode()

    assert 'Wildcards <span class="soft">1</span>' in html
    assert '<a href="#c1">BowlineEC2Write</a> Changes every resource:' in html


def test_who_leaves_spinnakers_reach_is_named_in_red_and_first(approver) -> None:
    account_row("payments", account_id="9" * 12)
    run = run_row(account=None, kind=Run.Kind.MANAGING)
    role = "arn:aws:iam::{}:role/spinnakerManaged"
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    roles = [role.format("9" * 12), role.format("8" * 12)]
    step_row(
        run,
        kind="inline policy",
        name="spinnakerManaging/BowlineAssume",
        verb="update",
        before={"document": {"Statement": [{**assume, "Resource": roles}]}},
        after={"document": {"Statement": []}},
    )

    html = approver.get(run.get_absolute_url()).content.decode()

    said = '<span class="bad">Spinnaker loses 2 accounts.</span>'
    assert " ".join(html.split()).count(said) == 1
    assert "888888888888, payments (999999999999)" in " ".join(html.split())
    assert "Nothing here" not in html


def test_a_plan_that_deletes_much_says_so(approver) -> None:
    run = run_row(existing={"922222222222": 2})
    step_row(run, verb="delete", before={"name": "x"}, after=None)

    html = approver.get(run.get_absolute_url()).content.decode()

    assert "Large deletion." in html
    assert "Deletes role spinnakerManaged." in html


def test_a_plan_without_risks_says_so(approver) -> None:
    run = run_row()
    step_row(run)

    html = approver.get(run.get_absolute_url()).content.decode()

    assert "No changes need special attention" in html


@pytest.mark.parametrize(
    ("unknown", "undeployable", "heading", "says"),
    [
        (0, 0, "Verified: Spinnaker has access", "Bowline assumed Spinnaker's roles."),
        (4, 0, "Verified, 4 writes unknown", "The checks show which writes and why."),
        (
            0,
            1,
            "Verified, cannot deploy in 1 Region",
            "Something that a deployment needs is missing in 1 Region:",
        ),
        (
            4,
            2,
            "Verified, cannot deploy in 2 Regions, 4 writes unknown",
            "is missing in 2 Regions:",
        ),
    ],
)
def test_what_is_unknown_or_missing_is_not_called_a_success(
    viewer, unknown: int, undeployable: int, heading: str, says: str
) -> None:
    run = run_row(Status.VERIFIED, unknown_writes=unknown, undeployable=undeployable)

    html = " ".join(viewer.get(run.get_absolute_url()).content.decode().split())

    assert heading in html
    assert says in html
    assert "every check" not in html
    assert ("result-good" in html) is not (unknown or undeployable)


def test_a_success_counts_what_was_called_simulated_and_left_open(viewer) -> None:
    run = run_row(Status.VERIFIED)
    ended = ("passed", "passed", "evaluated", "not testable")
    for position, outcome in enumerate(ended):
        named = f"check {position}"
        run.checks.create(
            position=position, outcome=outcome, name=named, as_spinnaker=position == 1
        )

    html = " ".join(viewer.get(run.get_absolute_url()).content.decode().split())

    assert "<b>1</b> called as Spinnaker" in html
    assert "<b>1</b> of Bowline&#x27;s own checks" in html
    assert "<b>1</b> simulated" in html
    assert "<b>1</b> not tried: <a" in html


def test_who_cannot_build_a_bundle_reads_who_can(client) -> None:
    page = run_row(Status.VERIFIED).get_absolute_url()
    shown = {}
    for role in ("operator", "approver"):
        client.force_login(person(role))
        shown[role] = client.get(page).content.decode()

    assert "Go to bundles" in shown["operator"]
    assert "Go to bundles" not in shown["approver"]
    asks = "You need the operator role to build a bundle. Ask operator."
    assert (asks in shown["operator"], asks in shown["approver"]) == (False, True)


def test_what_was_approved_is_folded_away_once_it_is_done(operator) -> None:
    run = run_row(Status.VERIFIED, approved_at=timezone.now())
    step_row(run)

    html = operator.get(run.get_absolute_url()).content.decode()

    assert "Approved changes" in html
    assert "create 1</span>" in html
    assert "1 to create" not in html
    assert "data-review" in html
    assert "review-bar" not in html


def test_a_plan_takes_as_many_queries_with_many_changes(
    approver, django_assert_max_num_queries
) -> None:
    run = run_row()
    for number in range(60):
        step_row(run, name=f"role-{number}")

    with django_assert_max_num_queries(28):
        approver.get(run.get_absolute_url())


def test_checks_are_shown_with_the_sentence_that_mends(operator) -> None:
    run = run_row(Status.FAILED, error={"message": "m", "hint": "h"})
    CheckResult.objects.create(
        run=run,
        position=0,
        provider="ec2",
        name="List subnets",
        outcome="failed",
        sentence="AWS refused it.",
        fix="Allow ec2:DescribeSubnets.",
    )

    html = operator.get(run.get_absolute_url()).content.decode()

    assert "Verification failed" in html
    assert "List subnets" in html
    assert "Allow ec2:DescribeSubnets." in html


def test_an_evaluated_account_waits_for_acceptance(approver) -> None:
    account = account_row(state=State.EVALUATED, verification=State.EVALUATED)
    run = run_row(Status.EVALUATED, account=account)

    html = approver.get(run.get_absolute_url()).content.decode()

    assert ">Accept<" in html
    assert "verify.sh" in html


@pytest.mark.exhaustive(after=5)
@pytest.mark.parametrize("status", Status.values)
@pytest.mark.parametrize("kind", Run.Kind.values)
def test_every_run_can_be_read(operator, kind: str, status: str) -> None:
    account = None if kind == Run.Kind.MANAGING else account_row()

    response = operator.get(
        run_row(status, kind=kind, account=account).get_absolute_url()
    )

    assert response.status_code == 200


def test_a_refusal_shows_its_document_with_the_line_marked(operator) -> None:
    run = Run.objects.create(kind=Run.Kind.VERIFY, status=Status.FAILED)
    CheckResult.objects.create(
        run=run,
        position=0,
        provider="chain",
        name="Assume the managed role",
        outcome="failed",
        located="their trust",
        document="\n".join(f"line <{n}>" for n in range(1, 31)),
        line=20,
        change="aws iam update-assume-role-policy --policy-document '{}'",
    )

    page = operator.get(run.get_absolute_url()).content.decode()

    assert '<mark><span class="cause-number">20</span> line &lt;20&gt;</mark>' in page
    assert '<span class="cause-number">14</span>' not in page
    assert "The whole document" in page
    assert "<b>Where:</b> the role&#x27;s trust policy" in page
    copied = "aws iam update-assume-role-policy --policy-document &#x27;{}&#x27;"
    assert f'data-copy="{copied}"' in page


def test_an_approver_reads_what_is_discouraged_and_which_policies_come(
    approver, three_policy_sets
) -> None:
    account = account_row(policy_set=1, providers={"ec2": {"access": "power-user"}})
    run = run_row(account=account)
    step_row(run)

    page = approver.get(run.get_absolute_url()).content.decode()

    approve = page.index("Approve and apply")
    warning = "<b>Not recommended for EC2.</b> With PowerUserAccess, Spinnaker"
    assert page.index(warning) < approve
    assert (
        page.index("This plan updates staging from policy version 1 to version 3:")
        < approve
    )
    assert page.index("<b>v3</b> Snapshots may be shared.") < approve
