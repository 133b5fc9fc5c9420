"""Tried: policies of one AWS account that are meant to keep a worker busy forever:
many `*` and `?` in actions, resources, ARNs and conditions, and documents that are as
long as AWS takes them and full of such patterns.

Refused: no regular expression is made of any of them, and twice as much takes about
twice the steps, in all that reads policies: verification, “Look at AWS”, plans, trust
policies, the policies of keys, and what a role has used. None is read while a
transaction is open.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, product
from typing import Any

import pytest
from django.db import connection

from accounts.models.states import Status
from accounts.runs.actions import plan, verify
from accounts.runs.foreign.evidence import no_longer_passed
from onboarding import bounded_cpu
from onboarding.aws.roles.passed import Passable
from onboarding.resources import risks as risks_of_policies
from onboarding.resources import trusts, wildcards
from onboarding.resources.foreign import Boundary, Foreign, with_removals
from onboarding.resources.kinds import InlinePolicy, KeyGrant, Role
from onboarding.resources.plan import PlannedChange
from onboarding.resources.policy import MANAGED_POLICY_LIMIT, Policy
from onboarding.resources.risks import risks
from onboarding.resources.trusts import assumers
from onboarding.review.as_found import found_roles
from onboarding.review.effective import all_actions, effective, no_longer_allowed
from onboarding.verify import policy_evaluation
from onboarding.verify.keys import may
from onboarding.verify.policy_evaluation import (
    Document,
    RequestContext,
    find_statement,
    keys_looked_at,
    path_to,
)
from onboarding.verify.trust import AssumeRequest, admits
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, carried, member, onboarded, root
from tests.factories import MANAGED_ID, MANAGING_ID, image_key
from tests.growth import expressions_of, steps_of

ROLE = f"arn:aws:iam::{MANAGED_ID}:role/{'a' * 64}"
IDENTITY = f"arn:aws:iam::{MANAGING_ID}:role/{'a' * 64}"
EVERYTHING = Policy.allowing({"Action": "*", "Resource": "*"})
LONGEST_ACTION = max(map(len, chain.from_iterable(all_actions().values())))
MARK = "zqz"
"""What all of the patterns have, and nothing of the project's."""

Statement = dict[str, Any]


def statement(**fields: Any) -> Statement:
    plain = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    return {**plain, **fields}


def policy(*statements: Statement) -> Policy:
    return Policy.of({"Statement": list(statements)})


def looked_at(*statements: Statement) -> list[Any]:
    document = policy(*statements)
    trust = Policy.of({"Statement": [{**EVERYTHING.document["Statement"][0]}]})
    role = Role(account=MANAGED_ID, name="R", trust=trust, boundary="b", owned=False)
    inside = InlinePolicy(
        account=MANAGED_ID, role="R", policy="P", document=document, owned=False
    )
    return list(found_roles([role, inside], (), [Boundary("b", document)]))


def planned(*statements: Statement) -> list[Any]:
    document = policy(*statements)
    one = InlinePolicy(account=MANAGED_ID, role="R", policy="P", document=document)
    theirs = Foreign(one, document)
    changes = with_removals((), [theirs])
    return [theirs.sentence, *map(PlannedChange.of, changes)]


def denied(*statements: Statement) -> list[Any]:
    documents = [Document("P", {"Statement": list(statements)})]
    known = {"aws:principalarn": IDENTITY, "sts:rolesessionname": "a" * 64}
    asked = RequestContext("ec2:RunInstances", ROLE, known)
    return [
        find_statement(documents, "Allow", asked),
        find_statement(documents, "Allow", replace(asked, context={})),
        keys_looked_at(documents, asked.action, asked.resource),
        *(path_to(one, "Action", asked.action) for one in statements),
    ]


def trusted(*statements: Statement) -> list[Any]:
    theirs = [{**one, "Principal": "*"} for one in statements]
    trust = Policy.of({"Statement": theirs})
    who = assumers(trust.document["Statement"])
    return [admits(trust, AssumeRequest(IDENTITY, session_name="a" * 64)), *who]


def of_a_key(*statements: Statement) -> bool:
    grant = KeyGrant(
        account=MANAGED_ID,
        region="us-east-1",
        key_arn=image_key(),
        grantee=ROLE,
        operations=("Decrypt",),
    )
    return may({"Statement": list(statements)}, grant, "kms:CreateGrant")


READERS: dict[str, Callable[..., object]] = {
    "counted": lambda *some: effective([policy(*some)]),
    "within": lambda *some: effective([EVERYTHING], policy(*some)),
    "used": lambda *some: no_longer_allowed(
        {"ec2:RunInstances": datetime.now(UTC)}, [policy(*some)]
    ),
    "looked at": looked_at,
    "planned": planned,
    "risky": lambda *some: list(
        risks(
            InlinePolicy(
                account=MANAGED_ID, role="R", policy="P", document=policy(*some)
            ).key,
            {"document": EVERYTHING.document},
            {"document": policy(*some).document},
        )
    ),
    "denied": denied,
    "trusted": trusted,
    "of a key": of_a_key,
    "passed": lambda *some: no_longer_passed(PASSABLE, [EVERYTHING], [policy(*some)]),
}
PASSABLE = [Passable(f"{ROLE}{n}", f"{n}", ("ec2", "lambda")) for n in range(100)]
SHAPES: dict[str, Callable[[int], str]] = {
    "stars": lambda size: "*" * size,
    "stars and one": lambda size: "*?" * size,
    "letters": lambda size: "*a" * size,
    "letters and one": lambda size: "*a?" * size,
}
PARTS: dict[str, Callable[[str], Statement]] = {
    "Action": lambda one: statement(
        Action=[f"{s}:{one}{MARK}" for s in ("ec2", "s?s")]
    ),
    "NotAction": lambda one: {
        "Effect": "Allow",
        "NotAction": [f"ec2:{one}{MARK}", f"{one}:{MARK}"],
        "Resource": "*",
    },
    "Resource": lambda one: statement(Action="*", Resource=f"arn:aws:iam::{one}{MARK}"),
    "NotResource": lambda one: {
        "Effect": "Allow",
        "Action": "*",
        "NotResource": [f"arn:aws:iam::*:role/{one}{MARK}", f"{one}{MARK}"],
    },
    "StringLike": lambda one: statement(
        Action="*", Condition={"StringLike": {"sts:RoleSessionName": f"{one}{MARK}"}}
    ),
    "ArnLike": lambda one: statement(
        Action="*",
        Condition={"ArnLike": {"aws:PrincipalArn": f"arn:*:iam:*:*:role/{one}{MARK}"}},
    ),
    "ArnNotEquals": lambda one: statement(
        Action="*", Condition={"ArnNotEquals": {"aws:PrincipalArn": f"{one}{MARK}"}}
    ),
}


def test_no_regular_expression_is_made_of_a_pattern() -> None:
    made = {
        (reader, part): expressions_of(partial(READERS[reader], written("*" * 4)))
        for reader, (part, written) in product(READERS, PARTS.items())
    }

    assert {
        key for key, some in made.items() if any(MARK in one for one in some)
    } == set()
    assert any(made.values())


@pytest.mark.parametrize("reader", READERS)
def test_twice_as_long_a_pattern_takes_about_twice_the_steps(reader: str) -> None:
    read = READERS[reader]
    grown = {}
    for part, shape in product(PARTS, SHAPES):
        pattern = PARTS[part], SHAPES[shape]
        read(pattern[0](pattern[1](7)))  # what is kept for the next time isn't counted
        grown[part, shape] = [
            steps_of(partial(read, pattern[0](pattern[1](size)))) for size in (14, 28)
        ]

    assert {k: steps for k, steps in grown.items() if steps[1] > 2.2 * steps[0]} == {}


@pytest.mark.parametrize("reader", READERS)
def test_each_reader_asks_whether_it_may_go_on(
    reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = PARTS["Action"]("*"), PARTS["StringLike"]("*")
    READERS[reader](*some)
    monkeypatch.setattr(bounded_cpu, "MOST", 0.0)

    with bounded_cpu.cpu_bounded(), pytest.raises(bounded_cpu.TooMuchCpu):
        READERS[reader](*some)


def many(size: int, start: str, between: str = "") -> list[str]:
    """Make different names or patterns, as many as take these characters."""
    found: list[str] = []
    for letters in product("aeinorst", repeat=4):
        found.append(start + between.join(letters))
        if (size := size - len(found[-1]) - len('"",')) < 0:
            break
    return found


DOCUMENTS: dict[str, Callable[[int], list[Statement]]] = {
    "patterns of actions": lambda size: [statement(Action=many(size, "*", "*"))],
    "denied actions": lambda size: [
        statement(Action="*"),
        statement(Effect="Deny", Action=many(size, "*?", "?*")),
    ],
    "statements": lambda size: [
        {"Effect": "Allow", "NotAction": one, "Resource": "*"}
        for one in many(size // 6, "*", "*")
    ],
    "new actions and patterns of them": lambda size: [
        statement(Action=[*many(size // 2, "new:"), *many(size // 2, "*", "*")])
    ],
    "resources": lambda size: [
        statement(Action="*", Resource=many(size, "arn:aws:iam::*", "*"))
    ],
    "actions on resources": lambda size: [
        statement(
            Action=many(size // 2, "iam:*", "*"),
            Resource=many(size // 2, "arn:aws:iam::*", "*"),
        )
    ],
    "values": lambda size: [
        statement(
            Action="*",
            Condition={"StringLike": {"aws:PrincipalArn": many(size, "*", "*")}},
        )
    ],
}
"""Of about as many characters as is asked."""
MOST_STEPS = 8 * (LONGEST_ACTION + 1) * MANAGED_POLICY_LIMIT
"""Each character of a policy and of a boundary at each place of an action, however many
actions there are."""


@pytest.mark.parametrize("reader", READERS)
def test_twice_as_long_a_document_takes_about_twice_the_steps(reader: str) -> None:
    grown = {}
    for kind, document in DOCUMENTS.items():
        some, all_ = document(2_950), document(5_900)
        assert policy(*all_).size <= MANAGED_POLICY_LIMIT
        READERS[reader](*document(300))  # what is kept for the next time isn't counted
        grown[kind] = [steps_of(partial(READERS[reader], *one)) for one in (some, all_)]

    assert {
        kind: steps
        for kind, steps in grown.items()
        if steps[1] > min(2.5 * steps[0], MOST_STEPS)
    } == {}


@pytest.mark.smoke
@pytest.mark.django_db(transaction=True)
def test_no_policy_is_read_while_a_transaction_is_open(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the run: no lease of its worker's is extended until it ends."""
    account = member()
    onboarded(account)
    asked = Counter[tuple[bool, str]]()

    def note() -> None:
        reader = sys._getframe(1).f_code
        asked[connection.in_atomic_block, reader.co_qualname] += 1

    for module in (policy_evaluation, risks_of_policies, trusts, wildcards):
        monkeypatch.setattr(module, "go_on", note)
    root(here, DEV, "iam").put_role_policy(
        RoleName="spinnakerManaged",
        PolicyName="Theirs",
        PolicyDocument=policy(statement(Action="iam:*")).text,
    )

    verified = carried(verify(account, None))
    again = carried(plan(account, None, alone=True))

    assert (verified.status, again.status) == (Status.FAILED, Status.PLANNED)
    assert {reader for is_open, reader in asked if is_open} == set()
    assert len(asked) > 2
