"""Every write asks first, and nobody's version of a policy is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.kinds.policy_versions import WrittenMeanwhile
from onboarding.aws.observe import observe
from onboarding.aws.session import Sessions
from onboarding.resources.kinds import MANAGED_PATH, ManagedPolicy
from onboarding.resources.plan import Create, Delete, Update, diff
from onboarding.resources.policy import Policy
from tests.onboarding.aws.field import Field
from tests.onboarding.aws.wanted import everything

READS = ("Get", "List", "Describe", "AssumeRole")


def allowing(*actions: str) -> Policy:
    return Policy.allowing({"Action": list(actions), "Resource": "*"})


def policy(field: Field, *actions: str) -> ManagedPolicy:
    return ManagedPolicy(
        account=field.managed_id,
        name="Shared",
        path=MANAGED_PATH,
        document=allowing(*actions),
    )


@pytest.fixture
def standing(field: Field) -> ManagedPolicy:
    """Give a policy that exists and allows one action."""
    made = policy(field, "s3:GetObject")
    apply(field.sessions(), field.reach, Create(made), backoff_seconds=0)
    return made


def somebody_writes(field: Field, document: Policy) -> None:
    arn = f"arn:aws:iam::{field.managed_id}:policy{MANAGED_PATH}Shared"
    field.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document.text, SetAsDefault=True
    )


def in_force(field: Field) -> Policy:
    (found,) = observe(field.sessions(), field.reach, (policy(field, "any:Thing"),))
    assert isinstance(found, ManagedPolicy)
    return found.document


def around_the_write(field: Field, event: str, act: Callable[[], None]) -> Sessions:
    """Let something happen, once, before or after our version is written."""
    sessions = field.sessions()
    left = [act]

    def once(**_: Any) -> None:
        while left:
            left.pop()()

    iam = sessions.client(field.reach, "iam")
    iam.meta.events.register(f"{event}.iam.CreatePolicyVersion", once)
    return sessions


def test_a_version_that_somebody_wrote_meanwhile_is_in_force_again(
    field: Field, standing: ManagedPolicy
) -> None:
    theirs = allowing("s3:PutObject")
    sessions = around_the_write(
        field, "before-send", lambda: somebody_writes(field, theirs)
    )
    ours = Update(standing, policy(field, "s3:DeleteObject"))

    with pytest.raises(WrittenMeanwhile, match=r"someone else .* Theirs is in effect"):
        apply(sessions, field.reach, ours)

    assert in_force(field) == theirs


def test_one_of_ours_whose_answer_was_lost_is_no_stranger(
    field: Field, standing: ManagedPolicy
) -> None:
    wanted = policy(field, "s3:DeleteObject")
    sessions = around_the_write(
        field, "before-send", lambda: somebody_writes(field, wanted.document)
    )

    apply(sessions, field.reach, Update(standing, wanted))

    assert in_force(field) == wanted.document


def test_a_number_that_is_missing_is_no_stranger(
    field: Field, standing: ManagedPolicy
) -> None:
    wanted = policy(field, "s3:DeleteObject")

    def somebody_writes_and_takes_back() -> None:
        arn = f"arn:aws:iam::{field.managed_id}:policy{MANAGED_PATH}Shared"
        field.iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=allowing("s3:PutObject").text
        )
        field.iam.delete_policy_version(PolicyArn=arn, VersionId="v2")

    sessions = around_the_write(field, "before-send", somebody_writes_and_takes_back)

    apply(sessions, field.reach, Update(standing, wanted))

    assert in_force(field) == wanted.document


def test_a_version_that_came_after_ours_stays_in_force(
    field: Field, standing: ManagedPolicy
) -> None:
    latest = allowing("s3:ListBucket")
    sessions = around_the_write(
        field, "before-send", lambda: somebody_writes(field, allowing("s3:PutObject"))
    )
    iam = sessions.client(field.reach, "iam")
    iam.meta.events.register(
        "after-call.iam.CreatePolicyVersion",
        lambda **_: somebody_writes(field, latest),
    )

    with pytest.raises(WrittenMeanwhile):
        apply(sessions, field.reach, Update(standing, policy(field, "s3:DeleteObject")))

    assert in_force(field) == latest


@pytest.mark.usefixtures("cluster")
def test_every_single_write_asks_first(field: Field) -> None:
    sessions = field.sessions()
    heard: list[str] = []

    def sent(event_name: str, **_: Any) -> None:
        operation = event_name.rsplit(".", 1)[-1]
        if not operation.startswith(READS):
            heard.append(operation)

    build = sessions._build

    def heard_client(*args: Any) -> Any:
        client = build(*args)
        client.meta.events.register("before-send", sent)
        return client

    sessions._build = heard_client  # type: ignore[method-assign]
    wanted = everything(field)
    made = diff(wanted, observe(sessions, field.reach, wanted))
    changed = [
        Update(one, replace(one, document=allowing("s3:PutObject")))
        for one in wanted
        if isinstance(one, ManagedPolicy)
    ]
    kinds = {type(change.resource): change.resource for change in made}

    for change in [*made, *changed, *map(Delete, reversed(kinds.values()))]:
        if change.resource.kind == "service-linked role" and change.verb == "delete":
            continue
        apply(
            sessions,
            field.reach,
            change,
            before_write=lambda: heard.append("asked"),
            backoff_seconds=0,
        )

    assert heard[::2] == ["asked"] * (len(heard) // 2)
    assert "asked" not in heard[1::2]
    assert len({*heard}) > 20
