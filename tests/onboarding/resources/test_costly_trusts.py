"""A trust takes about as many steps as it has characters, whatever others write."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from onboarding.resources.kinds import Key, Role
from onboarding.resources.risks import risks
from onboarding.resources.trusts import shut_out, who_can_assume
from tests.growth import steps_of

ROLE_KEY = Key("9" * 12, Role.kind, "R")
Statement = dict[str, Any]


def enters(**more: Any) -> Statement:
    return {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", **more}


def accounts(size: int) -> list[str]:
    return [f"{number:012}" for number in range(size // 15)]


def users(size: int) -> list[str]:
    return [f"arn:aws:iam::{number:012}:user/u" for number in range(size // 36)]


TRUSTS: dict[str, Callable[[int], list[Statement]]] = {
    "accounts": lambda size: [enters(Principal={"AWS": accounts(size)})],
    "accounts, and each is denied": lambda size: [
        enters(Principal={"AWS": accounts(size // 2)}),
        enters(Effect="Deny", Principal={"AWS": accounts(size // 2)}),
    ],
    "accounts, and denials of all but one": lambda size: [
        enters(Principal={"AWS": accounts(size // 2)}),
        *(
            {"Effect": "Deny", "NotPrincipal": {"AWS": one}, "Action": "*"}
            for one in users(size // 4)
        ),
    ],
    "everybody, and a denial of all but many": lambda size: [
        *(
            enters(Condition={"StringEquals": {f"aws:RequestTag/{number}": "x"}})
            for number in range(size // 240)
        ),
        {"Effect": "Deny", "NotPrincipal": {"AWS": users(size // 2)}, "Action": "*"},
    ],
    "accounts, and a denial of all but many in each": lambda size: [
        *(enters(Principal={"AWS": one}) for one in accounts(size // 12)),
        {"Effect": "Deny", "NotPrincipal": {"AWS": users(size // 2)}, "Action": "*"},
    ],
    "accounts, and denials unless known": lambda size: [
        enters(Principal={"AWS": accounts(size // 2)}),
        *(
            enters(
                Effect="Deny",
                Condition={"StringNotEquals": {"aws:PrincipalOrgID": f"o-{number}"}},
            )
            for number in range(size // 240)
        ),
    ],
    "accounts under many keys": lambda size: [
        enters(
            Principal={"AWS": accounts(size // 2)},
            Condition={
                "StringEquals": {f"a.b/{n}:sub": f"{n}" for n in range(size // 40)}
            },
        )
    ],
    "variables and patterns": lambda size: [
        enters(
            Condition={
                "StringLike": {
                    "sts:ExternalId": ["${" * (size // 4), "*?" * (size // 4)]
                }
            }
        )
    ],
}
"""Of about as many characters as is asked."""


@pytest.mark.parametrize("kind", TRUSTS)
def test_twice_as_long_a_trust_takes_about_twice_the_steps(kind: str) -> None:
    def judge(trust: list[Statement]) -> None:
        who_can_assume(trust)
        shut_out(trust, trust[:1])
        list(risks(ROLE_KEY, None, {"trust": {"Statement": trust}}))

    some, all_ = TRUSTS[kind](3_000), TRUSTS[kind](6_000)
    judge(TRUSTS[kind](600))

    grown = [steps_of(partial(judge, trust)) for trust in (some, all_)]

    assert grown[1] < 2.2 * grown[0], grown
