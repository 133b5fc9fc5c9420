"""What a look at AWS found, kept with its report: the last look counts."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from accounts.mapping.adopting.keeping import all_storable, taken_of
from accounts.models import AdoptedAccount, Adoption
from accounts.slices import AT_ONCE, in_slices
from onboarding.adopting.looking import (
    InAws,
    Target,
    look_text,
    targets,
    worst_first,
)
from onboarding.adopting.report import Document
from onboarding.adopting.values import AWS
from onboarding.names import role_name


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
