"""The overview: the picture, the counts, what to do next; quick at any size."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.lists import overview
from accounts.lists.overview import ToDo, counts_by_environment
from accounts.models import (
    Bundle,
    CheckResult,
    ManagedAccount,
    Rollout,
    Run,
)
from accounts.models.states import BADGES, NOT_APPROVED, WORDS, State, Status
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.web.overview.views import MOST_NODES
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

QUERIES = 20
"""Session, person, two of permissions, trouble, managing account, counts, what got
worse, room, whether runs move, and three to eight for what to do next, however many
accounts there are."""


def many(count: int, **fields: str) -> list[ManagedAccount]:
    return ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"team-{n:05}",
            account_id=f"{n:012}",
            environment=("web", "data", "")[n % 3],
            **{"state": State.VERIFIED, **fields},
        )
        for n in range(count)
    )


def none() -> dict[str, int]:
    return dict.fromkeys((*State.values, *WORDS), 0)


def to_do(states: dict[str, int]) -> list[ToDo]:
    """List what waits for somebody who approves everywhere."""
    ann = User.objects.filter(username="ann").first()
    ann = ann or person("approver", username="ann")
    return overview.to_do(states, counts_by_environment(), ann)


def test_an_empty_bowline_begins_with_the_managing_account(operator) -> None:
    page = operator.get("/").content.decode()

    assert 'href="/managing/">Set up the managing account</a>' in page
    assert "Onboard an account" not in page


def test_an_empty_bowline_leads_to_a_report_on_an_existing_spinnaker(operator) -> None:
    page = operator.get("/").content.decode()

    (link,) = re.findall(r'href="([^"]+)">Adopt an existing Spinnaker', page)
    assert "Create report" in operator.get(link).content.decode()


def test_an_empty_bowline_says_to_viewers_what_could_be_taken(operator) -> None:
    operator.force_login(person("viewer", username="viewer"))

    page = operator.get("/").content.decode()

    (link,) = re.findall(r'href="([^"]+)">Adopt an existing Spinnaker', page)
    assert "manage.py adopt" in operator.get(link).content.decode()


def test_then_comes_the_first_account(operator, managing) -> None:
    page = operator.get("/").content.decode()

    assert 'href="/accounts/new/">Onboard an account</a>' in page
    assert 'href="/accounts/organization/">Add many from the organization</a>' in page


def test_a_viewer_is_told_who_can_begin(viewer) -> None:
    person("operator", username="ada")

    page = viewer.get("/").content.decode()

    assert "You need the operator role to set up the managing account. Ask ada." in page
    assert "btn-primary" not in page


def test_every_account_is_a_link_in_the_picture_and_in_the_table(viewer) -> None:
    managing_row()
    account = account_row("staging", environment="web", state=State.FAILED)

    page = viewer.get("/").content.decode()

    links = re.findall(rf'href="{account.get_absolute_url()}"', page)
    assert len(links) == 3, "wide, narrow, table"
    assert "<title>staging (922222222222): failed</title>" in page


def test_an_account_trusts_nobody_before_that_is_verified(viewer, managing) -> None:
    """A rollout lets Spinnaker assume its accounts before it plans any of them."""
    now, verified = timezone.now(), {"entries": [], "managed": {}}
    account_row("failed", account_id="933333333333", state=State.FAILED, granted_at=now)
    account_row("good", state=State.VERIFIED, granted_at=now, verified=verified)

    page = viewer.get("/").content.decode()

    rows = dict(re.findall(r'data-row>.*?">(\w+)</a>(.*?)</tr>', page))
    assert "not verified yet" in rows["failed"]
    assert f">{managing.name}</td>" in rows["good"]
    assert f">{managing.name}</td>" not in rows["failed"]


def test_the_counts_lead_to_the_filtered_list(viewer, managing) -> None:
    many(4)

    response = viewer.get("/")

    ((column, count),) = response.context["states"]
    assert (column.title, count) == ("verified", 4)
    assert 'href="/accounts/?state=verified"' in response.content.decode()


def test_many_accounts_are_shown_as_environments(viewer, managing) -> None:
    many(MOST_NODES + 1)

    page = viewer.get("/").content.decode()

    assert "team-00001" not in page
    assert "picture-wide" not in page
    assert 'href="/accounts/?environment=web"' in page
    assert 'href="/accounts/?environment=-&amp;state=verified"' in page


@pytest.mark.parametrize("count", [1, 2000])
def test_it_takes_as_many_queries_for_few_as_for_many(
    viewer, django_assert_max_num_queries, count: int
) -> None:
    managing_row()
    many(count)

    with django_assert_max_num_queries(QUERIES + 6):  # one of them: whom to ask
        viewer.get("/")


def test_nothing_to_do_where_all_is_well() -> None:
    assert to_do(none()) == []


def test_broken_accounts_come_first() -> None:
    account_row(state=State.DRAFT)

    first, second, third, last = to_do(
        {**none(), "failed": 2, "drifted": 1, "outdated": 1, "draft": 1}
    )

    assert first.text == "2 accounts failed. Their last runs show what to fix."
    assert first.url == "/accounts/?state=failed"
    assert second.text.startswith("1 account drifted")
    assert third.text.startswith("1 account changed after")
    assert last.label == "Continue"


def test_who_approves_reads_first_what_only_they_can_move(client, managing) -> None:
    Run.objects.create(account_name="staging", status=Status.PLANNED)
    account_row(state=State.FAILED)

    for role in ("approver", "operator"):
        client.force_login(person(role))
        texts = [item.text for item in client.get("/").context["todo"]]
        waits = texts.index("The plan for staging needs approval.")
        failed = texts.index("1 account failed. Its last run shows what to fix.")
        assert (waits < failed) is (role == "approver")


def test_every_word_in_red_is_to_do_and_leads_to_its_accounts(viewer) -> None:
    account_row("wide", state=State.DRIFTED, unapproved=1)

    for word in (word for word in WORDS if BADGES[word].colour == "bad"):
        (item,) = to_do({**none(), word: 1})
        listed = viewer.get(item.url).content.decode()
        assert word in item.text.replace("isn't", "not")
        assert (">wide</a>" in listed) is (word == NOT_APPROVED)


def test_production_that_everybody_may_deploy_to_is_never_silent(viewer) -> None:
    granted = {"granted_at": timezone.now(), "environment": "production"}
    account_row("open", **granted)
    account_row("closed", account_id="922222222223", write_roles=["sre"], **granted)
    account_row("read-only", account_id="922222222225", read_roles=["sre"], **granted)
    dev = {"granted_at": timezone.now(), "environment": "dev"}
    account_row("free", account_id="922222222224", **dev)

    (item,) = (one for one in to_do(none()) if "everyone" in one.text)

    assert item.text.startswith("1 account in production has no groups, so everyone")
    listed = viewer.get(item.url).content.decode()
    assert [
        name
        for name in ("open", "closed", "read-only", "free")
        if f">{name}</a>" in listed
    ] == ["open"]


def test_a_paused_rollout_is_told_with_its_reason() -> None:
    rollout = Rollout.objects.create(state=Rollout.State.PAUSED, reason="3 failed.")
    Rollout.objects.create(state=Rollout.State.FINISHED)

    (item,) = to_do(none())

    assert item.text == f"{rollout} is paused. 3 failed."
    assert item.url == rollout.get_absolute_url()


def test_one_plan_that_waits_is_linked_itself() -> None:
    account = account_row()
    run = Run.objects.create(
        account=account, account_name="staging", status=Status.PLANNED
    )

    (item,) = to_do(none())

    assert item.text == "The plan for staging needs approval."
    assert item.url == run.get_absolute_url()


def test_several_plans_are_linked_as_a_list() -> None:
    for n in range(3):
        account = account_row(f"a{n}", account_id=f"{n:012}")
        Run.objects.create(account=account, account_name="a", status=Status.PLANNED)

    (item,) = to_do(none())

    assert item.text == "3 plans need approval."
    assert item.url == "/runs/?status=planned"


def test_ready_accounts_without_a_bundle_are_told() -> None:
    account_row(verification=State.VERIFIED)

    (item,) = to_do(none())

    assert item.text == "1 account is ready for Spinnaker, but not in any bundle yet."


def test_only_what_the_newest_bundle_lacks_is_told() -> None:
    old = account_row(verification=State.VERIFIED)
    bundle = Bundle.objects.create(
        number=7, status=Bundle.Status.READY, installed_at=timezone.now()
    )
    bundle.accounts.add(old)
    assert to_do(none()) == []

    account_row("new", account_id="933333333333", verification=State.VERIFIED)

    (item,) = to_do(none())
    assert item.text == "1 account is ready for Spinnaker, but not in bundle 7 yet."


def test_a_time_is_told_as_a_distance(viewer, managing) -> None:
    account_row(verified_at=timezone.now() - timedelta(minutes=3, seconds=5))

    page = viewer.get("/").content.decode()

    assert ">3 min ago</time>" in page


def test_what_got_worse_is_told_with_a_link(viewer, managing) -> None:
    account = account_row(granted_at=timezone.now())
    run = Run.objects.create(
        kind=Run.Kind.VERIFY, account=account, account_name=account.name
    )
    CheckResult.objects.create(
        run=run,
        position=0,
        provider="chain",
        name="Assume the managed role",
        outcome="failed",
        sentence="The trust policy does not let it in.",
        located="their trust",
        worse=True,
    )

    page = viewer.get("/").content.decode()

    assert "New failures since the last verification" in page
    assert "The trust policy does not let it in." in page
    assert re.search(r"failed\s*</span> Assume the managed role", page)
    assert "(the role&#x27;s trust policy)" in page
    assert f'href="{run.get_absolute_url()}#checks"' in page


def test_failures_of_one_cause_are_one_thing_to_fix(viewer, managing) -> None:
    for number, name in enumerate(("web", "shop")):
        error = {
            "account": f"{number:012}",
            "message": f"The role of {name} doesn't trust Bowline.",
            "hint": f"Trust Bowline in {number:012}.",
        }
        failed = account_row(name, account_id=f"{number:012}", state=State.FAILED)
        run_row(Status.FAILED, account=failed, account_name=name, error=error)
    account_row("data", account_id="2" * 12, state=State.VERIFIED)

    (cause,) = viewer.get("/").context["causes"]

    assert {run.account_name for run in cause.runs} == {"web", "shop"}
    assert cause.fix.startswith("Trust Bowline in ")


def test_without_anything_worse_nothing_is_said_of_it(viewer, managing) -> None:
    account_row()

    assert "New failures" not in viewer.get("/").content.decode()


def test_older_policies_are_counted_with_a_way_to_their_accounts(
    three_policy_sets,
) -> None:
    account_row(policy_set=3)
    account_row("old", account_id="1" * 12, policy_set=1)

    (one,) = to_do(none())
    account_row("older", account_id="2" * 12, policy_set=2)
    (two,) = to_do(none())

    assert (
        one.text
        == "1 account has an older policy version. Plan it to update the policies."
    )
    assert (
        two.text
        == "2 accounts have an older policy version. Plan them to update the policies."
    )
    assert two.url == "/accounts/?policies=older"


def test_the_organization_is_offered_before_the_list_is_full(
    viewer, room_for_two
) -> None:
    managing_row()
    account_row(granted_at=timezone.now())

    before = viewer.get("/").content.decode()
    account_row("coming", account_id="1" * 12)
    after = viewer.get("/").content.decode()

    assert "every account of the organization" not in before
    assert "1 of 2 accounts are listed, and 1 more isn&#x27;t onboarded yet." in after
    assert 'href="/managing/?switch=1#switch"' in after


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"state": State.APPLIED}, "was changed and isn't verified yet."),
        ({"state": State.FAILED}, "couldn't be changed or verified."),
        ({"state": State.DRIFTED}, "drifted. AWS no longer matches what was approved."),
        (
            {"state": State.DRIFTED, "unapproved": 1},
            "isn't as approved. Its roles allow what no one approved.",
        ),
        ({"state": State.OUTDATED}, "was edited after its changes were applied."),
        (
            {
                "state": State.VERIFIED,
                "verification": State.VERIFIED,
                "verified_at": timezone.now() - timedelta(days=400),
            },
            "has an outdated verification.",
        ),
    ],
)
@pytest.mark.parametrize("accounts", [0, 1])
def test_the_managing_account_waits_where_it_is_not_proved(
    viewer, fields: dict[str, object], says: str, accounts: int
) -> None:
    """Though the last account was removed, and forgotten."""
    managing_row(**fields)
    many(accounts)

    page = viewer.get("/").content.decode()

    assert f"The managing account core {says}" in unescape(page)
    assert 'href="/managing/#changes">Go to Plan changes</a>' in page


def test_policies_of_others_on_the_managing_account_wait_for_somebody(viewer) -> None:
    managing_row(state=State.DRIFTED)
    many(1)
    foreign_row(None)
    now = timezone.now()
    accepted = {"accepted_at": now, "until": now.date() + timedelta(days=1)}
    foreign_row(None, digest="2", **accepted)

    page = viewer.get("/").content.decode()

    assert "core isn&#x27;t as approved. Its roles have 1 policy of others." in page


def test_a_managing_account_that_is_proved_waits_for_nobody(viewer) -> None:
    managing_row(
        state=State.VERIFIED, verification=State.VERIFIED, verified_at=timezone.now()
    )
    many(1)

    assert "Go to Plan changes" not in viewer.get("/").content.decode()


USER = "arn:aws:iam::911111111111:user/bots/spinnakerManaging"


def test_it_names_the_identity_that_spinnaker_runs_as(operator) -> None:
    managing_row(identity_kind="existing", identity_arn=USER)
    account_row(state=State.VERIFIED, verification=State.VERIFIED)

    page = operator.get("/").content.decode()

    assert "Spinnaker runs as spinnakerManaging" in page
    assert "SpinnakerAuthRole" not in page


def test_accounts_that_were_only_evaluated_come_with_what_to_do(managing) -> None:
    evaluated = {"state": State.EVALUATED, "verification": State.EVALUATED}
    account_row(environment="staging", **evaluated)
    states = none() | {State.EVALUATED: 1}
    limited = person("approver", username="of-production")
    limit(limited, APPROVER, ["production"], None)

    (ours,) = to_do(states)
    (theirs,) = overview.to_do(
        states, counts_by_environment(), person("viewer", username="vera")
    )
    mine = overview.to_do(states, counts_by_environment(), limited)
    ManagedAccount.objects.accept(None)
    after = to_do(states)

    assert ours.text == (
        "1 account was evaluated, not verified: Bowline can't assume the role "
        "SpinnakerAuthRole, which Spinnaker runs as, and only read the policies. "
        "Bundles include it after an approver accepts it."
    )
    assert (ours.url, ours.label) == ("/accounts/to-accept/", "Review and accept")
    assert (theirs.text, theirs.label) == (ours.text, "View accounts")
    assert ours not in mine
    assert ours not in after
