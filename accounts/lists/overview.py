"""The overview as lists: how many accounts are in which state, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from accounts.discover.organization.watching import watched_drafts
from accounts.lists.accounts import (
    EVERYONE,
    INACTIVE,
    NEW,
    OLDER,
    STALE,
    has_no_groups,
)
from accounts.lists.bundles import ahead, installed_bundle
from accounts.lists.runs import ME
from accounts.models import (
    Bundle,
    CheckResult,
    Delivery,
    ManagedAccount,
    ManagingAccount,
    Rollout,
    Run,
)
from accounts.models.account import has_older_policies
from accounts.models.states import (
    NOT_APPROVED,
    WORDS,
    State,
    Status,
    counted_by_word,
    standing_word,
)
from accounts.people.policies import is_production
from accounts.people.role_limits.limits import inside, waits_for
from accounts.people.roles import APPROVER, has_role
from accounts.runs.capacity import capacity_of
from accounts.runs.deciding.starting import waiting_in_words
from accounts.runs.inactive import inactive_accounts
from accounts.wording import counted, for_count

if TYPE_CHECKING:
    from accounts.people.role_limits.limits import Person


class Counted(NamedTuple):
    """Accounts of an environment of which badges say the same word."""

    environment: str
    word: str
    accounts: int
    oldest: datetime | None = None
    """When the account was verified whose verification is the oldest."""
    older: int = 0
    """How many have an older policy version."""
    open: int = 0
    """To how many everyone in Spinnaker can deploy."""


Counts: TypeAlias = list[Counted]

MOST_WORSE = 8
"""The most checks that got worse that are listed."""

MOST_ROLLOUTS = 5
"""The most rollouts that are listed for one reason, the newest first."""


EVALUATED_LONG_AGO = standing_word(State.EVALUATED, is_stale=True)


class ToDo(NamedTuple):
    text: str
    url: str
    label: str
    """The verb on its button."""


def states_of(counts: Counts) -> Counter[str]:
    """Count the accounts by state, in the order of WORDS."""
    states = Counter(dict.fromkeys(WORDS, 0))
    for one in counts:
        states[one.word] += one.accounts
    return states


def got_worse() -> dict[str, Any]:
    """Return the checks that were good once and are bad now, the newest first."""
    worse = CheckResult.objects.got_worse().order_by("-checked_at", "position")
    found = list(worse.select_related("run").defer("document")[: MOST_WORSE + 1])
    return {"worse": found[:MOST_WORSE], "more_worse": len(found) > MOST_WORSE}


def accounts_url() -> str:
    return reverse("accounts:accounts")


def counts_by_environment() -> Counts:
    """Count all that the overview says of accounts in one query: their rows are wide,
    and every query that counts reads all of them.
    """
    found = counted_by_word(
        ManagedAccount.objects.all(),
        "environment",
        oldest=Min("verified_at", filter=~Q(verification="")),
        older=Count("pk", filter=has_older_policies()),
        open=Count("pk", filter=has_no_groups() & Q(granted_at__isnull=False)),
    )
    counts = [Counted(*one) for one in found]
    if not {one.word for one in counts} <= {*WORDS}:
        # Raises Unreadable, which names the row: counting reads none.
        ManagedAccount.objects.exclude(state__in=State.values).first()
    return counts


def fills(row: ManagingAccount) -> list[ToDo]:
    """Offer the organization in time, before the list of accounts is full."""
    if row.organization:
        return []
    room = capacity_of(row)
    if not room.is_near_its_end:
        return []
    more = for_count(room.coming, "1 more isn't", "{count} more aren't")
    coming = f", and {more} onboarded yet" if room.coming else ""
    text = (
        f"{room.assumed:,} of {room.most:,} accounts are listed{coming}. Before the "
        "list is full, change to every account of the organization."
    )
    return [ToDo(text, f"{row.get_absolute_url()}?switch=1#switch", "View changes")]


def to_do(states: dict[str, int], counts: Counts, person: Person) -> list[ToDo]:
    """List what waits for a person, the most urgent first: for whoever approves, what
    only such a person can move.
    """
    approves = has_role(person, APPROVER)
    decisions = [*waiting(waits_for(person)), *to_accept(states, person)]
    return [
        *(decisions if approves else ()),
        *broken(states),
        *paused(),
        *(() if approves else decisions),
        *less_urgent(states, counts),
        *bundles(),
    ]


def accounts_to_do(
    count: int, one: str, many: str, label: str = "View accounts", **asked: str
) -> list[ToDo]:
    """Lead to the list of these accounts; to nothing where there are none."""
    url = f"{accounts_url()}?{urlencode(asked)}"
    return [ToDo(for_count(count, one, many), url, label)] if count else []


def broken(states: dict[str, int]) -> Iterator[ToDo]:
    for state, said in BROKEN.items():
        yield from accounts_to_do(states[state], *said, state=state)


BROKEN = {
    NOT_APPROVED: (
        "1 account isn't as approved. Its roles allow what no one approved.",
        "{count} accounts aren't as approved. Their roles allow what no one approved.",
    ),
    State.FAILED: (
        "1 account failed. Its last run shows what to fix.",
        "{count} accounts failed. Their last runs show what to fix.",
    ),
    State.DRIFTED: (
        "1 account drifted. AWS no longer matches the verified state.",
        "{count} accounts drifted. AWS no longer matches the verified state.",
    ),
    State.OUTDATED: (
        "1 account changed after its last plan. Plan it again.",
        "{count} accounts changed after their last plan. Plan them again.",
    ),
}


def paused() -> list[ToDo]:
    """List rollouts that start no more accounts until somebody decides."""
    found = Rollout.objects.filter(state=Rollout.State.PAUSED)
    return [
        ToDo(f"{one} is paused. {one.reason}", one.get_absolute_url(), "View it")
        for one in found[:MOST_ROLLOUTS]
    ]


def waiting(mine: Q) -> Iterator[ToDo]:
    """List plans that wait, those of a rollout together; of a limited approver, those
    that wait for that person.
    """
    plans = Run.objects.filter(mine, status=Status.PLANNED)
    by_rollout = plans.exclude(rollout=None).order_by().values_list("rollout")
    counts = dict(by_rollout.annotate(Count("pk")))
    for rollout in Rollout.objects.filter(pk__in=counts)[:MOST_ROLLOUTS]:
        count = counts[rollout.pk]
        plans_of = for_count(count, "1 plan needs", "{count} plans need")
        text = f"{rollout}: {plans_of} approval."
        yield ToDo(text, rollout.get_absolute_url(), "Review")
    yield from waiting_alone(plans.filter(rollout=None), mine)


def waiting_alone(plans: QuerySet[Run], mine: Q) -> Iterator[ToDo]:
    # In no order: by it, a database that finds none would read every run.
    first, *others = plans.order_by()[:2] or [None]
    if first is None:
        return
    if not others:
        text = f"The plan for {first.account_name} needs approval."
        yield ToDo(text, first.get_absolute_url(), "Review the plan")
        return
    asked = urlencode({"waits": ME} if mine else {"status": Status.PLANNED})
    url = f"{reverse('accounts:runs')}?{asked}"
    yield ToDo(f"{plans.count():,} plans need approval.", url, "Review the plans")


def to_accept(states: dict[str, int], person: Person) -> list[ToDo]:
    """List accounts that were only evaluated; of a limited approver, those that such a
    person can accept.
    """
    if not (states[State.EVALUATED] or states[EVALUATED_LONG_AGO]):
        return []
    approves = has_role(person, APPROVER)
    rows = ManagedAccount.objects.to_accept()
    if approves:
        rows = rows.filter(inside(person, APPROVER, "environment"))
    text = waiting_in_words(rows.count())
    label = "Review and accept" if approves else "View accounts"
    return [ToDo(text, reverse("accounts:to-accept"), label)] if text else []


def less_urgent(states: dict[str, int], counts: Counts) -> Iterator[ToDo]:
    """List accounts that work, and whose verification, organization or policies need
    somebody; and those that were never planned.
    """
    age = counted(settings.VERIFICATION_MAX_AGE, "day")
    yield from accounts_to_do(
        ManagedAccount.objects.stale().count(),
        f"1 account was verified more than {age} ago. Verify it again.",
        f"{{count}} accounts were verified more than {age} ago. Verify them again.",
        verification=STALE,
    )
    yield from accounts_to_do(
        inactive_accounts().count(),
        "1 account left the organization or was suspended by AWS.",
        "{count} accounts left the organization or were suspended by AWS.",
        organization=INACTIVE,
    )
    yield from open_production(counts)
    yield from accounts_to_do(
        sum(one.older for one in counts),
        "1 account has an older policy version. Plan it to update the policies.",
        "{count} accounts have an older policy version. Plan them to update the "
        "policies.",
        policies=OLDER,
    )
    yield from accounts_to_do(
        watched_drafts().count(),
        "1 account is new in a watched unit. Review and plan it.",
        "{count} accounts are new in watched units. Review and plan them.",
        "View drafts",
        organization=NEW,
    )
    yield from accounts_to_do(
        states[State.DRAFT],
        "1 account is incomplete or not planned yet.",
        "{count} accounts are incomplete or not planned yet.",
        "Continue",
        state=State.DRAFT,
    )


def open_production(counts: Counts) -> Iterator[ToDo]:
    """List the environments in production that everybody in Spinnaker may deploy to."""
    found: Counter[str] = Counter()
    for one in counts:
        found[one.environment] += one.open
    for environment, count in sorted(found.items()):
        if is_production(environment):
            yield from accounts_to_do(
                count,
                f"1 account in {environment} has no groups, so everyone in Spinnaker "
                "can deploy to it.",
                f"{{count}} accounts in {environment} have no groups, so everyone in "
                "Spinnaker can deploy to them.",
                environment=environment,
                write=EVERYONE,
            )


def not_installed(newest: Bundle | None) -> list[ToDo]:
    """Say what the newest bundle would change in Spinnaker; or ask for a first one,
    unless Bowline delivers to it.
    """
    installed = installed_bundle()
    found = ahead(installed)
    if installed:
        return [ToDo(found.sentence, found.url, "View changes")] if found else []
    if newest is None or Delivery.objects.exists():
        return []
    text = f"Install bundle {newest.number} in Spinnaker, then mark it as installed."
    return [ToDo(text, newest.get_absolute_url(), f"Open bundle {newest.number}")]


def bundles() -> list[ToDo]:
    """List accounts that are ready and that the newest bundle does not hold."""
    ready = ManagedAccount.objects.ready()
    last = Bundle.objects.built().only("number").first()
    if last:
        # As a list: with a join, PostgreSQL takes seconds until it has statistics of a
        # bundle that was just built.
        held = Bundle.accounts.through.objects.filter(bundle=last)
        ready = ready.exclude(pk__in=held.values("managedaccount"))
    fresh = ready.count()
    if not fresh:
        return not_installed(last)
    where = f"bundle {last.number}" if last else "any bundle"
    text = for_count(
        fresh,
        f"1 account is ready for Spinnaker, but not in {where} yet.",
        f"{{count}} accounts are ready for Spinnaker, but not in {where} yet.",
    )
    return [ToDo(text, reverse("accounts:bundles"), "Build a bundle")]
