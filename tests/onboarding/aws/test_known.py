"""What one stage of a run leaves to the next, and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.known import WHOLE, Documents, HandedOn, Known, Version
from onboarding.aws.observe import observe
from onboarding.checks import Call
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    InstanceProfile,
    Key,
    ManagedPolicy,
    OwnerTag,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Create, Update
from onboarding.resources.policy import Policy
from onboarding.topology import Reach
from tests.onboarding.aws.field import Field
from tests.onboarding.aws.wanted import everything, reading

REACH = Reach("220000000004")
ROLE = Role(account="220000000004", name="Made", trust=Policy.allowing())
OTHER = replace(ROLE, name="Other")


def test_documents_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onboarding.aws.known.MOST_VERSIONS", Documents.MOST)
    documents, document = Documents(), reading("ec2:DescribeRegions")
    for number in range(Documents.MOST + 1):
        documents.keep(Version("P", f"v{number}"), document, f"arn{number}")

    last = Documents.MOST
    assert documents.get(Version("P", "v0"), "arn0") is None
    assert documents.lately("arn0") is None
    assert documents.lately(f"arn{last}") == document
    assert documents.get(Version("P", f"v{last}"), f"arn{last}") == document


def test_a_version_is_read_once_in_a_process_and_is_in_force_for_one_run_only() -> None:
    document, version = reading("ec2:DescribeRegions"), Version("P", "v1")

    Documents().keep(version, document, "arn")

    another_run = Documents()
    assert another_run.get(version, "arn") == document
    assert another_run.get(version, "arn of another account") is None
    assert another_run.get(Version("P", "v2"), "arn") is None
    assert another_run.lately("arn") is None


def test_what_is_handed_on_is_taken_once_and_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed_on, known = HandedOn(), Known((ROLE,))
    handed_on.keep(REACH, [ROLE], known)
    taken = [handed_on.take(REACH, [ROLE]) for _ in range(2)]
    monkeypatch.setattr("onboarding.aws.known.HANDED_ON_FOR", 0.0)
    handed_on.keep(REACH, [ROLE], known)

    assert taken == [known, None]
    assert handed_on.take(REACH, [ROLE]) is None


def test_an_answer_is_kept_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    handed_on, call = HandedOn(), Call("iam", "get_instance_profile")
    monkeypatch.setattr("onboarding.aws.known.HANDED_ON_FOR", 0.0)

    handed_on.answer(REACH.account_id, call, {})

    assert handed_on.answered(REACH.account_id, call) is None


def test_only_what_aws_answered_is_known_of_what_was_changed() -> None:
    policy = ManagedPolicy(
        account=ROLE.account, name="Policy", path="/", document=Policy.allowing()
    )
    handed_on, as_made = HandedOn(), replace(policy, path="/as-aws-made-it/")
    handed_on.create(as_made)
    changes = (Create(policy), Update(OTHER, replace(OTHER, path="/other/")))

    known = handed_on.after([OTHER], changes)

    assert known.resources == (as_made,)
    assert [resource.name for resource in known.unsure] == ["Other"]


def test_a_role_is_read_again_though_aws_answered_how_it_made_it() -> None:
    """Somebody may let others in before it is verified."""
    handed_on = HandedOn()
    handed_on.create(ROLE)

    known = handed_on.after([], [Create(ROLE)])

    assert known == Known((), (ROLE,))


def test_a_profile_is_read_again_once_its_tag_changed() -> None:
    profile = InstanceProfile(account=ROLE.account, name="Made", role="Made")
    other, tag = replace(profile, name="Other"), OwnerTag.on(profile, "")

    known = HandedOn().after([profile, other], [Create(tag)])

    assert known.resources == (other,)
    assert {one.key for one in known.unsure} == {profile.key, tag.key}


def test_a_role_that_nothing_was_to_change_is_read_again() -> None:
    """Somebody may let others in while the rest of the plan is carried out."""
    known = HandedOn().after([ROLE, OTHER], [Update(OTHER, replace(OTHER, path="/o/"))])

    assert known.resources == ()
    assert {one.key for one in known.unsure} == {ROLE.key, OTHER.key}


def test_what_was_created_before_is_forgotten_when_it_is_changed_again() -> None:
    handed_on, linked = HandedOn(), ServiceLinkedRole(account="1" * 12, name="a")
    handed_on.create(linked)

    handed_on.write(linked.key)

    assert handed_on.after([], [Create(linked)]).resources == ()


@pytest.mark.parametrize("changed", range(10))
def test_what_was_changed_and_its_lists_are_read_and_the_rest_is_known(
    field: Field, changed: int
) -> None:
    """Nothing of it exists: what is known stays, and what is read is gone."""
    wanted = everything(field)
    one = wanted[changed % len(wanted)]
    known = Known(tuple(r for r in wanted if r is not one), (one,))

    left = observe(field.sessions(), field.reach, wanted, known)

    gone = {resource.kind for resource in wanted if resource not in left}
    assert one not in left
    assert gone <= {one.kind, "attachment", "inline policy"}


def test_an_answer_is_kept_for_the_check_that_asks_the_same(field: Field) -> None:
    field.iam.create_instance_profile(InstanceProfileName="Made")
    profile = InstanceProfile(account=field.managed_id, name="Made", role="Made")
    sessions = field.sessions()

    observe(sessions, field.reach, [profile])

    (call,) = [call for _, call in sessions.handed_on._answers]
    answer = sessions.handed_on.answered(field.managed_id, call)
    assert answer["InstanceProfile"]["InstanceProfileName"] == "Made"
    assert sessions.handed_on.answered("another", call) is None


def listed_together(account: str, name: str) -> tuple[Resource, ...]:
    """Things that AWS lists next to others of their kind, one of each kind."""
    document, arn = reading("ec2:DescribeRegions"), f"arn:aws:iam::aws:policy/{name}"
    return (
        ManagedPolicy(
            account=account, name=name, path="/bowline/managed/", document=document
        ),
        Attachment(account=account, holder="Holder", policy_arn=arn),
        Attachment(account=account, holder="holder", policy_arn=arn, to_user=True),
        InlinePolicy(account=account, role="Holder", policy=name, document=document),
        ServiceLinkedRole(account=account, name=f"{name}.amazonaws.com"),
    )


@pytest.mark.parametrize("place", range(5))
def test_what_is_gone_from_a_list_that_is_read_is_not_known(
    field: Field, place: int
) -> None:
    kept, changed = (
        listed_together(field.managed_id, name)[place] for name in ("Kept", "Changed")
    )

    found = observe(
        field.sessions(), field.reach, [kept, changed], Known((kept,), (changed,))
    )

    assert found == ()


def test_what_was_created_is_read_once_it_was_changed(field: Field) -> None:
    created = replace(ROLE, account=field.managed_id)
    change = Update(created, replace(created, trust=reading("sts:AssumeRole")))
    sessions = field.sessions()
    sessions.handed_on.create(created)

    with pytest.raises(AwsError):
        apply(sessions, field.reach, change, backoff_seconds=0)

    assert sessions.handed_on.after([], [change]).resources == ()


def test_all_roles_are_read_again_once_one_is_written() -> None:
    known = HandedOn()
    for account in ("1" * 12, "2" * 12):
        known.answer(account, WHOLE, account)

    known.write(Key("1" * 12, Role.kind, "web"))

    found = [known.answered(account, WHOLE) for account in ("1" * 12, "2" * 12)]
    assert found == [None, "2" * 12]
