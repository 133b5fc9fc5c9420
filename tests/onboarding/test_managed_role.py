"""The managed role of an account that has one of its own, wherever it is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.access_role import AccessRole
from onboarding.checks import Outcome
from onboarding.delivery.bodies import bodies, problems
from onboarding.desired import desired
from onboarding.desired.capacity import (
    assume_policy_names,
    capacity,
    listed_up_to,
    most_listed,
    most_policies,
)
from onboarding.details import DetailsError
from onboarding.handoff.hand_off import hand_off
from onboarding.resources.kinds import ManagedPolicy, Role
from onboarding.resources.policy import MANAGED_POLICY_LIMIT, QuotaExceeded, as_list
from onboarding.review.permissions import managed_review, other_roles
from onboarding.review.trust_chain import trust_chain
from onboarding.spinnaker.entries import entries
from onboarding.topology import ExistingIdentity, Managed, Topology
from onboarding.verify.role_assumption import identity_session_policy
from onboarding.verify.verification import opens
from tests.bundles import eks, files_of
from tests.factories import managed, managing, provider, side_of, topology
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.verified import Verified, denying, outcomes

OWN, USUAL = "spinnaker/deploy", "spinnakerManaged"
ARN = f"arn:aws:iam::922222222222:role/{OWN}"
ORGANIZATION = "o-a1b2c3d4e5"


def with_own(**fields: Any) -> Managed:
    """Make an account with every provider, and with a role of its own."""
    chosen = (
        provider("ec2", access="power-user"),
        provider("ecs", execution_role="", tasks_as_managed_role=True),
        provider("lambda"),
        eks(),
    )
    return managed(*chosen, **{"managed_role": OWN, **fields})


def lists(*accounts: Managed, **fields: Any) -> dict[str, list[str]]:
    """Return the roles of each policy of the identity's list."""
    return {
        one.name: as_list(statement["Resource"])
        for one in side_of(topology(*accounts, **fields))
        if isinstance(one, ManagedPolicy) and "AssumeManaged" in one.name
        for statement in one.document.document["Statement"]
    }


@pytest.mark.parametrize(
    ("own", "name", "path"),
    [
        ("", USUAL, "/"),
        ("deploy", "deploy", "/"),
        (OWN, "deploy", "/spinnaker/"),
        ("a/b/a", "a", "/a/b/"),
    ],
)
def test_a_role_has_a_name_and_a_path(own: str, name: str, path: str) -> None:
    role = managing(partition="aws-cn").role_of(managed(managed_role=own))

    assert (role.name, role.path) == (name, path)
    assert role.arn == f"arn:aws-cn:iam::922222222222:role{path}{name}"


def test_nothing_in_the_account_has_the_usual_name() -> None:
    own = with_own()

    resources = desired(topology(own), own)

    roles = {one.name: one.path for one in resources if isinstance(one, Role)}
    assert roles["deploy"] == "/spinnaker/"
    assert f"role{'/' + OWN}" in repr(resources)
    assert USUAL not in repr(resources)


def test_the_identity_lists_it_by_its_own_name() -> None:
    usual = managed(provider("ec2"), account_id="1" * 12)

    assert lists(usual, with_own()) == {
        "BowlineAssumeManaged": [f"arn:aws:iam::{'1' * 12}:role/{USUAL}", ARN]
    }


def test_an_organizations_pattern_is_joined_by_those_that_are_called_otherwise() -> (
    None
):
    usual = managed(provider("ec2"), account_id="1" * 12)
    same = with_own(account_id="3" * 12, managed_role=USUAL)

    assert lists(usual, same, with_own(), organization=ORGANIZATION) == {
        "BowlineAssumeManaged": [f"arn:aws:iam::*:role/{USUAL}"],
        "BowlineAssumeManaged-2": [ARN],
    }


def test_roles_of_any_length_are_cut_in_their_order() -> None:
    many = [
        with_own(
            name=f"a{number}",
            account_id=f"{number:012}",
            managed_role="/".join(["x" * (1 + number % 60), "y" * 30]),
        )
        for number in range(200)
    ]

    cut = lists(*many)

    assert [arn for some in cut.values() for arn in some] == [
        managing().role_of(one).arn for one in many
    ]
    assert len(cut) > 1
    for one in side_of(topology(*many)):
        assert not isinstance(one, ManagedPolicy) or (
            one.document.size <= MANAGED_POLICY_LIMIT
        )


def test_more_roles_than_an_identity_holds_are_refused() -> None:
    many = [
        with_own(name=f"a{n}", account_id=f"{n:012}", managed_role=f"{'x' * 400}/y")
        for n in range(120)
    ]

    with pytest.raises(QuotaExceeded, match="120 listed accounts"):
        lists(*many)
    with pytest.raises(QuotaExceeded, match="120 listed accounts"):
        lists(*many, organization=ORGANIZATION)


def with_paths(count: int, length: int) -> list[Managed]:
    return [
        with_own(name=f"a{n}", account_id=f"{n:012}", managed_role=f"{'x' * length}/y")
        for n in range(count)
    ]


def test_longer_roles_leave_room_for_fewer() -> None:
    owner = managing()
    long = topology(*with_paths(60, 400)).assumed

    assert most_listed(owner) == 1080
    assert most_listed(owner, long[:1]) == 1080 - 9 + 1
    assert 60 < most_listed(owner, long) < 1080
    assert capacity(owner, long, assumed=60).most == most_listed(owner, long)


@pytest.mark.parametrize("length", [1, 30, 400])
def test_what_fits_is_what_an_identity_can_hold(length: int) -> None:
    many = with_paths(1700, length)
    most = most_listed(managing(), topology(*many).assumed)

    assert len(lists(*many[:most])) == most_policies(managing())
    with pytest.raises(QuotaExceeded, match=f"; {most:,} do"):
        lists(*many[: most + 1])


@pytest.mark.parametrize("count", [1, 13, 14, 60])
def test_the_policies_of_longer_roles_are_known(count: int) -> None:
    whole = topology(*with_paths(count, 400))

    names = [*assume_policy_names(whole.assumed)]
    assert names == [*lists(*whole.managed)]
    assert listed_up_to(whole.managing, names[-1], whole.assumed) >= count


def test_every_way_to_spinnaker_names_it() -> None:
    whole = topology(with_own())

    files = files_of(whole)
    sent = bodies(entries(whole))

    named = [path for path, text in files.items() if f"role/{OWN}" in text]
    assert {path.partition("/")[0] for path in named} >= {
        "hal",
        "kustomize",
        "operator",
        "verify.sh",
    }
    assert f"account staging 922222222222 {ARN} " in files["verify.sh"]
    assert sent[0].document["assumeRole"] == f"role/{OWN}"
    assert list(problems(sent)) == []


def test_in_another_partition_it_is_named_by_its_arn() -> None:
    china = topology(
        managed(provider("ec2"), managed_role=OWN, regions=("cn-north-1",)),
        partition="aws-cn",
    )
    arn = ARN.replace("arn:aws:", "arn:aws-cn:")

    assert bodies(entries(china))[0].document["assumeRole"] == arn
    assert f"account staging 922222222222 {arn} " in files_of(china)["verify.sh"]


def test_a_hand_off_creates_it_at_its_path() -> None:
    handed = hand_off(managing(), with_own(made_by="owner"), reader=False)

    (template,) = [one for one in handed.stacks if one.region == "us-east-1"][:1]
    files = {one.path: one.text for one in handed.files()}
    assert 'Path: "/spinnaker/"' in template.template.text
    assert '"path": "/spinnaker/"' in files["terraform/iam/main.tf.json"]


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("ec2", "roles_path"),
        ("ec2", "stack_roles_path"),
        ("ecs", "roles_path"),
        ("lambda", "function_roles_path"),
    ],
)
def test_it_is_never_among_the_roles_that_are_passed(key: str, field: str) -> None:
    passing = provider(key, **{field: "/spinnaker/"})

    with pytest.raises(DetailsError, match="run code as Spinnaker") as error:
        passing.suit(managed(passing, managed_role="spinnaker/of/all"))

    assert error.value.field == field
    passing.suit(managed(passing, managed_role="spinnaker-2/deploy"))
    passing.suit(managed(passing))


@pytest.mark.parametrize("role", ["BaseIAMRole", "x/baseiamrole", "x/y"])
def test_a_name_of_another_role_clashes_at_any_path(role: str) -> None:
    core = managing(identity=ExistingIdentity("arn:aws:iam::911111111111:role/z/Y"))

    assert "names both the managed role and" in core.clash_with(role)
    assert core.clash_with(OWN) == ""


def test_the_review_shows_it() -> None:
    whole = topology(with_own(), organization=ORGANIZATION)
    core, own = whole.managing, whole.managed[0]

    chain = trust_chain(core, own, managed_review(core, own))
    others = other_roles(core, own, desired(whole, own))

    assert chain.role is not None
    assert chain.role.name == OWN
    assert chain.assumes[0].arn == ARN
    assert "Its own policy names this role." in chain.assumes[0].sentence
    assert all("deploy" not in one.arn for one in others)


def test_bowlines_access_role_may_change_it() -> None:
    role = AccessRole(managing(), "arn:aws:iam::911111111111:user/b", "Access", OWN)

    text = json.dumps(role.statements)

    assert f":role/{OWN}" in text
    assert USUAL not in text


def test_the_verifying_session_may_assume_it() -> None:
    usual = identity_session_policy(managing(), (), managed())

    assert ARN in identity_session_policy(managing(), (), with_own())
    assert usual == identity_session_policy(managing(), ())


def test_it_is_created_and_assumed_at_its_path(field: Field) -> None:
    verified = Verified(
        field, field.managing(), field.managed(managed_role=OWN)
    ).stand()

    found = outcomes(verified.results())

    assert set(found.values()) == {"passed"}
    role = field.iam.get_role(RoleName="deploy")["Role"]
    assert role["Path"] == "/spinnaker/"


def test_what_denies_it_a_read_is_found_in_it(field: Field) -> None:
    made = Verified(field, field.managing(), field.managed(managed_role=OWN)).stand()
    field.iam.put_role_policy(
        RoleName="deploy", PolicyName="Theirs", PolicyDocument=denying("ec2:Describe*")
    )

    result = made.found("List zones")

    assert result.outcome is Outcome.FAILED
    assert "Theirs" in result.sentence
    assert "role deploy" in result.sentence + result.fix


def test_a_look_at_what_an_owner_created_assumes_it(field: Field) -> None:
    made = Verified(field, field.managing(), field.managed(managed_role=OWN)).stand()

    assert opens(field.sessions(), made.managing, made.managed)
    assert not opens(
        field.sessions(), made.managing, field.managed(managed_role="elsewhere")
    )


def test_only_another_path_than_its_own_is_another_path(field: Field) -> None:
    verified = Verified(field, field.managing(), field.managed(managed_role=OWN))
    whole = Topology(verified.managing, (verified.managed,))
    field.bring_about(field.own, tuple(side_of(whole)))
    trusted = trusting("933333333333")
    field.iam.create_role(
        RoleName="deploy", Path="/other/", AssumeRolePolicyDocument=trusted
    )

    result = verified.found("Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert "role/other/deploy" in result.sentence.partition("another path: ")[2]
    assert f"role/{OWN}: enter the path in the account's" in result.fix
