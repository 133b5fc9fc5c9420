"""Accounts of the organization become drafts: many that somebody chose, or the
new ones of a watched unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from pydantic import BaseModel

from accounts.decisions.decision import decision
from accounts.decisions.locks import hold_nothing
from accounts.discover.organization.members import (
    Listed,
    MembersRefused,
    Shared,
    account_as,
    check_all,
    listed_members,
    refuse_invalid,
    save_all,
)
from accounts.discover.questions import question
from accounts.mapping.accounts_file import sentence
from accounts.mapping.accounts_file.comparison import compare
from accounts.mapping.accounts_file.saving import save
from accounts.mapping.managed import columns_of_row
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import (
    Activity,
    ManagedAccount,
    Member,
    Organization,
    Question,
    Rollout,
    Unit,
    Watch,
)
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.organization import MemberQuerySet
from accounts.models.states import State
from accounts.people.activity import record
from accounts.people.authors import add_authors
from accounts.people.reach import DecisionReach
from accounts.people.roles import OPERATOR
from accounts.runs.rollouts import start
from onboarding import names
from onboarding.description.fields import SHARED
from onboarding.details import DetailsError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HERE = 200
"""The most accounts that a request adds by itself, within a second."""


def around_drafts(
    _: Organization, ids: Iterable[str], shared: Shared, *, locks: bool = False
) -> DecisionReach:
    return DecisionReach(frozenset([("The accounts", shared["environment"])]))


@decision(
    "add accounts of the organization",
    OPERATOR,
    Activity.What.DESCRIBE,
    touches=around_drafts,
    locks=hold_nothing,
)
def begin_adding(
    organization: Organization,
    account_ids: Iterable[str],
    shared: Shared,
    by: User,
    *,
    plans: bool,
) -> Question:
    """Let a worker add these accounts, and start a rollout of them if `plans`."""
    return added_members.begin(
        by,
        organization=organization.pk,
        account_ids=list(dict.fromkeys(account_ids)),
        shared=shared,
        plans=plans,
    )


@question(
    "organization-adding",
    role=OPERATOR,
    lasts=timedelta(days=7),
    seconds=None,
    doing="adding the accounts",
)
def added_members(adding: Question) -> Any:
    """Add them, and start a rollout of them, unless that is done."""
    try:
        if not so_far(adding).added:
            describe(adding)
        if adding.input["plans"] and not so_far(adding).rollout:
            plan(adding)
    except MembersRefused as error:
        return {**(adding.answer or {}), "refused": [*error.sentences.values()]}
    return adding.answer


class Chosen(BaseModel):
    account_ids: list[str]


class SoFar(BaseModel):
    """How far an addition is."""

    checked: int = 0
    """How many accounts were checked; all: they are being saved."""
    added: str = ""
    """The one moment at which they all came to be."""
    rollout: int | None = None
    refused: list[str] = []
    """Why nothing was added, or, if something was, why no rollout was started."""


def so_far(adding: Question) -> SoFar:
    found = adding.read("answer", SoFar)
    found.refused = found.refused or [adding.why] * adding.refused
    return found


def count_chosen(adding: Question) -> int:
    return len(adding.read("input", Chosen).account_ids)


def describe(adding: Question) -> None:
    written = check_all(
        Organization.objects.get(pk=adding.input["organization"]),
        adding.input["account_ids"],
        adding.input["shared"],
        checked=lambda count: adding.write(answer={"checked": count}),
    )
    with transaction.atomic():
        moment = save_all(written, adding.person).isoformat()
        adding.write(answer={"checked": len(written), "added": moment})


def plan(adding: Question) -> None:
    adding.refresh_from_db(fields=["asked_by"])  # who lost the role plans nothing
    drafts = ManagedAccount.objects.filter(created_at=so_far(adding).added)
    with transaction.atomic():
        rollout = start(drafts, Rollout.Kind.ONBOARD, adding.person)
        adding.write(answer={**(adding.answer or {}), "rollout": rollout.pk})


What = Activity.What
AT_ONCE = 20
"""Drafts that one step of a reading makes."""


def around_watches(
    unit: Unit, shared: Shared, _: str, *, locks: bool = False
) -> DecisionReach:
    """Return what a watch on a unit touches: its environment, and the one before."""
    rows = Watch.objects.filter(unit=unit).order_by()
    rows = rows.select_for_update(no_key=True) if locks else rows
    before = rows.values_list("environment", flat=True)
    return on_unit(unit, {shared["environment"], *before})


def on_unit(unit: Unit, environments: Iterable[str]) -> DecisionReach:
    return DecisionReach(frozenset((f"The watch on {unit}", e) for e in environments))


def around_watch(watch: Watch, *, locks: bool = False) -> DecisionReach:
    return on_unit(watch.unit, [watch.environment])


@decision(
    "watch a unit", OPERATOR, What.WATCH, touches=around_watches, locks=hold_nothing
)
def watch_unit(unit: Unit, shared: Shared, roles_tag: str, by: User) -> Watch:
    """Watch the unit from now on, or with another template."""
    fields = {**shared, "roles_tag": roles_tag}
    watch, _ = Watch.objects.update_or_create(
        unit=unit, defaults=fields, create_defaults={**fields, "created_by": by}
    )
    watch.authors.add(by)
    if roles_tag:
        # Later readings read tags, because somebody needs them.
        Organization.objects.filter(pk=unit.organization_id).update(reads_tags=True)
    record(by, What.WATCH, unit.path, fields)
    return watch


@decision("stop watching a unit", OPERATOR, What.UNWATCH, touches=around_watch)
def stop_watching(watch: Watch, by: User) -> None:
    record(by, What.UNWATCH, watch.unit.path)
    watch.delete()


def draft_new(organization: Organization) -> bool:
    """Describe the next few new accounts of watched units; False where none is left.

    An account becomes a draft once: whoever deletes it does not get it back.
    """
    watches = Watch.objects.filter(unit__organization=organization)
    watches = watches.select_related("unit__organization")
    # The innermost unit decides.
    for watch in sorted(watches, key=depth, reverse=True):
        if new := list(new_members(watch).prefetch_related("tags")[:AT_ONCE]):
            draft_each(watch, new)
            return True
    return False


def depth(watch: Watch) -> int:
    return watch.unit.lineage.count("/")


def new_members(watch: Watch) -> MemberQuerySet:
    kept = [one.account_id for one in managing_row().kept]  # somebody took them out
    rows = Member.objects.free().below(watch.unit).exclude(account_id__in=kept)
    return rows.filter(unit_since__gt=watch.since, drafted_at=None).order_by("pk")


def draft_each(watch: Watch, new: list[Member]) -> None:
    managing = managing_of(managing_row())
    for one in listed_members(new, managing):
        refused = one.refusal
        try:
            with transaction.atomic():
                if not refused:
                    shared = template_of(watch, one.member)
                    account = account_as(one, shared, managing, 1)
                    refuse_invalid(account)
                    compared = compare([account], lock=True)
                    if compared.problems:
                        raise ValidationError([it.message for it in compared.problems])
                    (draft,) = save(compared, f"the watch on {watch.unit}")
                    authors = watch.authors.values_list("pk", flat=True)
                    add_authors([draft.pk], authors)
                mark(one, watch)
        except (DetailsError, ValidationError) as error:
            refused = sentence(error)
        except IntegrityError:
            refused = "Someone else just added it."
        if refused:
            mark(one, watch, refused=refused)


def mark(one: Listed, watch: Watch, *, refused: str = "") -> None:
    Member.objects.filter(pk=one.member.pk).update(
        drafted_at=timezone.now(),
        drafted_in=watch.unit.organization.reading,
        drafted_for=watch.created_by_id,
        draft_refused=refused,
    )


def template_of(watch: Watch, member: Member) -> Shared:
    """Fill the template in for one account, whose tag may name its write role."""
    columns = columns_of_row(watch, SHARED)
    columns["write_roles"] = tagged_role(watch, member) or watch.write_roles
    return {**columns, "providers": watch.providers}


def tagged_role(watch: Watch, member: Member) -> list[str]:
    """Read the write role from the account's tag; none where it can be no role."""
    value = next((t.value for t in member.tags.all() if t.key == watch.roles_tag), "")
    try:
        return [names.fiat_role(value)] if value else []
    except names.BadName:
        return []


def watched_drafts() -> ManagedAccountQuerySet:
    """Keep the drafts that a watch made and nobody planned yet."""
    drafted = Member.objects.filter(drafted_at__isnull=False, draft_refused="")
    return ManagedAccount.objects.filter(
        state=State.DRAFT,
        granted_at=None,
        account_id__in=drafted.values("account_id"),
    )
