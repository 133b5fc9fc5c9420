"""The AWS organization's accounts: what is known of each; many described at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.mapping.accounts_file import MEANWHILE, sentence
from accounts.mapping.accounts_file.comparison import compare
from accounts.mapping.accounts_file.saving import save
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import ManagedAccount, Member, Organization, SpinnakerName
from accounts.slices import in_slices
from onboarding import names
from onboarding.accounts_file.managed import WrittenAccount
from onboarding.description.values import Description, completed
from onboarding.details import DetailsError
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider, providers_of
from onboarding.topology import MadeBy, Managed, Managing

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_AT_ONCE = 10_000
"""The most that are described at once, and then planned as one rollout."""

ENDINGS = (0, 4, 8, 12)
"""How many last digits of the account ID distinguish accounts of the same name."""


class Listed(NamedTuple):
    """A member account, with what Bowline knows of it."""

    member: Member
    name: str
    """The name that it has in Spinnaker, or that is proposed."""
    added: ManagedAccount | None
    is_managing: bool
    refusal: str
    """Why it cannot be described here; empty where it can."""


Shared: TypeAlias = Mapping[str, Any]
"""What accounts that are described together have in common: the columns of SHARED, and
the keys of their providers.
"""


class MembersRefused(ValueError):
    """Nothing was written: `sentences` say of which accounts, by their ids, and why."""

    def __init__(self, sentences: dict[str, str]) -> None:
        super().__init__(" ".join(sentences.values()))
        self.sentences = sentences


def at_its_defaults(provider: type[Provider]) -> Provider | None:
    try:
        return provider.from_details({})
    except DetailsError:
        return None


OFFERED: dict[str, Provider] = {
    key: usual
    for key, provider in PROVIDERS.items()
    if (usual := at_its_defaults(provider))
}
"""The providers that need no details: EKS needs the names of its clusters."""


def listed_members(members: Iterable[Member], managing: Managing) -> list[Listed]:
    """List these accounts, each with the name that it has or is proposed."""
    found = list(members)
    rows = ManagedAccount.objects.only(
        "name",
        "account_id",
        "state",
        "verification",
        "verified_at",
        "unknown_writes",
        "unapproved",
        "undeployable",
    )
    ids = [member.account_id for member in found]
    added = {
        row.account_id: row
        for some in in_slices(ids)
        for row in rows.filter(account_id__in=some)
    }
    free = [m for m in found if m.active and m.account_id not in added]
    proposed = proposed_names(with_twins(free), managing)
    return [
        Listed(
            member=member,
            name=row.name if row else proposed.get(member.account_id, ""),
            added=row,
            is_managing=member.account_id == managing.account_id,
            refusal=refusal(member, row, proposed),
        )
        for member in found
        for row in [added.get(member.account_id)]
    ]


def with_twins(members: list[Member]) -> list[Member]:
    """Add those that would have the same name: which of them has it depends on all."""
    if not members:
        return []
    called = sorted({member.called for member in members})
    free = Member.objects.filter(organization=members[0].organization_id).free()
    known = {member.pk for member in members}
    twins = (
        twin
        for some in in_slices(called)
        for twin in free.filter(called__in=some).only("name", "account_id")
    )
    return [*members, *(twin for twin in twins if twin.pk not in known)]


def refusal(
    member: Member, row: ManagedAccount | None, proposed: dict[str, str]
) -> str:
    who = f"{member.name} ({member.account_id})"
    if row:
        return f"{who} is already in Bowline, as “{row.name}”."
    if not member.active:
        return f"{who} isn't active in the organization."
    if not proposed.get(member.account_id):
        return (
            f"All names that Bowline can propose for {who} are taken. Add this "
            "account with the wizard."
        )
    return ""


def proposed_names(members: Iterable[Member], managing: Managing) -> dict[str, str]:
    """Propose names that are nobody's yet, by account ID: the lowest id has the choice.

    Left out is whose every name is taken.
    """
    wanted = {
        member.account_id: [
            (name, claims(name))
            for name in names_like(called(member, managing), member.account_id)
        ]
        for member in sorted(members, key=lambda member: member.account_id)
    }
    taken = taken_of(
        {name for names in wanted.values() for _, all_ in names for name in all_}
    )
    proposed = {}
    for account_id, candidates in wanted.items():
        for name, claimed in candidates:
            if not claimed & taken:
                proposed[account_id] = name
                taken |= claimed
                break
    return proposed


def called(member: Member, managing: Managing) -> str:
    is_managing = member.account_id == managing.account_id
    return managing.name if is_managing else member.name


def taken_of(names: set[str]) -> set[str]:
    """Keep those of the names, which are in lower case, that some account has in any
    case.
    """
    taken: set[str] = set()
    for some in in_slices(sorted(names)):
        rows = ManagedAccount.objects.annotate(plain=Lower("name"))
        taken |= {*rows.filter(plain__in=some).values_list("plain", flat=True)}
        spinnaker = SpinnakerName.objects.annotate(plain=Lower("name"))
        taken |= {*spinnaker.filter(plain__in=some).values_list("plain", flat=True)}
    return taken


def names_like(text: str, account_id: str) -> Iterable[str]:
    """Yield names for it, each with more of the account ID at its end."""
    for digits in ENDINGS:
        ending = f"-{account_id[-digits:]}" if digits else ""
        longest = 60 - LONGEST_ENDING - len(ending)
        base = names.account_name_from(text, longest=longest)
        if base or ending:
            yield f"{base or 'account'}{ending}"


def claims(name: str) -> set[str]:
    """Name all that an account of this name may be called in Spinnaker."""
    managed = Managed(name, "", ())
    return {name, *(n for p in OFFERED.values() for n in p.names(managed))}


LONGEST_ENDING = max(map(len, claims("")))
"""What providers put behind a name must fit, too: `-ecs`."""


def describe_all(
    organization: Organization,
    account_ids: Iterable[str],
    shared: Shared,
    by: User | None,
) -> datetime:
    """Describe each as a draft or, raising MembersRefused, none.

    Gives the one moment at which they all came to be, by which they are found again.
    """
    return save_all(check_all(organization, account_ids, shared), by)


def check_all(
    organization: Organization,
    account_ids: Iterable[str],
    shared: Shared,
    checked: Callable[[int], None] = lambda count: None,
) -> list[WrittenAccount]:
    """Name and check each; raise MembersRefused. `checked` receives how many were."""
    managing = managing_of(managing_row())
    chosen = list(dict.fromkeys(account_ids))
    known = known_members(organization, chosen, managing)
    refused: dict[str, str] = {}
    written: list[WrittenAccount] = []
    for place, account_id in enumerate(chosen, 1):
        one = known.get(account_id)
        if one is None:
            refused[account_id] = (
                f"“{account_id}” isn't an account of the organization."
            )
        elif one.refusal:
            refused[account_id] = one.refusal
        else:
            account = account_as(one, shared, managing, len(written))
            try:
                refuse_invalid(account)
            except (DetailsError, ValidationError) as error:
                refused[account_id] = f"{one.member.name}: {sentence(error)}"
            written.append(account)
        if place % CHECKED_AT_ONCE == 0 or place == len(chosen):
            checked(place)
    if refused:
        raise MembersRefused(refused)
    return written


CHECKED_AT_ONCE = 500


def save_all(written: Sequence[WrittenAccount], by: User | None) -> datetime:
    """Write the drafts in statements for many at once; raise MembersRefused."""
    try:
        with transaction.atomic():
            compared = compare(written, lock=True)
            refused: dict[str, str] = {}
            for line, message in compared.problems:
                managed = written[line].managed
                refused.setdefault(managed.account_id, f"{managed.name}: {message}")
            if refused:
                raise MembersRefused(refused)
            drafts = save(compared, by)
            moment = timezone.now()
            for some in in_slices([draft.pk for draft in drafts]):
                ManagedAccount.objects.filter(pk__in=some).update(created_at=moment)
    except IntegrityError as error:
        raise MembersRefused({"": MEANWHILE}) from error
    return moment


def known_members(
    organization: Organization, chosen: list[str], managing: Managing
) -> dict[str, Listed]:
    members = [
        member
        for some in in_slices(chosen)
        for member in organization.members.filter(account_id__in=some)
    ]
    return {one.member.account_id: one for one in listed_members(members, managing)}


def refuse_invalid(account: Description) -> None:
    """Raise DetailsError or ValidationError where it cannot be described so."""
    for provider in providers_of(account.managed):
        provider.suit(account.managed)
    row = ManagedAccount(**account.columns)
    others = {field.name for field in row._meta.fields} - account.columns.keys()
    row.clean_fields(exclude=others)


def account_as(
    one: Listed, shared: Shared, managing: Managing, line: int
) -> WrittenAccount:
    own = {"name": one.name, "account_id": one.member.account_id}
    if one.is_managing and shared["made_by"] == MadeBy.BOWLINE:
        own["access_role"] = managing.access_role
    providers = tuple(OFFERED[key] for key in OFFERED if key in shared["providers"])
    return WrittenAccount(completed({**shared, **own}), providers, line)
