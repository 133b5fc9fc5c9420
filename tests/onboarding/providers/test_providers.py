"""Rules that hold for every provider."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.desired.managed import checks, grants, managed_side
from onboarding.details import DetailsError
from onboarding.partitions import PARTITIONS
from onboarding.providers import PROVIDERS
from onboarding.providers.caching import CACHING_READS
from onboarding.providers.entry_kinds import AwsEntry
from onboarding.resources.policy import as_list
from tests.factories import MANAGING_ID, managed, managing, provider

ROOT = Path(__file__).parents[3]
every_provider = pytest.mark.parametrize("key", PROVIDERS)
on_aws_entries = pytest.mark.parametrize("key", ["ec2", "ecs", "lambda"])

access = st.sampled_from(["deploy", "read", "power-user"])
paths = st.sampled_from(["/spinnaker/", "/teams/web/roles/", f"/{'p' * 500}/"])
no_path_or = st.one_of(st.just(""), paths)
keys = st.integers(0, 20).map(lambda n: [f"mrk-{i:032}" for i in range(n)])
buckets = st.integers(0, 40).map(lambda n: [f"bucket-{i:02}" for i in range(n)])
more_roles = st.integers(0, 20).map(lambda n: [f"/teams/{i}" for i in range(n)])
details = {
    "ec2": st.fixed_dictionaries(
        {
            "access": access,
            "launch_templates": st.booleans(),
            "launch_configurations": st.booleans(),
            "load_balancers": st.booleans(),
            "roles_path": paths,
            "more_roles": more_roles,
            "owns_images": st.booleans(),
            "stack_roles_path": no_path_or,
        }
    ),
    "ecs": st.fixed_dictionaries(
        {
            "access": access,
            "execution_role": st.sampled_from(["", "task", "x" * 64]),
            "roles_path": paths,
            "more_roles": more_roles,
            "tasks_as_managed_role": st.booleans(),
        }
    ),
    "eks": st.fixed_dictionaries(
        {
            "clusters": st.lists(
                st.fixed_dictionaries(
                    {
                        "name": st.from_regex(
                            r"[A-Za-z0-9_]{0,5}x", fullmatch=True
                        ).map(lambda name: f"c{name}"),
                        "region": st.sampled_from(["us-east-1", "us-west-2"]),
                        "namespaces": st.sampled_from([[], ["web"], ["web", "jobs"]]),
                        "rights": st.sampled_from(["view", "edit", "admin"]),
                        "access": st.sampled_from(["entry", "aws-auth"]),
                    }
                ),
                min_size=1,
                max_size=5,
                unique_by=lambda c: (c["name"], c["region"]),
            )
        }
    ),
    "lambda": st.fixed_dictionaries(
        {
            "access": access,
            "function_roles_path": paths,
            "more_roles": more_roles,
            "code_buckets": buckets,
            "kms_keys": keys,
        }
    ),
}
choices = st.fixed_dictionaries({}, optional=details)
managing_accounts = st.builds(
    managing,
    partition=st.sampled_from(sorted(PARTITIONS)),
    bakes=st.booleans(),
    ami_owner=st.sampled_from(["", "staging", "other"]),
    base_role=st.sampled_from(["BaseIAMRole", "b" * 64]),
    managed_role=st.sampled_from(["spinnakerManaged", "m" * 64]),
)


def account(chosen, **fields):
    return managed(
        *(provider(k, **chosen[k]) for k in PROVIDERS if k in chosen), **fields
    )


def granted(managing_account, managed_account):
    by_title = grants(managing_account, managed_account)
    return {a for some in by_title.values() for grant in some for a in grant.actions}


@every_provider
def test_details_survive_the_way_to_json_and_back(key):
    one = provider(key)

    assert PROVIDERS[key].from_details(json.loads(json.dumps(one.details))) == one


@every_provider
def test_an_unknown_detail_is_refused_with_the_known_ones(key):
    with pytest.raises(
        DetailsError, match="has no detail “colour”; it knows "
    ) as error:
        provider(key, colour="red")

    assert error.value.field == "colour"


@every_provider
def test_a_detail_of_the_wrong_type_is_refused(key):
    for name in provider(key).details:
        with pytest.raises(DetailsError, match="must be") as error:
            provider(key, **{name: 7})

        assert error.value.field == name


@every_provider
def test_a_provider_knows_whether_it_rides_on_an_aws_entry(key):
    entries = provider(key).entries(managing(), managed(provider(key)))

    rides = any(isinstance(entry, AwsEntry) for entry in entries)
    assert rides is PROVIDERS[key].needs_aws_entry


@every_provider
def test_a_provider_takes_the_names_that_its_entries_have(key):
    staging = managed(provider(key))

    entries = provider(key).entries(managing(), staging)

    assert {e.name for e in entries} - {staging.name} == set(
        provider(key).names(staging)
    )


@on_aws_entries
def test_read_access_grants_reads_only(key):
    writes = provider(key, access="read").grants(managing(), managed())

    assert {str(grant.access) for grant in writes} == {"read"}


@given(choices, managing_accounts, st.booleans())
def test_pass_role_names_a_service_and_the_managed_role_only_where_it_is_lent(
    chosen, managing_account, adopts
):
    staging = account(chosen, adopts=adopts)
    role = managing_account.managed_role_arn(staging.account_id)

    for some in grants(managing_account, staging).values():
        for grant in some:
            if "iam:PassRole" in grant.actions:
                assert "iam:PassedToService" in grant.condition["StringEquals"]
                lends = grant.sid == "PassToEcsTasksItself"
                matches = [r for r in grant.resources if fnmatchcase(role, r)]
                assert matches == ([role] if lends else [])


@given(choices, managing_accounts)
def test_statement_ids_are_unique_in_a_document(chosen, managing_account):
    for resource in managed_side(managing_account, account(chosen)):
        document = getattr(resource, "document", None)
        if document:
            ids = [statement["Sid"] for statement in document.document["Statement"]]
            assert len(ids) == len(set(ids))


@given(choices, managing_accounts)
def test_writes_are_limited_to_the_account_wherever_aws_allows_it(
    chosen, managing_account
):
    unlimited = {
        "ec2:RunInstances",  # it spans images, subnets and key pairs of others
        "ecs:DeregisterTaskDefinition",  # AWS accepts no resource
        "ecr:GetAuthorizationToken",
        "lambda:CreateEventSourceMapping",  # limited by its condition
        "lambda:DeleteEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
    }

    for some in grants(managing_account, account(chosen)).values():
        for grant in some:
            if grant.access != "read" and "*" in grant.resources:
                assert set(grant.actions) <= unlimited


@given(choices)
def test_checks_are_reads_whose_expectations_can_be_asked(chosen):
    for _, check in checks(managing(), account(chosen)):
        assert check.call.operation.startswith(("describe_", "get_", "list_"))
        assert list(check.call.parameters) == sorted(check.call.parameters)
        assert hash(check) is not None
        if check.expects:
            jmespath.compile(check.expects)
            assert check.missing


@given(choices)
def test_checks_have_names_of_their_own_and_sentences(chosen):
    named = [(title, c.name, c.fix) for title, c in checks(managing(), account(chosen))]

    assert len({(title, name) for title, name, _ in named}) == len(named)
    assert all(fix.endswith(".") for _, _, fix in named)


@given(choices)
def test_what_is_discouraged_is_warned_of_and_nothing_else(chosen):
    providers = account(chosen).providers

    warned = [provider.key for provider in providers if provider.warnings()]

    not_recommended = [
        key
        for key, details in chosen.items()
        if details.get("access") == "power-user"
        or (details.get("tasks_as_managed_role") and details["access"] == "deploy")
    ]
    assert sorted(warned) == sorted(not_recommended)


@on_aws_entries
def test_a_power_user_has_awss_policy_beside_what_it_lacks(key):
    resources = [
        r
        for r in managed_side(managing(), managed(provider(key, access="power-user")))
        if r.name == "spinnakerManaged/PowerUserAccess"
    ]

    assert [r.policy_arn for r in resources] == [
        "arn:aws:iam::aws:policy/PowerUserAccess"
    ]
    power = provider(key, access="power-user").grants(managing(), managed())
    assert power == provider(key).grants(managing(), managed())


def test_the_managing_account_may_be_managed_with_every_provider():
    core = managed(*(provider(key) for key in PROVIDERS), account_id=MANAGING_ID)

    actions = granted(managing(bakes=True), core)

    assert "ec2:ModifyImageAttribute" in actions


@every_provider
def test_a_provider_has_a_logo_a_title_and_a_sentence(key):
    assert (ROOT / f"static/providers/{key}.svg").is_file()
    assert PROVIDERS[key].title
    assert PROVIDERS[key].summary.endswith(".")


def test_providers_are_offered_in_order():
    assert list(PROVIDERS) == ["ec2", "ecs", "eks", "lambda"]


def test_only_ecs_needs_a_trust_without_an_external_id():
    assert [k for k, p in PROVIDERS.items() if p.needs_open_trust] == ["ecs"]


def test_caching_grants_the_reads_that_no_account_can_do_without():
    (caching, _) = CACHING_READS

    assert len(as_list(caching.statement["Action"])) == 24
