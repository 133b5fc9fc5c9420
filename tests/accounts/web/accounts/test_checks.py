from __future__ import annotations

from accounts.models import CheckResult
from accounts.web.accounts.verdict import in_order, outcomes

Outcome = CheckResult.Outcome


def checks(provider: str, *ended: str) -> list[CheckResult]:
    return [
        CheckResult(pk=None, provider=provider, name=f"{provider} {n}", outcome=outcome)
        for n, outcome in enumerate(ended)
    ]


def names(results: tuple[CheckResult, ...]) -> list[str]:
    return [check.name for check in results]


def test_what_somebody_must_look_at_comes_first_the_worst_before_the_rest() -> None:
    ended = (Outcome.PASSED, Outcome.NOT_TESTABLE, Outcome.CANNOT_DEPLOY)

    found = in_order([*checks("ec2", *ended), *checks("eks", Outcome.FAILED)])

    assert names(found.to_do) == ["eks 0", "ec2 2", "ec2 1"]
    assert [(g.provider, names(g.checks)) for g in found.groups] == [("ec2", ["ec2 0"])]


def test_what_is_about_the_same_stands_in_one_group() -> None:
    results = [*checks("chain", "passed"), *checks("ec2", "passed", "evaluated")]

    found = in_order(results)

    assert found.to_do == ()
    assert [(g.provider, len(g.checks)) for g in found.groups] == [
        ("chain", 1),
        ("ec2", 2),
    ]


def test_outcomes_are_counted() -> None:
    results = checks("ec2", "passed", "failed", "passed")

    assert outcomes(results) == [("passed", 2), ("failed", 1)]
