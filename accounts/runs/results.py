"""What checks found: kept as rows, compared with the last ones, folded and deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import CheckResult, Findings, Run
from accounts.models.checks import COLUMNS
from accounts.slices import in_slices
from onboarding.checks import Outcome
from onboarding.verify.result import COMPARED, Located, Result
from onboarding.verify.role_assumption import ASSUME

COUNTED = ("unknown_writes", "undeployable")
KEPT = [each.name for each in fields(Result) if each.name not in COUNTED]
"""What a check keeps; the run keeps what is counted of all of them."""
GOOD = (Outcome.PASSED, Outcome.EVALUATED)

Earlier = dict[tuple[str, str], tuple[str, bool]]
"""(outcome, worse) by provider and name."""


def keep_results(run: Run, results: Iterable[Result], at: datetime) -> bool:
    """Replace what a run found before it was killed by what it found now; return
    whether anything is bad that was good when the account was last verified.
    """
    results = list(results)
    earlier = earlier_results(run)
    run.checks.all().delete()
    CheckResult.objects.bulk_create(
        CheckResult(
            run=run,
            position=position,
            checked_at=at,
            worse=got_worse(result, earlier),
            **{name: getattr(result, name) for name in KEPT},
        )
        for position, result in enumerate(results)
    )
    return any(
        got_worse(one, earlier) and earlier[one.provider, one.name][0] in GOOD
        for one in results
    )


def earlier_results(run: Run) -> Earlier:
    """Return what the account's last verification found."""
    runs = Run.objects.checked().filter(account=run.account_id).exclude(pk=run.pk)
    if run.account_id is None:
        runs = runs.filter(kind=Run.Kind.MANAGING)
    last = runs.first()
    if last is None:
        return {}
    found = CheckResult.objects.filter(run=last)
    return {
        (provider, name): (outcome, worse)
        for provider, name, outcome, worse in found.values_list(
            "provider", "name", "outcome", "worse"
        )
    }


def got_worse(result: Result, earlier: Earlier) -> bool:
    """Return whether it failed and was good, or has been worse since it was."""
    if result.located == Located.BOWLINE:
        return False  # that says nothing of the account
    outcome, worse = earlier.get((result.provider, result.name), ("", False))
    return result.outcome is Outcome.FAILED and (outcome in GOOD or worse)


def results_of(run: Run) -> list[CheckResult]:
    """Return what a run's checks found, in their order, folded or not."""
    if run.findings is None:
        return list(CheckResult.objects.filter(run=run))
    at = run.finished_at or run.created_at
    timed = zip(run.findings.results, run.check_seconds or [], strict=True)
    return [
        CheckResult(run=run, position=n, seconds=seconds, checked_at=at, **found)
        for n, (found, seconds) in enumerate(timed)
    ]


class TrustProblem(StrEnum):
    """What the trust policy of a role that was there before Bowline does, so that its
    account isn't verified.
    """

    DENIES = "denies"
    """Spinnaker's identity can't assume the role, whatever it sends."""
    DIFFERS = "differs"
    """It requires something else, or strangers can assume the role."""


def trust_problem(run: Run) -> TrustProblem | None:
    """Return what trust policies do if nothing else failed; None: something else did,
    or nothing.
    """
    failed = [one for one in results_of(run) if one.outcome == Outcome.FAILED]
    if not failed or not all(map(is_of_trust, failed)):
        return None
    named = {(one.name, one.located) for one in failed}
    denies = (ASSUME, Located.THEIR_TRUST) in named
    return TrustProblem.DENIES if denies else TrustProblem.DIFFERS


def is_of_trust(check: CheckResult) -> bool:
    """Return whether it failed because of the trust policy of an existing role. A
    policy of Spinnaker's identity may have an unmet condition, too, and no principal.
    """
    if check.name != ASSUME:
        return check.provider == COMPARED and check.located == Located.THEIR_TRUST
    by_trust = check.located in (Located.THEIR_TRUST, Located.CONDITION)
    return by_trust and 'Principal": ' in check.document


def reached_account(run: Run) -> bool:
    """Return whether checks say something of the account: AWS knew Bowline."""
    return any(check.located != Located.BOWLINE for check in results_of(run))


def is_as_approved(run: Run) -> bool:
    """Return whether it compared what it covers with AWS, and found no difference."""
    compared = [one for one in results_of(run) if one.provider == COMPARED]
    return bool(compared) and all(one.outcome == Outcome.PASSED for one in compared)


def fold(runs: Iterable[UUID]) -> None:
    """Put Findings in the place of the rows of these runs, all of them or none.

    Whoever folds the same runs meanwhile finds either the rows or what they became.
    """
    with transaction.atomic():
        rows = Run.objects.select_for_update(no_key=True).filter(
            pk__in=runs, findings=None
        )
        whole = {run.pk: run for run in rows}
        checks = CheckResult.objects.filter(run__in=whole).order_by(
            "run_id", "position"
        )
        findings: dict[str, Findings] = {}
        digests: dict[UUID, str] = {}
        for pk, of_run in groupby(checks, lambda check: check.run_id):
            found = list(of_run)
            whole[pk].check_seconds = [round(check.seconds, 3) for check in found]
            one = findings_of(found)
            digests[pk] = one.digest
            findings[one.digest] = one
        Findings.objects.bulk_create(findings.values(), ignore_conflicts=True)
        kept = {one.digest: one for one in Findings.objects.filter(digest__in=findings)}
        for pk, digest in digests.items():
            whole[pk].findings = kept[digest]
        folded = [whole[pk] for pk in digests]
        Run.objects.bulk_update(folded, ["findings", "check_seconds"])
        CheckResult.objects.filter(run__in=folded).delete()


def findings_of(checks: Iterable[CheckResult]) -> Findings:
    results = [columns_of(check) for check in checks]
    text = json.dumps(results, sort_keys=True)
    return Findings(digest=hashlib.sha256(text.encode()).hexdigest(), results=results)


def columns_of(check: CheckResult) -> dict[str, Any]:
    """Return what the check found, without what is empty."""
    found = ((name, getattr(check, name)) for name in sorted(COLUMNS))
    return {name: value for name, value in found if value}


def by_provider(results: list[Result]) -> list[Result]:
    """Bring what belongs together next to each other, in order of first appearance."""
    providers = list(dict.fromkeys(result.provider for result in results))
    return sorted(results, key=lambda result: providers.index(result.provider))


def failed_checks(results: Iterable[Result]) -> dict[str, str]:
    first = next(r for r in results if r.outcome is Outcome.FAILED)
    return {"message": f"{first.name}: {first.sentence}", "hint": first.fix}


MOST = 20_000
"""Runs that one call folds, or deletes: an hour's verifications of 10,000 accounts,
twice.
"""
AT_ONCE = 200
"""Runs in one transaction, with some 12,000 results: SQLite locks out every other
writer meanwhile, for about a tenth of a second."""
FOLDED_AT_ONCE = 50
"""Their results are read and compared meanwhile, which takes longer."""


def delete_old_verifications(before: datetime, *, most: int = MOST) -> int:
    """Delete runs that only verified and ended before; return how many.

    Each batch is a transaction of its own, and a run that may be deleted stays so: it
    is over, and a later one has taken its place.
    """
    old = Run.objects.outlived(before).order_by("created_at")
    found = list(old.values_list("pk", flat=True)[:most])
    for some in in_slices(found, AT_ONCE):
        Run.objects.filter(pk__in=some).delete()
    return len(found)


def fold_superseded(*, most: int = MOST) -> int:
    """Fold the results of runs whose account was verified later; return how many runs.

    Safe to kill: each batch is a transaction of its own.
    """
    found = list(Run.objects.to_fold().values_list("pk", flat=True)[:most])
    for some in in_slices(found, FOLDED_AT_ONCE):
        fold(some)
    return len(found)


def delete_unused_findings() -> None:
    """Delete what only deleted verifications found."""
    Findings.objects.filter(runs=None).delete()
