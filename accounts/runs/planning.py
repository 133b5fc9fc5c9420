"""Plan: compare every side with AWS and keep one step for each change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from itertools import starmap
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from accounts.decisions.locks import lock_settings
from accounts.mapping import snapshots
from accounts.mapping.entries import described_entries, keep_approved, unplanned_entries
from accounts.mapping.plans import decided_of, listed_of, others_of, steps_of
from accounts.models import (
    ManagedAccount,
    ManagingAccount,
    Notification,
    Run,
    Step,
)
from accounts.models.states import Status
from accounts.notifications.notifying import happened
from accounts.people.deciding import Outside
from accounts.runs.actions import RunOpen, plan_managing
from accounts.runs.capacity import NoRoom
from accounts.runs.deciding.approving import Compared, keep_decided, open_managing_run
from accounts.runs.foreign.evidence import evidence_of, keep_managed_by
from accounts.runs.foreign.keeping import (
    Seen,
    compared_now,
    keep_all_foreign,
    keep_as_found,
    seen_in,
)
from accounts.runs.foreign.taking_over import begin_undo
from accounts.runs.managing.applying import grant_or_withdraw
from accounts.runs.managing.kept_roles import drop_removed
from accounts.runs.managing.other_sites import refuse_other_site
from accounts.runs.owners.learning import learn_details
from accounts.runs.scope import Comparison, Scope
from onboarding import topology
from onboarding.aws.discover import oidc_issuer
from onboarding.aws.errors import AwsError
from onboarding.aws.preconditions import (
    refuse_changes,
    refuse_organization,
    refuse_outsider,
    refuse_regions,
)
from onboarding.aws.session import Sessions
from onboarding.desired import assume_list
from onboarding.providers.base import not_recommended
from onboarding.resources.entry_changes import (
    EntryChange,
    EntryDocument,
    entry_changes,
)
from onboarding.resources.fingerprint import fingerprint
from onboarding.resources.kinds import KeyGrant
from onboarding.resources.plan import Change, Plan, PlannedChange, PlanOutdated
from onboarding.resources.risks import Risk
from onboarding.topology import (
    PodRole,
    unprovable,
    unreadable,
)
from onboarding.verify.keys import refuse_key_policies


class Planned(NamedTuple):
    """A plan that was just made, and what it was made of."""

    run: Run
    scope: Scope
    seen: Seen
    """Each side as it was found."""
    compared: Compared
    """Each side with the changes that the plan holds."""
    left: bool
    """Whether the managing account's own plan comes first."""
    plan: Plan
    evidence: list[dict[str, Any]]
    entries: dict[str, list[EntryDocument]]
    to: Status
    """How the run continues."""
    now: datetime


def make_plan(run: Run, scope: Scope, sessions: Sessions) -> None:
    """Compare every side with AWS and keep one step for each change."""
    if look_up(run, scope, sessions):
        scope = Scope.of(run, scope.row, scope.account)
    if run.kind != Run.Kind.REMOVE:
        refuse_before_reading(scope, sessions)
    made = planned(run, scope, sessions)
    with transaction.atomic():
        for keep in KEPT:
            keep(made)
    if made.to is Status.PLANNED and run.take_over:
        begin_undo(run, made.plan)
    if made.to is Status.VERIFYING:
        # Nothing is written in between: the verification need not read it again.
        for side, one in made.compared:
            side.hand_on(sessions, one)


def refuse_before_reading(scope: Scope, sessions: Sessions) -> None:
    """Raise AwsError where nothing could be carried out, or proved, or where nothing
    would show what an account's owner does.
    """
    managing, managed = scope.managing, scope.managed
    refuse_organization(sessions, managing)
    if why := unreadable(managing):
        hint = "Edit the managing account, then plan again."
        raise AwsError(managing.account_id, "plan", why, hint)
    if managed:
        if why := unprovable(managing, managed):
            hint = "Edit how the account is accessed, then plan again."
            raise AwsError(managed.account_id, "plan", why, hint)
        refuse_regions(sessions, managed)
        refuse_outsider(sessions, managing, managed)
    wanted = [resource for side in scope.own for resource in side.wanted]
    grants = [one for one in wanted if isinstance(one, KeyGrant)]
    refuse_key_policies(sessions, managing, grants)


def planned(run: Run, scope: Scope, sessions: Sessions) -> Planned:
    """Compare every side; raise NotOurs, AwsError, or PlanOutdated where all that
    changes is the managing account's own.
    """
    managed, changing = scope.managed, run.kind != Run.Kind.REMOVE
    read = [(side, compared_now(side, sessions)) for side in scope.sides]
    if scope.shared:
        refuse_other_site(run, scope, read[0][1].observed, sessions)
    compared = [(side, to_plan(one)) for side, one in read]
    if changing:
        for side, one in compared:
            if side.reach.writes:
                refuse_changes(sessions, side.reach, one.changes)
    compared, left = without_managings_own(scope, compared)
    found = [(side, change) for side, one in compared for change in one.changes]
    existing: Counter[str] = Counter()
    for side, one in compared:
        existing[side.reach.account_id] += one.existing
    entries = planned_entries(run, scope)
    known = entry_changes(**entries)
    if left and not (found or known):
        raise PlanOutdated(
            f"Nothing changes in {run.account_name}, but the managing account, "
            f"{scope.managing.name}, has changes. Plan it first."
        )
    keep_decided(run, scope, compared, left)
    evidence = evidence_of(read, sessions, managed.regions_of_all if managed else ())
    others = others_of(evidence)
    changes = [change for _, change in found]
    plan = Plan(
        changes=tuple(
            PlannedChange.of(change, side.account_name) for side, change in found
        ),
        not_recommended=not_recommended(managed) if managed else (),
        existing=existing,
        fingerprint=fingerprint_of(run, scope, changes, known, others),
        entries=known,
        listed=listed_of(run),
        others=others,
        decided=decided_of(run),
    )
    if managed and changing:
        keep_managed_by(managed, read, sessions)
    to = Status.PLANNED if plan else unchanged(run, scope)
    now = timezone.now()
    seen = seen_in(read, now)
    return Planned(run, scope, seen, compared, left, plan, evidence, entries, to, now)


def keep_run(made: Planned) -> None:
    """Keep the plan, with a step for each change."""
    run, plan = made.run, made.plan
    run.carry(
        made.to,
        since=(Status.PLANNING,),
        fingerprint=plan.fingerprint,
        plan_digest=plan.digest if plan else "",
        existing=plan.existing,
        evidence=made.evidence,
        entries=made.entries,
        reach=run.reach,
        authors=run.authors,
    )
    run.steps.all().delete()
    Step.objects.bulk_create(steps_of(run, plan))
    if made.to == Status.PLANNED and run.rollout_id is None:
        happened(run, Notification.What.PLANS)


def keep_others(made: Planned) -> None:
    """Keep the policies of others that were found, and note new ones."""
    if keep_all_foreign(made.compared, made.now):
        happened(made.run, Notification.What.FOUND)


def plan_managing_first(made: Planned) -> None:
    """Plan the managing account for whoever planned the account, unless a run of it is
    open: its changes are decided first. A role that is limited may not.
    """
    if made.left and open_managing_run() is None:
        run = made.run
        with suppress(RunOpen, NoRoom, Outside):
            plan_managing(run.created_by, origin=Run.Origin(run.started_from))


def move_account(made: Planned) -> None:
    """Move the account on as the run does."""
    run, scope = made.run, made.scope
    if made.plan:
        run.unedited_subject.wait_for_approval()
    elif made.to is Status.REMOVED:
        ManagedAccount.objects.filter(pk__in=[run.account_id]).remove()
        drop_removed(scope.row, scope.withdraws)
    elif made.to is not Status.APPROVED:  # there its wave is to come
        if scope.shared:
            lock_settings()
            grant_or_withdraw(run, scope)
            snapshots.keep_snapshot(scope.row, snapshots.managing_snapshot(scope.row))
        run.unedited_subject.verify_unchanged()
        keep_approved(run)


def keep_read(made: Planned) -> None:
    keep_as_found(made.seen)


KEPT = (
    keep_run,
    keep_others,
    plan_managing_first,
    move_account,
    keep_read,
)
"""What is kept of a plan, in one transaction and in this order: whoever no longer holds
the run keeps nothing.
"""


def to_plan(one: Comparison) -> Comparison:
    """Remove what others gave to the roles, too, as long as nobody accepts it."""
    return one._replace(changes=one.with_removals())


def without_managings_own(scope: Scope, compared: Compared) -> tuple[Compared, bool]:
    """Leave to the managing account's own plan what an account's must not hold: all but
    the account's own line. Return whether anything was left.

    Its owner receives the whole of it, and an edit waits for that owner anyway.
    """
    if scope.account is None or scope.managing.is_handed_off:
        return compared, False
    kept = [
        (side, own_line(scope, one) if side in scope.shared else one)
        for side, one in compared
    ]
    left = any(
        a.changes != b.changes for (_, a), (_, b) in zip(kept, compared, strict=True)
    )
    return kept, left


def own_line(scope: Scope, one: Comparison) -> Comparison:
    """Keep of the managing account's changes those of the list of roles that Spinnaker
    may assume, if it gains or loses only the account's own, and what runs change now.
    """
    assert scope.account is not None
    listed, _ = assume_list.split(one.changes)
    at_work = Run.objects.filter(status=Status.APPLYING).exclude(account=None)
    pairs = [
        (scope.account.account_id, scope.account.managed_role),
        *at_work.values_list("account__account_id", "account__managed_role"),
    ]
    roles = starmap(scope.managing.managed_role_arn, pairs)
    its_own = assume_list.of_others(listed, roles, one.observed)
    return one._replace(changes=tuple(listed) if its_own else ())


def unchanged(run: Run, scope: Scope) -> Status:
    """Return how a run continues that has nothing to change: at once, or in its wave
    where the managing account must grant or withdraw the account first.
    """
    removes, account = run.kind == Run.Kind.REMOVE, scope.account
    in_rollout = run.rollout_id is not None and run.alone
    if in_rollout and account and account.is_assumable == removes:
        return Status.APPROVED
    return Status.REMOVED if removes else Status.VERIFYING


def planned_entries(run: Run, scope: Scope) -> dict[str, list[EntryDocument]]:
    """Return what Spinnaker knows of the account and what it will know.

    Empty for a run of the managing account alone.
    """
    if scope.account is None or scope.managed is None:
        return {}
    before = scope.account.approved_entries
    if run.kind == Run.Kind.REMOVE:
        return {"before": before, "after": []}
    if not unplanned_entries(scope.managing, scope.account):
        return {"before": before, "after": before}
    after = described_entries(scope.managing, scope.managed)
    return {"before": before, "after": after}


def look_up(run: Run, scope: Scope, sessions: Sessions) -> bool:
    """Ask AWS what the description leaves to it, and write it into the scope's rows;
    return whether anything was learned.
    """
    learned = [
        recognise_bowline(run, scope, sessions),
        learn_issuer(run, scope, sessions),
    ]
    if scope.account and scope.managed:
        learned.append(learn_details(run, scope, scope.managed, sessions))
    return any(learned)


def recognise_bowline(run: Run, scope: Scope, sessions: Sessions) -> bool:
    """Keep Bowline's own principal, which the trust of the managing identity names, or
    that of the role by which Bowline reads the account.
    """
    row = scope.row
    exists = row.identity_kind == row.IdentityKind.EXISTING
    if not row.trusts_bowline or (exists and not row.is_handed_off):
        return False
    principal = sessions.caller().principal
    if principal == row.bowline_principal:
        return False
    learn(run, row, bowline_principal=principal)
    return True


def learn_issuer(run: Run, scope: Scope, sessions: Sessions) -> bool:
    """Look up the OIDC issuer of the cluster that Spinnaker's pods run in."""
    identity = scope.managing.identity
    # A cluster that was made again under its old name has another issuer.
    if not isinstance(identity, PodRole) or (run.account_id and identity.issuer):
        return False
    reach = scope.managing.reach
    try:
        issuer = oidc_issuer(sessions, reach, identity.cluster, identity.region)
    except AwsError as error:
        if not error.no_access:
            raise
        if identity.issuer:
            return False
        raise issuer_unread(reach, identity) from error
    if issuer == identity.issuer:
        return False
    learn(run, scope.row, pod_issuer=issuer)
    return True


def issuer_unread(reach: topology.Reach, pod: PodRole) -> AwsError:
    return AwsError(
        reach.account_id,
        "eks:DescribeCluster",
        "The identity's trust policy names the OIDC issuer of the cluster "
        f"{pod.cluster}, and Bowline can't read the cluster before the account owner "
        "creates a role for that.",
        (
            "Have Bowline create this account's roles, or create the pod role "
            "yourself and choose it as an existing role."
        ),
    )


def learn(run: Run, row: ManagingAccount, **columns: str) -> None:
    """Write what AWS answered; no person edited anything, so no version is counted.
    Raise LeaseLost, or PlanOutdated where somebody edited meanwhile.
    """
    run.extend_lease()
    if not ManagingAccount.objects.filter(pk=row.pk).at(row.version).update(**columns):
        raise PlanOutdated("The managing account was edited while this was planned.")
    for name, value in columns.items():
        setattr(row, name, value)


def fingerprint_of(
    run: Run,
    scope: Scope,
    changes: list[Change],
    entries: Collection[EntryChange],
    others: Collection[Risk] = (),
) -> str:
    """Identify an account's plan, so that equal ones are approved together.

    Nothing in AWS carries the account's name: a word like it means something else.
    What Spinnaker knows carries it in few places.
    """
    managed, removes = scope.managed, run.kind == Run.Kind.REMOVE
    grouped = run.kind == Run.Kind.ONBOARD or (removes and run.rollout_id is not None)
    if managed is None or not grouped or not (changes or entries):
        return ""
    own = {
        managed.account_id: "account ID",
        managed.external_id: "external ID",
        managed.former_external_id: "former external ID",
    }
    own.pop("", None)
    if scope.account:
        # A person wrote it, and it may be a word of the plan that nobody made neutral.
        own.pop(scope.account.own_external_id, None)
    return fingerprint(
        changes,
        own,
        entries,
        managed.name,
        () if removes else not_recommended(managed),
        others=others,
        removes=removes or bool(run.rollout_id and run.take_over),
    )
