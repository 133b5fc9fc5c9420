"""What was found of an existing Spinnaker: reported, and kept as accounts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.mapping.spinnaker import NotConnected, connected, gate_of
from accounts.models import (
    Activity,
    AdoptedAccount,
    Adoption,
    EnvironmentPolicy,
    ManagedAccount,
    ManagingAccount,
)
from accounts.models.account import storable
from accounts.models.question import LONGEST_NAME
from accounts.packed import packed, unpacked
from accounts.people.activity import record
from accounts.people.policies import strict_among
from accounts.slices import AT_ONCE, in_slices
from onboarding.adopting.judging.sharing import RoleName
from onboarding.adopting.looking import (
    InAws,
    Target,
    look_text,
    targets,
    worst_first,
)
from onboarding.adopting.report import (
    Document,
    NotThere,
    Report,
    Taken,
    document,
    report_of,
)
from onboarding.adopting.sources.files import BadSource, answers
from onboarding.adopting.sources.files import unpacked as unpacked_files
from onboarding.adopting.sources.passing import passed, read_of, together
from onboarding.adopting.sources.reading import (
    NOTHING,
    Read,
    read_sources,
)
from onboarding.adopting.values import AWS, Finding
from onboarding.adopting.wording import text
from onboarding.bounded_yaml import MOST_BYTES
from onboarding.delivery.transport import GateError
from onboarding.names import ROLE_NAME

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ASKS_ONE = (
    "The environment {} is new to Bowline. Its name doesn't say production, so one "
    "person can plan a change there and approve it. To require a second approver, add "
    "the accounts, and switch it on in Settings before anything is planned."
)
ASKS_TWO = (
    "The environment {} is new to Bowline. Its name says production, so a change there "
    "needs a second approver."
)


def with_environments(report: Report) -> Report:
    """Add to the findings what becomes of environments that nobody decided about."""
    found = (*report.findings, *new_environments(report))
    return replace(report, findings=tuple(sorted(found, key=order)))


def order(one: Finding) -> tuple[str, str, tuple[str, ...]]:
    return one.kind, one.says, one.accounts


def new_environments(report: Report) -> Iterator[Finding]:
    names: dict[str, list[str]] = {}
    for account in report.judgement.written:
        if environment := account.get("environment"):
            names.setdefault(environment, []).append(account["name"])
    for model in (ManagedAccount, EnvironmentPolicy):
        rows = model.objects.filter(environment__in=names).order_by()
        for known in {*rows.values_list("environment", flat=True)}:
            names.pop(known, None)
    strict = strict_among(names)
    for environment, accounts in sorted(names.items()):
        says = (ASKS_TWO if environment in strict else ASKS_ONE).format(environment)
        yield Finding("new-environment", says, tuple(sorted(accounts)))


MOST_FILES = 100
MOST_IN_ALL = MOST_BYTES * 3 // 2
"""Bytes of all files that one request has: its longest takes about a minute."""
TOO_MUCH = (
    f"At most {MOST_FILES} files, {MOST_BYTES // 2**20} MB each, "
    f"{MOST_IN_ALL // 2**20} MB in total."
)
READS_ANOTHER = (
    "Bowline is reading another Spinnaker's files. Try again in a few seconds."
)
ONE = Lock()


def are_too_much(sizes: Collection[int]) -> bool:
    """Return whether files of these bytes are more than one request may have."""
    return (
        len(sizes) > MOST_FILES
        or sum(sizes) > MOST_IN_ALL
        or any(size > MOST_BYTES for size in sizes)
    )


class CannotAdopt(ValueError):
    """No report can be made; the sentence says why, and quotes no value."""


class NoSuchAccount(CannotAdopt):
    """Somebody confirmed an account that no source has."""


class ReadsAnother(Exception):
    """This process reads other files at the moment."""


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one request of this process read files: raise ReadsAnother in any other."""
    if not ONE.acquire(blocking=False):
        raise ReadsAnother(READS_ANOTHER)
    try:
        yield
    finally:
        ONE.release()


def files_read(
    files: Mapping[str, bytes],
    *,
    deployment: str = "",
    named: frozenset[str] | None = None,
) -> Read:
    """Read the files and what archives have, of which the files that are named must be
    sources: usually all. Raise CannotAdopt.
    """
    try:
        found = list(unpacked_files(files))
        must_be = frozenset(path for path, _, is_inside in found if not is_inside)
        return read_sources(
            {path: content for path, content, _ in found},
            deployment=deployment,
            named=must_be if named is None else must_be & named,
        )
    except BadSource as error:
        raise CannotAdopt(str(error)) from None


def gate_read() -> tuple[Read, tuple[str, ...]]:
    """Read the connected Spinnaker; return why an answer is missing, too."""
    try:
        files, missing = answers(gate_of(connected()))
    except (NotConnected, GateError) as error:
        raise CannotAdopt(str(error)) from None
    return files_read(files), missing


def reported(
    *reads: Read,
    role: RoleName | None,
    confirmed: Collection[str] = (),
    has_database: bool = True,
) -> Report:
    """Report on all that was read of one Spinnaker, the confirmed accounts taken as
    they are described; raise CannotAdopt.
    """
    found = together(*reads)
    if not found.readings:
        raise CannotAdopt(NOTHING)
    try:
        report = report_of(found, role=role, confirmed=confirmed)
    except NotThere as error:
        raise NoSuchAccount(str(error)) from None
    return with_environments(report) if has_database else report


def managed_role() -> RoleName | None:
    """Return the managed role of the site, where somebody described it."""
    row = ManagingAccount.objects.first()
    return RoleName(row.partition, row.managed_role) if row else None


def begin_look(row: Adoption, role: str) -> None:
    """Begin to look with this role, or continue a look that stopped; raise BadName."""
    role = ROLE_NAME(role)
    with transaction.atomic():
        report = locked(row).report
        look = report.get("look") or {}
        if look.get("role") != role or look["looked"] == look["accounts"]:
            report["look"] = {
                "role": role,
                "at": timezone.now().isoformat(),
                "accounts": len(row.taken),
                "looked": 0,
            }
        write(row, report)


def left_to_look(row: Adoption) -> list[Target]:
    """List the accounts that the look hasn't read yet."""
    assert row.look is not None
    done = {name for name, _ in found_by(row)}
    every = targets(taken_of(row), row.look["role"])
    return [one for one in every if one.name not in done]


def keep_looks(row: Adoption, found: Mapping[str, InAws]) -> bool:
    """Keep what AWS has of these accounts; False where another look has begun."""
    assert row.look is not None
    at = row.look["at"]
    with transaction.atomic():
        report = locked(row).report
        if report["look"]["at"] != at:
            return False
        for names in in_slices(list(found)):
            some = list(row.accounts.filter(type=AWS, name__in=names))
            for one in some:
                said = all_storable(asdict(found[one.name]))
                one.said = {**one.said, "in_aws": {"at": at, **said}}
            AdoptedAccount.objects.bulk_update(some, ["said"], batch_size=AT_ONCE)
        report["look"]["looked"] += len(found)
        write(row, report)
    return True


def found_by(row: Adoption) -> list[tuple[str, Document]]:
    """Return what the look found, by the account's name, the worst first."""
    if row.look is None:
        return []
    rows = row.accounts.filter(type=AWS, said__in_aws__at=row.look["at"])
    found = [(one.name, one.said["in_aws"]) for one in rows.order_by("position")]
    return sorted(found, key=lambda one: worst_first(one[1]))


def looked_text(row: Adoption) -> str:
    """Write what the look found, to follow the report; empty: nobody looked."""
    if row.look is None:
        return ""
    return look_text(row.look["role"], found_by(row))


def locked(row: Adoption) -> Adoption:
    return Adoption.objects.select_for_update(no_key=True).get(pk=row.pk)


def write(row: Adoption, report: Document) -> None:
    Adoption.objects.filter(pk=row.pk).update(report=report)
    row.report = report


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it is kept: what it is called, and what it was."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What somebody wanted a report on."""

    files: tuple[Source, ...]
    deployment: str = ""
    gate: bool = False


def sources_of(files: Mapping[str, bytes]) -> tuple[Source, ...]:
    return tuple(
        Source(name, hashlib.sha256(content).hexdigest())
        for name, content in files.items()
    )


def store_report(
    report: Report, asked: ReportRequest, by: User
) -> tuple[Adoption, bool]:
    """Keep the report, once for the same sources; return whether it is new."""
    said = all_storable(document(report))
    accounts = said.pop("accounts")
    described = all_storable(asdict(asked))
    taken = report.taken
    columns = {
        "by": by,
        "read": packed([read_text(report)]) if report.waiting else "",
        **described,
        "report": said,
        "text": storable(text(report)),
        "taken": all_storable(list(taken.accounts)),
        "managing": taken.managing,
        "managed_role": storable(taken.managed_role),
        "base_role": storable(taken.base_role),
    }
    whole = json.dumps([described, said, accounts, columns["taken"]], sort_keys=True)
    digest = hashlib.sha256(whole.encode()).hexdigest()
    Adoption.objects.expired().delete()
    with transaction.atomic():
        row, is_new = Adoption.objects.get_or_create(digest=digest, defaults=columns)
        if is_new:
            keep_accounts(row, accounts)
            detail = {"report": str(row.pk), "counts": said["counts"]}
            if said["confirmed"]:
                detail["confirmed"] = said["confirmed"]
            record(by, Activity.What.ADOPT, "", detail)
    return row, is_new


def record_confirmed(by: User | None, report: Report) -> None:
    """Record which accounts are taken otherwise than Spinnaker has them."""
    if confirmed := sorted(report.spinnaker.effect.confirmed):
        detail = {"counts": dict(report.counts), "confirmed": confirmed}
        record(by, Activity.What.ADOPT, "", all_storable(detail))


def read_text(report: Report) -> str:
    return json.dumps(all_storable(passed(report.read)))


def confirm(row: Adoption, names: Collection[str], by: User) -> Adoption:
    """Report on the same sources again, with these accounts taken as they are
    described, and keep that; raise CannotAdopt.
    """
    read = read_of(json.loads("".join(unpacked(row.read))))
    confirmed = {*row.report.get("confirmed", ()), *names}
    report = reported(read, role=managed_role(), confirmed=confirmed)
    files = tuple(Source(**one) for one in row.files)
    asked = ReportRequest(files, row.deployment, row.gate)
    return store_report(report, asked, by)[0]


def keep_accounts(row: Adoption, accounts: Sequence[Document]) -> None:
    AdoptedAccount.objects.bulk_create(
        (
            AdoptedAccount(
                adoption=row,
                position=position,
                type=one["type"],
                name=one["name"][:LONGEST_NAME],
                outcome=one["outcome"],
                said=one,
            )
            for position, one in enumerate(accounts)
        ),
        batch_size=AT_ONCE,
    )


def document_of(row: Adoption) -> Document:
    """Return the report, as docs/adopt.schema.json describes it."""
    at = row.look["at"] if row.look else ""
    accounts = [of_look(one.said, at) for one in row.accounts.order_by("position")]
    return {**row.report, "accounts": accounts}


def of_look(said: Document, at: str) -> Document:
    """Return an account without what an earlier look found."""
    in_aws = said.get("in_aws")
    if in_aws and in_aws["at"] == at:
        return said
    return {key: value for key, value in said.items() if key != "in_aws"}


def taken_of(row: Adoption) -> Taken:
    return Taken(tuple(row.taken), row.managing, row.managed_role, row.base_role)


def all_storable(value: Any) -> Any:
    """Make each text in it one that every database takes."""
    match value:
        case str():
            return storable(value)
        case dict():
            return {
                all_storable(key): all_storable(inner) for key, inner in value.items()
            }
        case list() | tuple():
            return [all_storable(inner) for inner in value]
    return value
