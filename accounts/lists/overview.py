"""The overview as lists: how many accounts are in which state, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from accounts.discover.organization.watching import watched_drafts
from accounts.lists.accounts import EVERYBODY, INACTIVE, NEW, OLDER, STALE
from accounts.lists.bundles import ahead, installed_bundle
from accounts.lists.runs import ME
from accounts.models import (
    Bundle,
    CheckResult,
    ManagedAccount,
    ManagingAccount,
    Rollout,
    Run,
)
from accounts.models.standing import NOT_APPROVED, WORDS, counted_by_word
from accounts.models.states import State, Status
from accounts.people.policies import is_production
from accounts.people.role_limits.limits import waits_for
from accounts.people.roles import APPROVER, has_role
from accounts.runs.capacity import capacity_of
from accounts.runs.inactive import inactive_accounts
from accounts.wording import counted

if TYPE_CHECKING:
    from accounts.people.role_limits.limits import Person

Counts = list[tuple[str, str, int]]
"""(environment, word, how many accounts)."""

MOST_WORSE = 8
"""The most checks that got worse that are listed."""

MOST_ROLLOUTS = 5
"""The most rollouts that are listed for one reason, the newest first."""


class ToDo(NamedTuple):
    text: str
    url: str
    label: str
    """The verb on its button."""


def states_of(counts: Counts) -> Counter[str]:
    """Count the accounts by state, in the order of WORDS."""
    states = Counter(dict.fromkeys(WORDS, 0))
    for _, word, count in counts:
        states[word] += count
    return states


def got_worse() -> dict[str, Any]:
    """Return the checks that were good once and are bad now, the newest first."""
    worse = CheckResult.objects.got_worse().order_by("-checked_at", "position")
    found = list(worse.select_related("run").defer("document")[: MOST_WORSE + 1])
    return {"worse": found[:MOST_WORSE], "more_worse": len(found) > MOST_WORSE}


def accounts_url() -> str:
    return reverse("accounts:accounts")


def counts_by_environment() -> Counts:
    return list(counted_by_word(ManagedAccount.objects.all(), "environment"))


def fills(row: ManagingAccount) -> list[ToDo]:
    """Offer the organization in time, before the list of accounts is full."""
    room = capacity_of(row)
    if not room.is_near_its_end:
        return []
    verb = "is" if room.coming == 1 else "are"
    coming = f", {room.coming:,} more {verb} described" if room.coming else ""
    text = (
        f"{room.assumed:,} of {room.most:,} accounts are listed{coming}. Choose every "
        "account of the organization before the list is full."
    )
    return [ToDo(text, f"{row.get_absolute_url()}?switch=1#switch", "See what changes")]


def to_do(states: dict[str, int], person: Person) -> list[ToDo]:
    """List what waits for a person, the most urgent first: for whoever approves, what
    only such a person can move.
    """
    approves = has_role(person, APPROVER)
    decisions = [*waiting(waits_for(person))]
    return [
        *(decisions if approves else ()),
        *broken(states),
        *paused(),
        *(() if approves else decisions),
        *stale(),
        *inactive(),
        *open_production(),
        *older_policies(),
        *new_in_watched_units(),
        *drafts(states),
        *bundles(),
    ]


def in_state(state: str) -> str:
    return f"{accounts_url()}?{urlencode({'state': state})}"


def broken(states: dict[str, int]) -> list[ToDo]:
    return [
        ToDo(f"{counted(states[state])} {sentence}", in_state(state), "See accounts")
        for state, sentence in BROKEN.items()
        if states[state]
    ]


BROKEN = {
    NOT_APPROVED: "not as approved: the roles have permissions that weren't approved.",
    State.FAILED: "failed. See the last run for what to fix.",
    State.DRIFTED: "drifted: AWS no longer matches what was verified.",
    State.OUTDATED: "changed after the last plan. Plan again.",
}


def paused() -> list[ToDo]:
    """List rollouts that start no more accounts until somebody decides."""
    found = Rollout.objects.filter(state=Rollout.State.PAUSED)
    return [
        ToDo(f"{one} is paused. {one.reason}", one.get_absolute_url(), "See it")
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
        verb, plans_of = ("waits", "plan") if count == 1 else ("wait", "plans")
        text = f"{rollout}: {count:,} {plans_of} {verb} for approval."
        yield ToDo(text, rollout.get_absolute_url(), "Review")
    yield from waiting_alone(plans.filter(rollout=None), mine)


def waiting_alone(plans: QuerySet[Run], mine: Q) -> Iterator[ToDo]:
    first, *others = plans[:2] or [None]
    if first is None:
        return
    if not others:
        text = f"The plan for {first.account_name} waits for approval."
        yield ToDo(text, first.get_absolute_url(), "Read the plan")
        return
    asked = urlencode({"waits": ME} if mine else {"status": Status.PLANNED})
    url = f"{reverse('accounts:runs')}?{asked}"
    yield ToDo(f"{plans.count():,} plans wait for approval.", url, "Read the plans")


def inactive() -> list[ToDo]:
    """List accounts that the organization has no more, or not active."""
    count = inactive_accounts().count()
    if not count:
        return []
    text = f"{counted(count)} left the organization, or AWS suspended them."
    if count == 1:
        text = "1 account left the organization, or AWS suspended it."
    url = f"{accounts_url()}?organization={INACTIVE}"
    return [ToDo(text, url, "See accounts")]


def new_in_watched_units() -> list[ToDo]:
    """List drafts that nobody described: their accounts are new in a watched unit."""
    count = watched_drafts().count()
    if not count:
        return []
    verb = "is" if count == 1 else "are"
    text = f"{counted(count)} {verb} new in a watched unit. Review and plan."
    return [ToDo(text, f"{accounts_url()}?organization={NEW}", "See drafts")]


def stale() -> list[ToDo]:
    """List proofs that are too old to rely on."""
    count = ManagedAccount.objects.stale().count()
    if not count:
        return []
    days, verb = settings.PROOF_MAX_AGE, "was" if count == 1 else "were"
    text = (
        f"{counted(count)} {verb} verified more than {days} day{'s' * (days > 1)} ago. "
        "Verify again."
    )
    return [ToDo(text, f"{accounts_url()}?proof={STALE}", "See accounts")]


def older_policies() -> list[ToDo]:
    """List accounts that a newer Bowline would allow something else."""
    count = ManagedAccount.objects.on_older_policies().count()
    if not count:
        return []
    verb, them = ("has", "it") if count == 1 else ("have", "them")
    text = f"{counted(count)} {verb} older policies. Bring {them} up to date."
    return [ToDo(text, f"{accounts_url()}?policies={OLDER}", "See accounts")]


def open_production() -> Iterator[ToDo]:
    """List the environments in production that everybody in Spinnaker may deploy to."""
    rows = ManagedAccount.objects.filter(write_roles=[], granted_at__isnull=False)
    counts = rows.order_by().values_list("environment").annotate(Count("pk"))
    for environment, count in sorted(counts):
        if is_production(environment):
            them = "it" if count == 1 else "them"
            text = (
                f"{counted(count)} in {environment} without a group that has write "
                "access: "
            )
            asked = urlencode({"environment": environment, "write": EVERYBODY})
            text += f"everyone in Spinnaker can deploy to {them}."
            yield ToDo(text, f"{accounts_url()}?{asked}", "See accounts")


def drafts(states: dict[str, int]) -> list[ToDo]:
    count = states[State.DRAFT]
    if not count:
        return []
    text = f"{counted(count)} incomplete, or not planned yet."
    return [ToDo(text, in_state(State.DRAFT), "Continue")]


def not_installed() -> list[ToDo]:
    """Say what the newest bundle would change in Spinnaker."""
    found = ahead(installed_bundle())
    return [ToDo(found.sentence, found.url, "See what changes")] if found else []


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
        return not_installed()
    where = f"bundle {last.number}" if last else "any bundle"
    text = f"{counted(fresh)} ready for Spinnaker, but not in {where} yet."
    return [ToDo(text, reverse("accounts:bundles"), "Build a bundle")]
