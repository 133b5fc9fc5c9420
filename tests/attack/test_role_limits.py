"""Tried: with a role for some environments only, act on accounts of another one, by
each address that changes something, alone and for many at once; touch what all
environments share; get around the limit: move an account in or out, by its form, in
bulk or by a file; use a page that was opened before the limit, or before the account
moved; hide an account among many of a rollout, a group or a file.

Refused: each, in a sentence that names the environment, whose role it is and whom to
ask, and nothing is written; whoever has no limit, or is inside it, may. Accounts are
judged where they are when it is decided, before and after an edit; rollouts, groups and
files as a whole, with names; and no page offers any of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import (
    Activity,
    Bundle,
    Delivery,
    ManagedAccount,
    Question,
    Rollout,
    Run,
)
from accounts.models.states import State, Status
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs import rollouts
from tests.accounts.runs.rollouts.rows import SAME, plan
from tests.accounts.web.answers import messages_of, read
from tests.rows import account_row, decider, managing_row, person, run_row, step_row

pytestmark = pytest.mark.django_db

STAGING, PRODUCTION = "staging", "production-eu"
IDENTITY = {"name": "web", "account_id": "9" * 12, "regions": "us-east-1"}


class Act(NamedTuple):
    """What is posted where."""

    url: str
    data: dict[str, Any]


@pytest.fixture
def olga() -> User:
    """Make somebody who plans and approves, and an administrator whom to ask."""
    person("administrator", username="anna")
    managing_row()
    return decider()


def limited(user: User, *environments: str) -> None:
    for role in (OPERATOR, APPROVER):
        limit(user, role, environments or None, None)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def web(**fields: Any) -> ManagedAccount:
    plain = {
        "account_id": "9" * 12,
        "environment": STAGING,
        "state": State.VERIFIED,
        "verification": State.VERIFIED,
        "granted_at": timezone.now(),
        "verified_at": timezone.now(),
    }
    return account_row("web", **{**plain, **fields})


def other(**fields: Any) -> ManagedAccount:
    plain = {"account_id": "8" * 12, "environment": STAGING, "granted_at": None}
    return account_row("shop", **{**plain, **fields})


def decided() -> int:
    """Count what was decided; what was refused is recorded, too."""
    return Activity.objects.exclude(what="refused").count()


def draft(**fields: Any) -> ManagedAccount:
    plain = {"state": State.DRAFT, "granted_at": None}
    return web(**{**plain, "verification": "", "verified_at": None, **fields})


def waiting() -> Run:
    run = run_row(account=draft(), fingerprint=SAME)
    step_row(run)
    return run


def of(account: ManagedAccount, verb: str, **data: Any) -> Act:
    return Act(f"/accounts/{account.pk}/{verb}/", data)


def many(verb: str, *accounts: ManagedAccount, **data: Any) -> Act:
    return Act(f"/accounts/{verb}/", {"account": [a.pk for a in accounts], **data})


def refused(answer: Any) -> str:
    """Return the refusal, whether a page or a message says it."""
    said = f"{messages_of(answer)} {answer.content.decode()}"
    assert "Ask an administrator (anna)" in said
    return said


def edited() -> Act:
    return of(web(), "identity", **IDENTITY, environment=STAGING, read_roles="sre")


def approval() -> Act:
    run = waiting()
    return Act(f"/runs/{run.pk}/approve/", read(run))


def approval_of_same() -> Act:
    run = waiting()
    return Act(f"/runs/same/{SAME}/approve/", {"run": [run.pk]})


def again() -> Act:
    run = run_row(account=web(), status=Status.FAILED, kind=Run.Kind.VERIFY)
    return Act(f"/runs/{run.pk}/again/", {})


def accepted() -> Act:
    verification = {"state": State.EVALUATED, "verification": State.EVALUATED}
    return of(web(**verification), "accept")


def accepted_many() -> Act:
    verification = {"state": State.EVALUATED, "verification": State.EVALUATED}
    return many("accept", web(**verification))


def include_in_bundles() -> Act:
    row = web()
    ManagedAccount.objects.exclude_from_bundles(None)
    return of(row, "exclude", again="1")


def rotation(verb: str) -> Callable[[], Act]:
    def act() -> Act:
        row = web()
        ManagedAccount.objects.update(former_external_id=str(row.external_id))
        return of(row, verb)

    return act


def rollout(kind: Rollout.Kind = Rollout.Kind.ONBOARD) -> Rollout:
    rows = [web(), other(granted_at=timezone.now())]
    row = rollouts.start(rows, kind, None)
    plan(row)
    return row


def steered(verb: str, **data: Any) -> Callable[[], Act]:
    return lambda: Act(f"/runs/rollouts/{rollout().number}/{verb}/", data)


def resumed() -> Act:
    row = rollout()
    Rollout.objects.update(state=Rollout.State.PAUSED)
    return Act(f"/runs/rollouts/{row.number}/resume/", {})


def adopted() -> ManagedAccount:
    return web(adopts=True, applied=[{}])


def retried() -> Act:
    row = rollout()
    Run.objects.filter(rollout=row, account_name="web").update(status=Status.FAILED)
    return Act(f"/runs/rollouts/{row.number}/retry/", {})


def group() -> Act:
    row = rollout()
    numbers = Run.objects.filter(rollout=row).values_list("number", flat=True)
    said = {"read": " ".join(map(str, numbers))}
    return Act(f"/runs/rollouts/{row.number}/same/{SAME}/approve/", said)


def retried_many() -> Act:
    rows = [web(), other(granted_at=timezone.now())]
    for row in rows:
        run_row(account=row, status=Status.FAILED, kind=Run.Kind.VERIFY)
    return many("retry", *rows)


def edit_many() -> Act:
    said = {"read_roles_how": "set", "read_roles": "sre", "apply": "1"}
    return many("edit", web(), other(), **said)


ACTS: dict[str, Callable[[], Act]] = {
    "edit": edited,
    "plan": lambda: of(web(), "plan"),
    "verify": lambda: of(web(), "verify"),
    "remove": lambda: of(web(), "remove"),
    "forget": lambda: of(draft(), "forget"),
    "leave": lambda: of(adopted(), "leave", leave="web"),
    "accept": accepted,
    "accept-many": accepted_many,
    "leave out": lambda: of(web(), "exclude"),
    "put in": include_in_bundles,
    "rotate": lambda: of(web(), "rotate"),
    "cancel a rotation": rotation("unrotate"),
    "approve": approval,
    "approve those that are the same": approval_of_same,
    "discard": lambda: Act(f"/runs/{waiting().pk}/discard/", {}),
    "run again": again,
    "plan many": lambda: many("plan", web(), other()),
    "verify many": lambda: many("verify", web(), other(granted_at=timezone.now())),
    "edit many": edit_many,
    "remove one of many": lambda: many("remove", web(), confirm="remove 1 account"),
    "leave out many": lambda: many("exclude", web()),
    "rotate many": lambda: many("rotate", web(), apply="begin"),
    "retry many": retried_many,
    "pause": steered("pause"),
    "resume": resumed,
    "stop": steered("stop"),
    "retry a rollout": retried,
    "settings of a rollout": steered(
        "settings",
        first_wave=1,
        second_percent=20,
        at_once=3,
        most_failures=2,
        failure_percent=9,
    ),
    "approve a group": group,
}
LIMITS = {
    "no limit": ((), True),
    "inside": ((STAGING, "test"), True),
    "outside": ((PRODUCTION, ""), False),
}


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("name", ACTS)
def test_each_act_is_for_whoever_has_the_role_there(
    name: str, limits: str, olga: User
) -> None:
    environments, may = LIMITS[limits]
    act = ACTS[name]()
    limited(olga, *environments)
    before = decided()

    answer = browser_of(olga).post(act.url, act.data)

    done = decided() - before
    said = f"{messages_of(answer)} {answer.content.decode()}"
    assert (done > 0) is may, said
    assert ("role of olga applies to" in said) is not may
    if not may:
        assert (
            f"applies to {PRODUCTION} and accounts without an environment only" in said
        )
        assert "Ask an administrator (anna)" in said
        assert STAGING in said


SHARED: dict[str, tuple[str, dict[str, Any]]] = {
    "plan the managing account": ("/managing/plan/", {}),
    "edit the managing account": ("/managing/", {"name": "core"}),
    "build a bundle": ("/bundles/build/", {}),
    "say which bundle is installed": ("/bundles/1/installed/", {}),
    "say how Spinnaker is run": ("/settings/spinnaker/run-by/", {"run_by": "live"}),
    "approve a delivery": ("/bundles/deliveries/1/approve/", {"read": "a" * 64}),
    "discard a delivery": ("/bundles/deliveries/1/discard/", {}),
    "look for the organization": ("/accounts/hand-off/look/", {}),
}


@pytest.mark.parametrize("name", SHARED)
def test_what_all_environments_share_needs_the_role_without_a_limit(
    name: str, olga: User
) -> None:
    web()
    Bundle.objects.create(number=1, status=Bundle.Status.READY)
    Delivery.objects.create(number=1, status=Delivery.Status.PLANNED)
    limited(olga, STAGING)
    before = decided()

    answer = browser_of(olga).post(*SHARED[name])

    assert answer.status_code == 403
    assert "All environments share" in refused(answer)
    assert decided() == before
    assert Delivery.objects.get().status == Delivery.Status.PLANNED
    assert Bundle.objects.count() == 1


@pytest.mark.parametrize("role", [OPERATOR, APPROVER])
def test_the_plan_of_the_managing_account_is_approved_without_a_limit_only(
    role: Any, olga: User
) -> None:
    run = run_row(account=None, kind=Run.Kind.MANAGING)
    limit(olga, role, [STAGING], None)

    browser_of(olga).post(f"/runs/{run.pk}/approve/", read(run))

    moved = Run.objects.get().status != Status.PLANNED
    assert moved is (role is OPERATOR)  # of whose limit an approval knows nothing


@pytest.mark.smoke
@pytest.mark.parametrize(("since", "to"), [(STAGING, "test"), ("test", STAGING)])
@pytest.mark.parametrize("in_bulk", [False, True])
def test_an_account_is_moved_by_whoever_has_the_role_in_both(
    since: str, to: str, in_bulk: bool, olga: User
) -> None:
    row = draft(environment=since)
    act = of(row, "identity", **IDENTITY, environment=to)
    if in_bulk:
        said = {"environment_how": "set", "environment": to, "apply": "1"}
        act = many("edit", row, **said)
    limited(olga, STAGING)

    refused(browser_of(olga).post(act.url, act.data))

    assert ManagedAccount.objects.get().environment == since
    limited(olga, STAGING, "test")
    browser_of(olga).post(act.url, act.data)
    assert ManagedAccount.objects.get().environment == to


def test_a_new_account_is_described_inside_only(olga: User) -> None:
    limited(olga, STAGING)
    browser = browser_of(olga)

    refused(browser.post("/accounts/new/", {**IDENTITY, "environment": ""}))

    assert not ManagedAccount.objects.exists()
    browser.post("/accounts/new/", {**IDENTITY, "environment": STAGING})
    assert ManagedAccount.objects.get().environment == STAGING


def test_an_account_that_moved_since_its_plan_is_judged_where_it_is(olga) -> None:
    run = waiting()
    limited(olga, STAGING)
    browser = browser_of(olga)
    form = read(run)
    ManagedAccount.objects.update(environment=PRODUCTION)

    refused(browser.post(f"/runs/{run.pk}/approve/", form))

    assert Run.objects.get().status == Status.PLANNED
    ManagedAccount.objects.update(environment=STAGING)
    browser.post(f"/runs/{run.pk}/approve/", form)
    assert Run.objects.get().status == Status.APPLYING


def test_a_limit_counts_on_pages_that_were_opened_before_it(olga: User) -> None:
    run = waiting()
    browser = browser_of(olga)
    page = browser.get(f"/runs/{run.pk}/")
    form = read(run)
    limited(olga, PRODUCTION)

    answer = browser.post(f"/runs/{run.pk}/approve/", form)

    assert "Approve and\n      apply" in page.content.decode()
    assert "role of olga applies to" in refused(answer)
    assert Run.objects.get().status == Status.PLANNED


def test_one_account_outside_refuses_its_whole_rollout_and_group(olga: User) -> None:
    rows = [web(), other(granted_at=timezone.now())]
    limited(olga, STAGING)
    browser = browser_of(olga)
    ManagedAccount.objects.filter(name="shop").update(environment="")

    said = refused(browser.post(*many("plan", *rows)))

    assert "shop is in no environment." in said
    assert not Rollout.objects.exists()
    row = rollouts.start(rows, Rollout.Kind.ONBOARD, None)
    plan(row)
    numbers = Run.objects.filter(rollout=row).values_list("number", flat=True)
    form = {"read": " ".join(map(str, numbers))}
    url = f"/runs/rollouts/{row.number}/same/{SAME}/approve/"
    assert "shop is in no environment." in refused(browser.post(url, form))
    assert not Run.objects.filter(status=Status.APPROVED).exists()


def test_names_and_counts_of_many_outside_are_said(olga: User) -> None:
    rows = [
        account_row(f"web-{n}", account_id=f"{n:012}", environment=PRODUCTION)
        for n in range(1, 9)
    ]
    limited(olga, STAGING)

    said = refused(browser_of(olga).post(*many("plan", *rows)))

    assert f"8 accounts are outside (8 in {PRODUCTION}): web-1, web-2" in said
    assert "web-5, and 3 more." in said


FILE = """\
name,account_id,environment,regions,external_id,ec2
web,9999-9999-9999,{},us-east-1,yes,yes
shop,8888-8888-8888,{},us-east-1,yes,yes
"""


def uploaded(browser: Client, *environments: str) -> Any:
    file = ContentFile(FILE.format(*environments).encode(), name="a.csv")
    return browser.post("/accounts/file/", {"file": file})


@pytest.mark.parametrize("environments", [(STAGING, PRODUCTION), (STAGING, "")])
def test_a_file_is_refused_as_a_whole_with_line_and_name(environments, olga) -> None:
    limited(olga, STAGING)

    said = refused(uploaded(browser_of(olga), *environments))

    assert f"shop is in {environments[1] or 'no environment'}." in said
    assert "web is in" not in said
    assert not ManagedAccount.objects.exists()


def test_a_file_moves_no_account_out_and_the_limit_counts_when_it_is_saved(
    olga: User,
) -> None:
    other(environment=PRODUCTION)
    limited(olga, STAGING)
    browser = browser_of(olga)

    refused(uploaded(browser, STAGING, STAGING))  # it was in production until now

    limited(olga, STAGING, PRODUCTION)
    preview = uploaded(browser, STAGING, PRODUCTION).url
    seen = browser.get(preview).context["upload"].digest
    limited(olga, PRODUCTION)
    refused(browser.post(preview, {"seen": seen}))
    assert [row.name for row in ManagedAccount.objects.all()] == ["shop"]


def test_clusters_are_searched_inside_only(olga: User) -> None:
    row = web()
    limited(olga, PRODUCTION)
    act = many("clusters", row)

    refused(browser_of(olga).post(act.url, act.data))

    assert not Question.objects.exists()
    limited(olga, STAGING)
    browser_of(olga).post(act.url, act.data)
    assert Question.objects.count() == 1


def test_pages_offer_nothing_that_would_be_refused_and_say_why(olga: User) -> None:
    run = waiting()
    account = ManagedAccount.objects.get()
    urls = (f"/runs/{run.pk}/", f"/accounts/{account.pk}/", f"/runs/same/{SAME}/")
    limited(olga, PRODUCTION)
    browser = browser_of(olga)

    for url in urls:
        page = browser.get(url).content.decode()
        assert f"applies to {PRODUCTION} only." in page
        assert "This is in staging." in page
        assert "(anna)" in page
        assert 'method="post" action="/accounts/' not in page
        assert "/discard/" not in page
        assert "Approve and" not in page
    limited(olga, STAGING)
    for url in urls:
        assert "only." not in browser_of(olga).get(url).content.decode()


def test_only_accounts_inside_can_be_selected(olga: User) -> None:
    row, outside = web(), other(environment=PRODUCTION)
    limited(olga, STAGING)
    browser = browser_of(olga)

    page = browser.get("/accounts/").content.decode()
    browser.post("/accounts/verify/", {"everything": "on"})

    assert f'name="account" value="{row.pk}"' in " ".join(page.split())
    assert f'value="{outside.pk}"' not in page
    assert Run.objects.get().account == row


def test_what_waits_is_counted_for_whoever_may_approve_it(olga: User) -> None:
    waiting()
    run_row(account=other(environment=PRODUCTION))
    run_row(account=None, kind=Run.Kind.MANAGING)
    browser = browser_of(olga)
    all_that_wait = browser.get("/").content.decode()
    limited(olga, STAGING)

    page = browser.get("/").content.decode()
    listed = browser.get("/runs/?waits=me")

    assert "3 plans need approval." in all_that_wait
    assert "The plan for web needs approval." in page
    assert [row.run.account_name for row in listed.context["rows"]] == ["web"]


def test_the_number_of_queries_does_not_grow(olga: User) -> None:
    limited(olga, STAGING, "test")
    browser = browser_of(olga)
    counts = []
    for first in (1, 3):
        for n in range(first, first * 3):
            name, key = f"web-{first}-{n}", f"{first}{n:011}"
            account_row(name, account_id=key, environment=["test", ""][n % 2])
        with CaptureQueriesContext(connection) as queries:
            browser.get("/accounts/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
