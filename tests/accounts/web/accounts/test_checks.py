from __future__ import annotations

from accounts.models import CheckResult
from accounts.web.accounts.checks import Group, grouped, outcomes

Outcome = CheckResult.Outcome


def checks(provider: str, *ended: str) -> list[CheckResult]:
    return [
        CheckResult(pk=None, provider=provider, name=str(number), outcome=outcome)
        for number, outcome in enumerate(ended)
    ]


def names(results: tuple[CheckResult, ...]) -> list[str]:
    return [check.name for check in results]


def test_what_is_about_the_same_stands_in_one_group() -> None:
    results = [*checks("chain", "proved"), *checks("ec2", "proved", "failed")]

    assert [(g.provider, len(g.shown)) for g in grouped(results)] == [
        ("chain", 1),
        ("ec2", 2),
    ]


def test_many_simulated_rights_of_a_provider_are_folded() -> None:
    ended = (Outcome.PROVED, *[Outcome.EVALUATED] * 3, Outcome.FAILED)

    (group,) = grouped(checks("ec2", *ended))

    assert names(group.shown) == ["0", "4"]
    assert names(group.folded) == ["1", "2", "3"]


def test_a_few_are_not_worth_folding() -> None:
    (group,) = grouped(checks("ec2", *[Outcome.EVALUATED] * 2))

    assert (names(group.shown), group.folded) == (["0", "1"], ())


def test_nothing_of_the_chain_is_folded() -> None:
    (group,) = grouped(checks("chain", *[Outcome.EVALUATED] * 9))

    assert isinstance(group, Group)
    assert group.folded == ()


def test_outcomes_are_counted() -> None:
    results = checks("ec2", "proved", "failed", "proved")

    assert outcomes(results) == [("proved", 2), ("failed", 1)]
