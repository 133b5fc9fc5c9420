"""Sources of an existing Spinnaker into a report, with the environments that it
brings in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock

from accounts.mapping.spinnaker import NotConnected, connected, gate_of
from accounts.models import EnvironmentPolicy, ManagedAccount, ManagingAccount
from accounts.people.policies import strict_among
from onboarding.adopting.judging.sharing import RoleName
from onboarding.adopting.report import NotThere, Report, report_of
from onboarding.adopting.sources.files import BadSource, answers, unpacked
from onboarding.adopting.sources.passing import together
from onboarding.adopting.sources.reading import (
    NOTHING,
    Read,
    read_sources,
)
from onboarding.adopting.values import Finding
from onboarding.bounded_yaml import MOST_BYTES
from onboarding.delivery.transport import GateError

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
        found = list(unpacked(files))
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
