"""What is said of the roles that Spinnaker may pass, by what was read of them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.runs.foreign import evidence
from accounts.runs.foreign.evidence import passing_in
from accounts.runs.scope import Side
from onboarding.aws.roles.passed import Passed, PassedRoles
from onboarding.aws.session import Sessions
from onboarding.checks import Outcome
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Attachment, InlinePolicy
from onboarding.resources.policy import Policy
from onboarding.topology import Reach
from onboarding.verify.result import Result

pytestmark = pytest.mark.django_db

ACCOUNT = "9" * 12
PATHS = ("/spinnaker-ec2/*",)
PASSES = InlinePolicy(
    account=ACCOUNT,
    role="spinnakerManaged",
    policy="BowlinePassRole",
    document=Policy.allowing(
        {
            "Action": "iam:PassRole",
            "Resource": f"arn:aws:iam::{ACCOUNT}:role/spinnaker-ec2/*",
        }
    ),
)
EC2 = Policy.allowing(
    {"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
)
ANYBODY = Policy.allowing({"Principal": "*", "Action": "sts:AssumeRole"})
ALL = Policy.allowing({"Action": "*", "Resource": "*"})
LITTLE = Policy.allowing({"Action": "s3:GetObject", "Resource": "*"})


def held(document: Policy | None) -> Foreign:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/theirs"
    one = Attachment(account=ACCOUNT, holder="web", policy_arn=arn, owned=False)
    return Foreign(one, document, removable=False)


def role(*documents: Policy | None, trust: Policy = EC2, name: str = "web") -> Passed:
    return Passed(name, "/spinnaker-ec2/", trust, tuple(map(held, documents)))


def judged(
    monkeypatch: pytest.MonkeyPatch, found: PassedRoles, **fields: Any
) -> Result:
    monkeypatch.setattr(evidence, "passed_roles", lambda *_: found)
    reach = Reach(ACCOUNT)
    side = Side("dev", "dev", reach, (PASSES,), **fields)
    one = passing_in(side, Sessions("test"))
    assert one
    return one.result


@pytest.mark.parametrize(
    ("found", "outcome", "said"),
    [
        (PassedRoles(PATHS), Outcome.PASSED, "There is none of /spinnaker-ec2/*."),
        (PassedRoles(PATHS, (role(LITTLE),)), Outcome.PASSED, "Read: web."),
        (
            PassedRoles(PATHS, (role(ALL),)),
            Outcome.FAILED,
            "theirs is attached to role web. Allows every action on every resource.",
        ),
        (
            PassedRoles(PATHS, (role(trust=ANYBODY),)),
            Outcome.FAILED,
            "role web: Anybody in AWS can assume it.",
        ),
        (
            PassedRoles(PATHS, (role(),), (role(trust=ANYBODY, name="x"),)),
            Outcome.FAILED,
            "role x: Anybody in AWS can assume it. "
            "The policies of 1 role weren't read, after those of 1 role.",
        ),
        (
            PassedRoles(PATHS, (role(),), (role(name="x"),), is_more=True),
            Outcome.NOT_TESTABLE,
            "The policies of at least 1 role weren't read, after those of 1 role.",
        ),
        (
            PassedRoles(PATHS, unread="AWS denied it."),
            Outcome.NOT_TESTABLE,
            "Not tried: AWS denied it.",
        ),
        (
            PassedRoles(PATHS, (role(ALL),), unread="AWS denied it."),
            Outcome.FAILED,
            "theirs is attached to role web. Allows every action on every resource. "
            "Not tried: AWS denied it.",
        ),
        (
            PassedRoles(PATHS, (role(None),)),
            Outcome.NOT_TESTABLE,
            "Not tried: theirs is attached to role web. Bowline isn't allowed to read "
            "its permissions (iam:GetPolicy, iam:GetPolicyVersion).",
        ),
    ],
)
def test_it_is_no_pass_where_something_is_wrong_or_unread(
    monkeypatch: pytest.MonkeyPatch, found: PassedRoles, outcome: Outcome, said: str
) -> None:
    result = judged(monkeypatch, found)

    assert (result.outcome, result.sentence) == (outcome, said)


@pytest.mark.parametrize(
    ("one", "outcome"),
    [(role(ALL), Outcome.NOT_TESTABLE), (role(trust=ANYBODY), Outcome.FAILED)],
)
def test_in_an_account_of_before_only_one_that_is_open_fails(
    monkeypatch: pytest.MonkeyPatch, one: Passed, outcome: Outcome
) -> None:
    found = PassedRoles(PATHS, (one,))

    assert judged(monkeypatch, found, adopts=True).outcome is outcome


def test_an_account_that_could_not_be_read_is_not_tried() -> None:
    side = Side("dev", "dev", Reach(ACCOUNT), (PASSES,))

    one = passing_in(side, Sessions("test"), "Nobody may.")

    assert one
    assert one.result.outcome is Outcome.NOT_TESTABLE
    assert one.result.sentence == "Not tried: Nobody may."
    assert not one.kept.is_whole
