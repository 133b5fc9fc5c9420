"""The report: as JSON for programs, described by docs/adopt.schema.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from onboarding import names
from onboarding.accounts_file.managed import ADOPTED_FROM
from onboarding.accounts_file.writing import managing_written, yaml_text
from onboarding.adopting.comparing import Spinnaker, combined
from onboarding.adopting.findings import findings
from onboarding.adopting.judging.accounts import Judged, Judgement, Written, judge
from onboarding.adopting.judging.settings import SettingVerdict, judged_settings
from onboarding.adopting.judging.sharing import RoleName
from onboarding.adopting.sources.reading import Read
from onboarding.adopting.values import AWS, Finding, as_json, within
from onboarding.carried.table import CARRIED, LEFT, TAKEN
from onboarding.names import short, some
from onboarding.partitions import Arn
from onboarding.topology import BASE_ROLE, MANAGED_ROLE, ExistingIdentity, Managing

VERSION = 1
MANAGING = "managing"
Document = dict[str, Any]
OF_ACCOUNTS = (TAKEN, LEFT)
"""What becomes of an account."""


def heads(*, is_left: bool = False) -> dict[str, str]:
    """Return what fields are listed under, by what becomes of them: of an account that
    is left, what would.
    """
    return {
        TAKEN: "Could be taken" if is_left else "Taken",
        CARRIED: "Carried along untouched",
        LEFT: "Can't be taken" if is_left else "Left",
    }


MOST_STRANGERS = 5
NO_SUCH = "No source has an account with this name, so it can't be confirmed: {}."


class NotThere(ValueError):
    """Somebody confirmed an account that no source has."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an accounts file has of a report."""

    accounts: tuple[Written, ...]
    """In the keys of the file."""
    managing: str
    """A name for the managing account, which no account has."""
    managed_role: str
    base_role: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the sources say, and what becomes of it."""

    spinnaker: Spinnaker
    judgement: Judgement
    settings: tuple[SettingVerdict, ...]
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...] = ()
    """Files that are no source."""

    @property
    def counts(self) -> Mapping[str, int]:
        found = Counter(one.outcome for one in self.judgement.accounts)
        return {outcome: found[outcome] for outcome in OF_ACCOUNTS}

    @property
    def waiting(self) -> int:
        """Count the accounts that would be taken, if somebody confirmed them."""
        return sum(one.waits for one in self.judgement.accounts)

    @property
    def read(self) -> Read:
        """Return what the report is made of, to make it again."""
        return Read(self.spinnaker.readings, self.spinnaker.kubeconfigs, self.unknown)

    @property
    def others(self) -> Mapping[str, int]:
        """Count the accounts of providers that Bowline does not know."""
        found: dict[str, int] = {}
        for reading in self.spinnaker.readings:
            for name, count in reading.others.items():
                found[name] = max(found.get(name, 0), count)
        return dict(sorted(found.items()))

    @property
    def taken(self) -> Taken:
        role = self.judgement.role
        base = within(self.spinnaker.settings, AWS, "defaults", "iamrole")
        used = {names.any_case(one.name) for one in self.spinnaker.accounts}
        free = (f"{MANAGING}{end}" for end in ("", "-account", "-account-of-spinnaker"))
        return Taken(
            self.judgement.written,
            next(name for name in free if name not in used),
            role.name if role else MANAGED_ROLE,
            str(base or BASE_ROLE),
        )


def report_of(
    read: Read, *, role: RoleName | None = None, confirmed: Collection[str] = ()
) -> Report:
    """Report on everything that was read; with a role, that one is the usual one. The
    confirmed accounts are taken as they are described; raise NotThere for a name that
    no source has.
    """
    spinnaker = combined(read.readings, read.kubeconfigs, confirmed)
    known = {one.name for one in spinnaker.accounts}
    if strangers := sorted({*confirmed} - known):
        raise NotThere(NO_SUCH.format(some([*map(short, strangers)], MOST_STRANGERS)))
    judgement = judge(spinnaker, role=role)
    return Report(
        spinnaker,
        judgement,
        tuple(judged_settings(spinnaker)),
        findings(spinnaker, judgement),
        read.unknown,
    )


def with_sources(taken: Taken) -> Taken:
    """Add to each account what the sources have of it, for the next time."""
    accounts = tuple({**one, ADOPTED_FROM: one} for one in taken.accounts)
    return replace(taken, accounts=accounts)


def accounts_file(taken: Taken, *, identity: str = "", access_role: str = "") -> str:
    """Write what is taken as an accounts file; raise BadName."""
    access_role = access_role and names.ROLE_NAME(access_role)
    managing = managing_of(taken, identity) if identity else None
    accounts = [
        {**one, "access_role": access_role} if access_role else one
        for one in taken.accounts
    ]
    written = managing_written(managing, trusts_bowline=True) if managing else None
    return yaml_text(written, accounts)


def managing_of(taken: Taken, identity: str) -> Managing:
    """Describe the managing account of an existing identity; raise BadName."""
    found = Arn.of(names.IDENTITY_ARN(identity))
    return Managing(
        name=taken.managing,
        account_id=found.account,
        identity=ExistingIdentity(identity),
        partition=found.partition,
        managed_role=taken.managed_role,
        base_role=names.ROLE_NAME(taken.base_role),
    )


def document(report: Report) -> Document:
    """Return the report in JSON's types: the same for the same sources."""
    role = report.judgement.role
    return {
        "version": VERSION,
        "sources": [
            {
                "kind": reading.kind.name.lower(),
                "title": reading.title,
                "accounts": dict(Counter(one.type for one in reading.accounts)),
            }
            for reading in report.spinnaker.readings
        ],
        "counts": {
            **report.counts,
            "waiting": report.waiting,
            "other_providers": dict(report.others),
        },
        "confirmed": sorted(report.spinnaker.effect.confirmed),
        "managed_role": (
            {"partition": role.partition, "name": role.name} if role else None
        ),
        "accounts": [account_document(one) for one in report.judgement.accounts],
        "settings": [
            {
                "provider": one.provider,
                "setting": one.setting,
                "outcome": one.treatment,
                "value": as_json(one.value),
                "says": one.says,
            }
            for one in report.settings
        ],
        "findings": [
            {"kind": one.kind, "says": one.says, "accounts": list(one.accounts)}
            for one in report.findings
        ],
        "not_sources": list(report.unknown),
    }


def account_document(judged: Judged) -> Document:
    account = judged.account
    return {
        "type": account.type,
        "name": account.name,
        "source": account.place,
        "outcome": judged.outcome,
        "reasons": list(judged.reasons),
        "in_spinnaker": in_spinnaker(judged),
        "fields": [
            {
                "field": one.field,
                "outcome": one.treatment,
                "value": as_json(one.value),
                "says": one.says,
                "note": one.note,
            }
            for one in judged.fields
        ],
    }


def in_spinnaker(judged: Judged) -> Document | None:
    """Return how Spinnaker has the account otherwise; None where it has it so."""
    how = judged.unlike
    if how is None:
        return None
    return {
        "loaded": how.is_loaded,
        "differs": list(how.fields),
        "confirmed": judged.is_confirmed,
        "waits": judged.waits,
        "says": how.says,
    }


def alike(accounts: tuple[Judged, ...]) -> Iterator[tuple[str, list[str]]]:
    """Yield each reason with the accounts that are left for it, the most first."""
    found: dict[str, list[str]] = {}
    for judged in accounts:
        for reason in judged.reasons:
            found.setdefault(reason, []).append(judged.account.name)
    yield from sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
