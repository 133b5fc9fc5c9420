"""Verify: prove what exists, and keep every result."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, starmap
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.decisions.locks import lock_settings
from accounts.mapping import snapshots
from accounts.mapping.entries import (
    as_spinnaker_assumes,
    keep_verified,
    unplanned_entries,
)
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount, Notification, Run
from accounts.models.states import WORKING, State, Status
from accounts.notifications.notifying import failed, happened
from accounts.runs.foreign.accepting import Writes, keep_writes, writes_to_accept
from accounts.runs.foreign.evidence import Passing, denied_since, passing_in
from accounts.runs.foreign.keeping import (
    OnPassed,
    Seen,
    compared_now,
    difference_of,
    keep_all_foreign,
    keep_as_found,
    of_others,
    seen_in,
)
from accounts.runs.inactive import explained
from accounts.runs.managing.kept_roles import drop
from accounts.runs.owners.hand_offs import keep_found, owners_word, was_given
from accounts.runs.owners.learning import learn_of_owner
from accounts.runs.results import by_provider, failed_checks, keep_results
from accounts.runs.scope import COMPARED_FOR, Comparison, Scope, Side
from onboarding.aws.errors import OwnCredentialsError
from onboarding.aws.session import Backoff, Sessions
from onboarding.checks import Outcome
from onboarding.description.other_names import REGIONS
from onboarding.desired import POLICY_SET, assume_list
from onboarding.resources.plan import Change, NotOurs, beyond
from onboarding.verify.chain import BECOME_IDENTITY, own_identity_refused
from onboarding.verify.result import COMPARED, deploy_again
from onboarding.verify.role_assumption import ASSUME
from onboarding.verify.verification import (
    CHAIN,
    LONG_BACKOFF,
    SHORT_BACKOFF,
    Result,
    verify,
    verify_managing,
)

SETTLING = 120.0
"""Seconds in which AWS may not show yet what was changed; KMS is slower than IAM."""
BY_THE_CHAIN = "Verified by the role chain. Its policies weren't read."
COMPARES = "Compare {} with AWS"


def verify_run(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Prove what exists, and keep every result."""
    try:
        sessions.caller()
        verify_scope(run, learn_of_owner(run, scope, sessions), sessions)
    except OwnCredentialsError as error:
        # Who Bowline is may be known of a minute ago, and be over when it is used.
        blame_bowline(run, own_identity_refused(error))


@dataclass(slots=True)
class Verification:
    """What a verification found, and what follows from it."""

    run: Run
    scope: Scope
    looked: list[Looked]
    """How each side was found, the managing one first."""
    seen: Seen
    results: list[Result]
    status: Status
    """By what was proved, whatever is still to be accepted."""
    waiting: Writes | None
    drifted: bool
    is_as_approved: bool
    """Whether all of it was compared, and nothing differs."""
    now: datetime
    is_worse: bool = False
    """Whether anything is bad that was good: known once the results are kept."""

    @property
    def ends(self) -> Status:
        to_accept = self.waiting and not self.waiting.is_accepted
        return Status.FAILED if to_accept else self.status

    @property
    def known(self) -> dict[str, int]:
        return {
            "unknown_writes": sum(one.unknown_writes for one in self.results),
            "undeployable": len({one.undeployable for one in self.results} - {""}),
        }


def verify_scope(run: Run, scope: Scope, sessions: Sessions) -> None:
    found = verification_of(run, scope, sessions)
    with transaction.atomic():
        for keep in KEPT:
            keep(found)


def verification_of(run: Run, scope: Scope, sessions: Sessions) -> Verification:
    """Look at every side, and call what Spinnaker calls."""
    settling = Backoff(0.0 if run.kind == Run.Kind.VERIFY else SETTLING, run.say)
    looked = list(nothing_left(scope, scope.sides, sessions, settling))
    found = list(checks(run, scope, sessions))
    chain = {result.outcome for result in found if result.provider == CHAIN}
    if scope.relies and chain - {Outcome.PASSED}:
        # What refused may be the managing side, changed since it was compared.
        scope = Scope.of(run, scope.row, scope.account, whole=True)
        looked = [*nothing_left(scope, scope.shared, sessions, settling), *looked]
    looked = [
        one._replace(result=in_its_time(run, scope, one.result)) for one in looked
    ]
    drift = [result for one in looked for result in one.results]
    relied = [compared_elsewhere(scope)] if scope.relies else []
    passed = [one.passing.result for one in looked if one.passing]
    denied = denied_since(run, scope, sessions)
    results = by_provider([*relied, *drift, *passed, *denied, *found])
    outcomes = {result.outcome for result in results}
    drifted = Outcome.FAILED in {result.outcome for result in (*drift, *passed)}
    if Outcome.FAILED in outcomes:
        status = Status.FAILED
    elif (chain or outcomes) <= {Outcome.PASSED}:
        status = Status.VERIFIED
    else:
        status = Status.EVALUATED
    waiting = writes_to_accept(scope, status, results)
    results += [waiting.check] if waiting else []
    is_as_approved = {result.outcome for result in drift} == {Outcome.PASSED}
    now = timezone.now()
    return Verification(
        *(run, scope, looked, seen_in(compared_of(looked), now)),
        *(results, status, waiting),
        drifted=drifted,
        is_as_approved=is_as_approved,
        now=now,
    )


def end_run(found: Verification) -> None:
    run, error = found.run, None
    if found.ends is Status.FAILED:
        error = explained(failed_checks(found.results), run.account)
    run.carry(found.ends, since=(Status.VERIFYING,), error=error, **found.known)
    if found.scope.shared or found.scope.row.kept_roles:
        lock_settings()
    found.is_worse = keep_results(run, found.results, found.now)
    if found.is_worse:
        happened(run, Notification.What.DRIFTED)
    if found.ends is Status.FAILED:
        failed(run)


def move_verified(found: Verification) -> None:
    """Let the account say what was found, and bundles hold it where it was proved."""
    run, scope, status = found.run, found.scope, found.status
    subject = run.unedited_subject
    if found.drifted:
        subject.drift(unapproved=sum(one.unapproved for one in found.looked))
    elif status is Status.FAILED:
        subject.fail()
        count_miss(scope, found.results)
    else:
        subject.verify(State(status), found.now, **found.known)
        if scope.account and run.kind == Run.Kind.ONBOARD:
            keep_found(scope.account.pk, found.now, read=found.is_as_approved)
        if found.ends is status:
            bundle_what_is_verified(scope, status)
        if scope.account and unplanned_entries(scope.managing, scope.account):
            run.unedited_subject.await_plan()


def move_managing(found: Verification) -> None:
    if found.scope.account and found.scope.shared:
        judge_managing(found.scope.row, found.looked[0], found.results, found.now)


def keep_unapproved(found: Verification) -> None:
    """Keep what nobody approved or found out, and note what is new."""
    compared, passed = compared_of(found.looked), passed_of(found.looked)
    is_new = keep_all_foreign(compared, found.now, passed)
    if found.status is not Status.FAILED:
        is_new |= keep_writes(found.scope.account, found.waiting, found.now)
    if is_new and not found.is_worse:
        happened(found.run, Notification.What.FOUND)


def keep_policy_set(found: Verification) -> None:
    """Only what is chosen now exists, if nothing differs: nothing else was found.

    Policies of others don't hide which policies Bowline's own are.
    """
    if all(one.result.outcome is Outcome.PASSED for one in found.looked):
        found.run.unedited_subject.have_policies(POLICY_SET)
    if found.is_as_approved and found.status is not Status.FAILED:
        if found.scope.account:
            snapshots.keep_last(found.scope.account)
        if found.scope.shared:
            snapshots.keep_last(found.scope.row)


def keep_seen(found: Verification) -> None:
    keep_as_found(found.seen)


KEPT = (
    end_run,
    move_verified,
    move_managing,
    keep_unapproved,
    keep_policy_set,
    keep_seen,
)
"""What is kept of a verification, in one transaction and in this order: whoever no
longer holds the run keeps nothing.
"""


def judge_managing(
    row: ManagingAccount, looked: Looked, results: Iterable[Result], now: datetime
) -> None:
    """Let the managing account say what an account's run found of it.

    Nothing is found of an edit that was not applied yet, or where nobody became
    Spinnaker's identity.
    """
    if snapshots.in_force(row) != managing_of(row):
        return
    outcomes = {result.name: result.outcome for result in results}
    identity = outcomes.get(BECOME_IDENTITY)
    rows = ManagingAccount.objects.at(row.version)
    is_whole = looked.result.outcome is Outcome.PASSED
    if is_whole:
        rows.have_policies(POLICY_SET)
    if looked.differs:
        rows.drift_along(unapproved=looked.unapproved)
    elif is_whole:
        if identity is Outcome.FAILED:
            rows.fail_along()
        elif identity is not None:
            verified = identity is Outcome.PASSED
            rows.verify_along(State.VERIFIED if verified else State.EVALUATED, now)


def count_miss(scope: Scope, results: Iterable[Result]) -> None:
    """Count that AWS refused the role that the account's owner had made."""
    refused = (r for r in results if r.name == ASSUME and r.outcome is Outcome.FAILED)
    if scope.account and scope.account.is_handed_off and any(refused):
        ManagedAccount.objects.filter(pk=scope.account.pk).miss()


def bundle_what_is_verified(scope: Scope, status: Status) -> None:
    """Make bundles hold the account as it was just proved.

    One that was only evaluated stays as it was proved before until a person accepts.
    """
    account = scope.account
    if account and (status is Status.VERIFIED or account.accepted_at):
        keep_verified(account, status)
        drop(scope.row, account)


def blame_bowline(run: Run, own: Result) -> None:
    """End the run, and leave the account what it was: nothing was learned of it."""
    error = failed_checks([own])
    with transaction.atomic():
        run.carry(Status.FAILED, since=(Status.VERIFYING,), error=error)
        keep_results(run, [own], timezone.now())
        failed(run)
        run.subject.put_back()


def in_its_time(run: Run, scope: Scope, result: Result) -> Result:
    """Blame no account for what only a newer Bowline would change in it."""
    account = scope.account
    if (
        account is None
        or run.kind != Run.Kind.VERIFY
        or not account.has_older_policies
        or result.outcome is Outcome.PASSED
    ):
        return result
    return replace(
        result,
        outcome=Outcome.NOT_TESTABLE,
        sentence=(
            f"The account has policy version {account.policy_set}. The latest is "
            f"{POLICY_SET}. {result.sentence}"
        ),
        fix=(
            "Plan again, review the changes of the newer policies, and approve the "
            "plan."
        ),
    )


def checks(run: Run, scope: Scope, sessions: Sessions) -> Iterable[Result]:
    managing, managed = scope.managing, scope.managed
    if managed is None or scope.account is None:
        return verify_managing(
            sessions,
            managing,
            managing.reach,
            regions=regions_in_use(run),
            waiting=run.say,
            backoff_seconds=LONG_BACKOFF,
        )
    return verify(
        sessions,
        managing,
        as_spinnaker_assumes(scope.account, managed),
        managed.reach,
        identity_reach=managing.reach,
        # Who looks after the managing side walks through it, and so does whoever only
        # verifies: it may have drifted since. Nobody else must.
        shares_identity=not scope.shared and run.kind != Run.Kind.VERIFY,
        waiting=run.say,
        backoff_seconds=SHORT_BACKOFF if run.kind == Run.Kind.VERIFY else LONG_BACKOFF,
    )


def regions_in_use(run: Run) -> list[str]:
    """List the regions of all accounts that may be assumed, in the accounts' order."""
    granted = ManagedAccount.objects.assumable().order_by("granted_at", "id")
    named = (
        some
        for rows in (granted, run.grants)
        for regions, others in rows.values_list("regions", "also_as").iterator()
        for some in (regions, *(one.get(REGIONS, ()) for one in others))
    )
    return list(dict.fromkeys(chain.from_iterable(named)))


class Looked(NamedTuple):
    """How one side was found."""

    side: Side
    result: Result
    """Whether AWS is what was asked for."""
    one: Comparison | None = None
    """None: it could not be compared."""
    more: int = 0
    """How many of its things let roles do more than was approved."""
    passing: Passing | None = None
    """How the roles are that Spinnaker may pass; None: there are none to pass."""

    @property
    def others(self) -> Result | None:
        """Say whether its roles have nothing that nobody approved; None: nobody could
        look.
        """
        if self.one is None or self.one.unread:
            return None
        return of_others(self.side, self.one)

    @property
    def results(self) -> list[Result]:
        return [self.result, *([self.others] if self.others else [])]

    @property
    def unapproved(self) -> int:
        """Count what lets roles do what nobody approved."""
        more = self.more + (self.passing.unapproved if self.passing else 0)
        if self.one and self.others and self.others.outcome is Outcome.FAILED:
            return more + len(self.one.foreign) + len(self.one.beyond)
        return more

    @property
    def differs(self) -> bool:
        return Outcome.FAILED in {result.outcome for result in self.results}


def compared_of(looked: Iterable[Looked]) -> list[tuple[Side, Comparison]]:
    return [(looked_at.side, looked_at.one) for looked_at in looked if looked_at.one]


def passed_of(looked: Iterable[Looked]) -> dict[UUID | None, OnPassed]:
    """Return by account what was found on roles that may be passed; where none may be,
    nothing is left of it.
    """
    return {
        one.side.account: one.passing.kept if one.passing else OnPassed(is_whole=True)
        for one in looked
        if not one.side.removes
    }


def nothing_left(
    scope: Scope, sides: Iterable[Side], sessions: Sessions, settling: Backoff
) -> Iterable[Looked]:
    """Look at each side: whether AWS is what was asked for, and nothing else."""
    for side in sides:
        began = time.monotonic()
        found = differences(side, sessions, scope, just_read=True)
        by_itself = replace(side, at_once=False)
        if found.left:  # all of it is read where what was handed on differs
            found = differences(by_itself, sessions, scope)
        while found.is_unsettled and settling.wait("the change isn't visible yet"):
            found = differences(by_itself, sessions, scope)
        settling.over()
        name = COMPARES.format(side.place)
        seconds = time.monotonic() - began
        if found.unread:
            word = owners_word(scope.account) if scope.account else ""
            sentence = f"{BY_THE_CHAIN} {word}{found.unread}"
            result = Result(COMPARED, name, Outcome.NOT_TESTABLE, sentence)
        elif found.left:
            result = Result(
                COMPARED,
                name,
                Outcome.FAILED,
                "AWS differs from what was approved: " + "; ".join(found.left),
                how_to_restore(scope, side),
            )
        else:
            result = Result(COMPARED, name, Outcome.PASSED, "", "")
        passing = passing_in(side, sessions, found.unread)
        result = replace(result, seconds=seconds)
        yield Looked(side, result, found.one, found.more, passing)


def how_to_restore(scope: Scope, side: Side) -> str:
    account, managed = side.account and scope.account, scope.managed
    if account and managed and was_given(account, scope.managing, managed):
        return deploy_again(side.reach.account_id)
    return "Plan again, review the differences, and approve the plan."


def compared_elsewhere(scope: Scope) -> Result:
    """Say that the managing side was compared, and not by this run."""
    minutes = COMPARED_FOR // timedelta(minutes=1)
    return Result(
        COMPARED,
        COMPARES.format(scope.managing.name),
        Outcome.PASSED,
        f"Another run compared it with AWS less than {minutes} minutes before this "
        "one.",
    )


class Differences(NamedTuple):
    left: list[str]
    unread: str = ""
    """Why nothing could be read."""
    one: Comparison | None = None
    more: int = 0

    @property
    def is_unsettled(self) -> bool:
        removed = self.one and any(one.removable for one in self.one.foreign)
        return bool(self.left or self.unread or removed)


def differences(
    side: Side, sessions: Sessions, scope: Scope, *, just_read: bool = False
) -> Differences:
    """Say what differs, or why nothing could be read."""
    try:
        one = compared_now(side, sessions, just_read=just_read)
    except NotOurs as error:
        return Differences([str(error)])
    if one.unread:
        return Differences([], one.unread, one)
    changes = one.changes
    if side in scope.shared:
        changes = without_others(changes, scope)
    more = sum(bool(beyond(change)) for change in changes)
    return Differences(
        [difference_of(change) for change in changes], one=one, more=more
    )


def without_others(changes: Iterable[Change], scope: Scope) -> tuple[Change, ...]:
    """Leave out what the list of accounts gains or loses of others: other runs change
    it meanwhile, and each proves its own account.
    """
    listed, rest = assume_list.split(changes)
    others = ManagedAccount.objects.all()
    if scope.account:
        others = others.exclude(pk=scope.account.pk)
    else:
        others = others.filter(runs__status__in=(*WORKING, Status.HANDED_OFF))
    pairs = others.values_list("account_id", "managed_role")
    roles = starmap(scope.managing.managed_role_arn, pairs)
    if listed and assume_list.of_others(listed, roles):
        return tuple(rest)
    return (*rest, *listed)
