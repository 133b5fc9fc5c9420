"""Reports on an existing Spinnaker as rows, and what AWS said of them since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from accounts.mapping.adopting.reporting import managed_role, reported
from accounts.models import Activity, AdoptedAccount, Adoption
from accounts.models.account import storable
from accounts.models.question import LONGEST_NAME
from accounts.packed import packed, unpacked
from accounts.people.activity import record
from accounts.slices import AT_ONCE, in_slices
from onboarding.adopting.looking import (
    InAws,
    Target,
    look_text,
    targets,
    worst_first,
)
from onboarding.adopting.report import Document, Report, Taken, document
from onboarding.adopting.sources.passing import passed, read_of
from onboarding.adopting.values import AWS
from onboarding.adopting.wording import text
from onboarding.names import role_name

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def begin_look(row: Adoption, role: str) -> None:
    """Begin to look with this role, or continue a look that stopped; raise BadName."""
    role = role_name(role)
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
                said = all_storable(found[one.name].as_json())
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
    delete_old_adoptions()
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


def delete_old_adoptions() -> None:
    Adoption.objects.expired().delete()


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
