"""Sources that are adopted again: what they changed since, next to what Bowline has.

One preview for the page, the API and the command. It reads, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone

from accounts.mapping.accounts_file.comparison import (
    COLUMNS,
    compare,
    enabled_in,
    exported_account,
)
from accounts.mapping.accounts_file.saving import record_adopted
from accounts.mapping.managing import managing_of
from accounts.models import Activity, Adoption, ManagedAccount, ManagingAccount
from accounts.slices import in_slices
from accounts.wording import counted, first_of
from onboarding.accounts_file import FileProblems
from onboarding.accounts_file.managed import (
    ADOPTED_FROM,
    RENAMED_FROM,
    refuse_twins,
)
from onboarding.accounts_file.reader import Problem, Reader
from onboarding.accounts_file.writing import Written, written_account
from onboarding.adopting.again import Difference, Merged, merged
from onboarding.adopting.judging.accounts import Judged
from onboarding.adopting.report import Taken
from onboarding.adopting.values import value_as_text
from onboarding.description.fields import FIELDS
from onboarding.details import DetailsError
from onboarding.names import ROLE_NAME, any_case, one_line, short

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_ROUNDS = 10
"""How often what is left is compared again once an account had to be left out."""
MOST_NAMES, LONGEST_VALUE = 20, 300
ANOTHER_ACCOUNT = (
    "Bowline has this name for another AWS account, {}. Rename one of the two."
)
UNFINISHED = "In Bowline, the account isn't complete: {}"
NOTHING_CHANGED = (
    "Nothing changed in the sources since they were last adopted. What you decided in "
    "Bowline stays."
)
UNKNOWN = "not known"
OTHER_IDENTITY = (
    "In Bowline's managing account, Spinnaker's identity is {}, not {}. Edit the "
    "managing account, or leave the identity out."
)


class Sourced(NamedTuple):
    """An account of the report, whatever becomes of it."""

    name: str
    reasons: tuple[str, ...]
    """Why it is left; empty: it is taken."""


class Changed(NamedTuple):
    """A value that the sources changed, or that nobody knows whether they did."""

    account: str
    """As Bowline calls it."""
    difference: Difference
    who: str = ""
    """Who decided in Bowline since; empty: that isn't known."""
    at: datetime | None = None

    @property
    def choice(self) -> str:
        """Return how it is named when somebody answers."""
        return f"{self.account}:{self.difference.field}"

    @property
    def before(self) -> str:
        return text_of(self.difference.before) if self.difference.is_known else UNKNOWN

    @property
    def now(self) -> str:
        return text_of(self.difference.now)

    @property
    def here(self) -> str:
        return text_of(self.difference.here)

    @property
    def decided(self) -> str:
        """Say who decided what Bowline has, and when; empty: that isn't known."""
        return f"{self.who}, {timezone.localtime(self.at):%-d %B %Y}" if self.at else ""


class HeldBack(NamedTuple):
    """An account of the sources that isn't in the file."""

    name: str
    reason: str


class WrongChoice(ValueError):
    """Somebody answered what nobody asked."""


@dataclass(frozen=True, slots=True)
class AdoptedAgain:
    """What adopting these sources would do."""

    taken: Taken
    """With the accounts as the file would have them."""
    new: tuple[str, ...]
    changed: tuple[Changed, ...]
    same: int
    """Accounts that Bowline has, in which the file changes nothing."""
    gone: tuple[str, ...]
    """Accounts that were adopted, and that the sources no longer have."""
    held_back: tuple[HeldBack, ...]

    @property
    def changes(self) -> tuple[Changed, ...]:
        """List what the sources alone changed."""
        return tuple(c for c in self.changed if not c.difference.is_conflict)

    @property
    def conflicts(self) -> tuple[Changed, ...]:
        return tuple(c for c in self.changed if c.difference.is_conflict)

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (one[RENAMED_FROM], one["name"])
            for one in self.taken.accounts
            if RENAMED_FROM in one
        )

    @property
    def changes_something(self) -> bool:
        """Return whether saving the file would change an account, or add one."""
        return bool(self.new) or any(c.difference.is_taken for c in self.changed)

    @property
    def is_unchanged(self) -> bool:
        return not (self.new or self.changed or self.gone or self.held_back)


class Read(NamedTuple):
    """An account as the file would have it."""

    written: Written
    row: ManagedAccount | None
    merged: Merged | None


def adopted_again(
    taken: Taken,
    every: Iterable[Sourced],
    *,
    access_role: str = "",
    take: Collection[str] = (),
    keep: Collection[str] = (),
) -> AdoptedAgain:
    """Compare what can be taken with what Bowline has. `take` and `keep` answer
    conflicts, each as `NAME:FIELD`; raise WrongChoice for any other. New accounts get
    the access role; those that exist keep theirs.
    """
    every = list(every)
    access_role = access_role and ROLE_NAME(access_role)
    managing = ManagingAccount.objects.first()
    partition = managing.partition if managing else "aws"
    left = {any_case(one.name) for one in every if one.reasons}
    held_back: list[HeldBack] = []
    found: list[Read] = []
    ids = [one["account_id"] for one in taken.accounts]
    rows = rows_by_id(ids)
    names = {
        any_case(name): account_id
        for name, account_id in ManagedAccount.objects.values_list("name", "account_id")
    }
    for account_id, now in zip(ids, taken.accounts, strict=True):
        row, here = rows.get(account_id, (None, ""))
        if row is None:
            holder = names.get(any_case(now["name"]), account_id)
            if holder != account_id:
                says = ANOTHER_ACCOUNT.format(holder)
                held_back.append(HeldBack(now["name"], says))
                continue
            added = {**now, "access_role": access_role} if access_role else now
            found.append(Read({**added, ADOPTED_FROM: now}, None, None))
            continue
        if isinstance(here, str):
            held_back.append(HeldBack(row.name, UNFINISHED.format(here)))
            continue
        try:
            found.append(read_again(row, here, now, left, take, keep, partition))
        except FileProblems as error:
            held_back.append(HeldBack(row.name, first_problem(error.problems)))
    found, clashing = without_clashes(found, managing)
    held_back += clashing
    changed = tuple(with_deciders(found))
    refuse_unasked({*take, *keep} - {c.choice for c in changed})
    known = {any_case(row.name) for row, _ in rows.values()} | names.keys()
    held_back += (
        HeldBack(one.name, " ".join(one.reasons))
        for one in every
        if one.reasons and any_case(one.name) in known
    )
    accounts = sorted((one.written for one in found), key=lambda one: one["name"])
    touched = {c.account for c in changed if c.difference.is_taken}
    return AdoptedAgain(
        replace(taken, accounts=tuple(accounts)),
        tuple(sorted(one.written["name"] for one in found if one.row is None)),
        changed,
        sum(one.row is not None and one.row.name not in touched for one in found),
        gone_since({*ids}, every),
        tuple(sorted(held_back)),
    )


def identity_for_file(identity: str) -> str:
    """Return the identity with which the file describes the managing account: none
    where Bowline has one, which stays as it is. Raise WrongChoice for another one.
    """
    row = ManagingAccount.objects.first() if identity else None
    if row is None:
        return identity
    arn = managing_of(row).identity_arn
    if arn != identity:
        raise WrongChoice(OTHER_IDENTITY.format(arn, short(identity, LONGEST_VALUE)))
    return ""


def refuse_unasked(choices: Collection[str]) -> None:
    if choices:
        named = first_of([*map(short, sorted(choices))], MOST_NAMES)
        raise WrongChoice(
            f"Nothing is asked about {named}. Name an account and a field of the "
            "preview, such as prod:environment."
        )


def rows_by_id(
    ids: Sequence[str],
) -> dict[str, tuple[ManagedAccount, Written | str]]:
    """Return rows with how they are described, or why they aren't yet."""
    found: dict[str, tuple[ManagedAccount, Written | str]] = {}
    columns = ManagedAccount.objects.only(*COLUMNS, "adopted_from")
    for some in in_slices(ids):
        rows = list(columns.filter(account_id__in=some))
        enabled = enabled_in([row.pk for row in rows])
        for row in rows:
            try:
                found[row.account_id] = row, exported_account(row, enabled[row.pk])
            except DetailsError as error:
                found[row.account_id] = row, str(error)
    return found


def read_again(
    row: ManagedAccount,
    here: Written,
    now: Written,
    left: Collection[str],
    take: Collection[str],
    keep: Collection[str],
    partition: str,
) -> Read:
    """Merge one account; raise FileProblems."""
    prefix = f"{row.name}:"
    if row.adopted_from == now:
        return Read(here, row, None)
    take, keep = (
        {one.removeprefix(prefix) for one in some if one.startswith(prefix)}
        for some in (take, keep)
    )
    before = row.adopted_from or None
    result = merged(before, now, here, left, partition, take=take, keep=keep)
    written = dict(result.written)
    if written["name"] != row.name:
        written[RENAMED_FROM] = row.name
    if result.adopted_from is not None and result.adopted_from != row.adopted_from:
        written[ADOPTED_FROM] = result.adopted_from
    return Read(written, row, result)


def first_problem(problems: Sequence[Problem]) -> str:
    return " ".join(dict.fromkeys(one.message for one in problems[:3]))


def without_clashes(
    found: list[Read], managing: ManagingAccount | None
) -> tuple[list[Read], list[HeldBack]]:
    """Leave out the accounts for which the whole file would be refused."""
    held_back: list[HeldBack] = []
    site = managing_of(managing) if managing else None
    # Of two accounts that clash, the new one is left out.
    found = sorted(found, key=lambda one: one.row is None)
    for _ in range(MOST_ROUNDS):
        reader = Reader()
        accounts = [
            written_account(one.written, line) for line, one in enumerate(found)
        ]
        refuse_twins(reader, accounts)
        problems = [*reader.problems, *compare(accounts).problems]
        for line, one in enumerate(accounts):
            role = one.managed.managed_role
            if site and role and (clash := site.clash_with(role)):
                problems.append(Problem(line, clash))
        if not problems:
            break
        why = {one.line: one.message for one in reversed(problems)}
        held_back += (HeldBack(name_of(found[at]), says) for at, says in why.items())
        found = [one for at, one in enumerate(found) if at not in why]
    return found, held_back


def name_of(one: Read) -> str:
    return one.row.name if one.row else str(one.written["name"])


def gone_since(ids: Collection[str], every: Iterable[Sourced]) -> tuple[str, ...]:
    """Name the accounts that were adopted, and that the sources no longer have."""
    still = {any_case(one.name) for one in every}
    rows = ManagedAccount.objects.exclude(adopted_from={})
    return tuple(
        name
        for name, account_id, was in rows.order_by("name").values_list(
            "name", "account_id", "adopted_from__name"
        )
        if account_id not in ids
        and not still & {any_case(name), any_case(str(was or name))}
    )


def with_deciders(found: Iterable[Read]) -> Iterator[Changed]:
    """Yield what differs, with who decided in Bowline what it has there."""
    rows = [one for one in found if one.row and one.merged and one.merged.differences]
    rows.sort(key=name_of)
    for some in in_slices(rows):
        decided = last_decisions([one.row for one in some if one.row])
        for one in some:
            assert one.row is not None
            for difference in one.merged.differences if one.merged else ():
                key = str(one.row.pk), column_of(difference)
                who, at = decided.get(key, ("", None))
                if not difference.is_conflict:
                    who, at = "", None
                yield Changed(one.row.name, difference, who, at)


def last_decisions(
    rows: Sequence[ManagedAccount],
) -> dict[tuple[str, str], tuple[str, datetime]]:
    """Return who changed each column last, and when, by the account's key."""
    names = {row.name for row in rows} | {
        str(row.adopted_from.get("name", "")) for row in rows
    }
    entries = Activity.objects.filter(what=Activity.What.EDIT, about__in=names)
    found: dict[tuple[str, str], tuple[str, datetime]] = {}
    for who, at, detail in (
        entries.order_by("-number").values_list("who", "at", "detail").iterator()
    ):
        for column in detail.get("changed", ()):
            found.setdefault((str(detail.get("account", "")), column), (who, at))
    return found


def column_of(difference: Difference) -> str:
    """Return what the activity log calls the value."""
    first, *rest = difference.path
    if first == "providers":
        return rest[0]
    if first == "external_id":
        return "uses_external_id"
    return next(
        (one.name for one in FIELDS if one.keys == (first, *rest)[: len(one.keys)]),
        first,
    )


def remember(again: AdoptedAgain, by: User | None) -> None:
    """Keep what the sources had, and what was answered, where nothing else changes."""
    accounts = [
        written_account(one, line) for line, one in enumerate(again.taken.accounts)
    ]
    record_adopted(compare(accounts, lock=True), by)


def of_judged(accounts: Iterable[Judged]) -> Iterator[Sourced]:
    for one in accounts:
        yield Sourced(one.account.name, one.reasons)


def of_stored(row: Adoption) -> Iterator[Sourced]:
    for name, reasons in row.accounts.values_list("name", "said__reasons"):
        yield Sourced(name, tuple(reasons or ()))


def text_of(value: Any) -> str:
    """Write a value for people."""
    if value is None:
        return "–"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return short(", ".join(value) or "–", LONGEST_VALUE)
    return short(value_as_text(value), LONGEST_VALUE)


def again_lines(again: AdoptedAgain) -> Iterator[str]:
    """Write the preview, a line each."""
    if again.is_unchanged:
        yield NOTHING_CHANGED
        return
    same = counted(again.same)
    yield f"New: {len(again.new):,}. Without a change: {same}."
    for old, new in again.renamed:
        yield f"Renamed: {short(old)} is now {short(new)}."
    for one in again.changes:
        yield one_line(f"Changed: {one.choice}: {one.here} → {one.now}")
    for one in again.conflicts:
        answer = "the sources'" if one.difference.is_taken else "Bowline's"
        yield one_line(
            f"Both differ: {one.choice}: the sources had {one.before} and now have "
            f"{one.now}; Bowline has {one.here}"
            f"{f' ({one.decided})' if one.decided else ''}. The file has {answer} "
            "value."
        )
    if again.gone:
        named = first_of([*map(short, again.gone)], MOST_NAMES)
        yield f"No longer in the sources, and not deleted: {named}."
    for held in again.held_back:
        yield one_line(f"Stays as it is: {short(held.name)}: {held.reason}")
