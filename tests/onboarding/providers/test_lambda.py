from __future__ import annotations

import pytest

from onboarding.desired.managed import managed_side
from onboarding.details import DetailsError
from onboarding.providers.lambda_ import MOST_BUCKETS, Lambda
from tests.factories import MANAGED_ID, managed, managing


def granted(details, **fields):
    return {
        action: grant
        for grant in details.grants(managing(**fields), managed(details))
        for action in grant.actions
    }


def test_code_is_read_from_the_named_buckets_only():
    grant = granted(Lambda(code_buckets=("code", "more")), partition="aws-cn")

    assert grant["s3:GetObject"].resources == (
        "arn:aws-cn:s3:::code/*",
        "arn:aws-cn:s3:::more/*",
    )


def test_the_most_buckets_of_the_longest_names_fit_into_a_policy():
    buckets = tuple(f"{n:02}{'b' * 61}" for n in range(MOST_BUCKETS))
    account = managed(Lambda(code_buckets=buckets))

    assert list(managed_side(managing(partition="aws-us-gov"), account))


def test_more_buckets_are_refused_before_a_policy_grows_too_long():
    buckets = tuple(f"code-{n}" for n in range(MOST_BUCKETS + 1))

    with pytest.raises(DetailsError, match="41 buckets are too many") as error:
        Lambda(code_buckets=buckets)

    assert error.value.field == "code_buckets"


def test_without_buckets_no_object_is_read():
    assert "s3:GetObject" not in granted(Lambda())


def test_event_sources_are_limited_to_the_accounts_functions():
    grant = granted(Lambda())["lambda:CreateEventSourceMapping"]

    function = f"arn:aws:lambda:*:{MANAGED_ID}:function:*"
    assert grant.condition == {"ArnLike": {"lambda:FunctionArn": function}}


def test_only_load_balancers_are_let_in_to_functions():
    grant = granted(Lambda())["lambda:AddPermission"]

    principal = "elasticloadbalancing.amazonaws.com"
    assert grant.condition == {"StringEquals": {"lambda:Principal": principal}}


def test_lambda_is_a_flag_on_the_accounts_aws_entry():
    (entry,) = Lambda().entries(managing(), managed())

    assert (entry.name, entry.lambda_enabled) == ("staging", True)


def test_functions_are_listed_in_each_region_and_roles_once():
    calls = [check.call for check in Lambda().checks(managing(), managed())]

    assert [(call.operation, call.region) for call in calls] == [
        ("list_functions", "us-east-1"),
        ("list_functions", "us-west-2"),
        ("list_roles", ""),
    ]


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"access": "all"}, "access"),
        ({"function_roles_path": "/"}, "function_roles_path"),
        ({"code_buckets": ["Code"]}, "code_buckets"),
        ({"code_buckets": ["code", "code"]}, "code_buckets"),
        ({"code_buckets": [7]}, "code_buckets"),
        ({"code_buckets": "code"}, "code_buckets"),
    ],
)
def test_a_detail_that_cannot_be_right_is_refused_by_name(details, field):
    with pytest.raises(DetailsError) as error:
        Lambda.from_details(details)

    assert error.value.field == field


KEY = "mrk-0123456789abcdef0123456789abcdef"


def test_keys_are_used_through_lambda_only():
    grant = granted(Lambda(kms_keys=(KEY,)))["kms:Decrypt"]

    assert grant.resources == (f"arn:aws:kms:*:{MANAGED_ID}:key/{KEY}",)
    assert grant.condition == {
        "StringLike": {"kms:ViaService": ["lambda.*.amazonaws.com"]}
    }


def test_keys_in_china_are_used_through_chinas_lambda_too():
    grant = granted(Lambda(kms_keys=(KEY,)), partition="aws-cn")["kms:Encrypt"]

    assert grant.condition["StringLike"]["kms:ViaService"] == [
        "lambda.*.amazonaws.com",
        "lambda.*.amazonaws.com.cn",
    ]


def test_no_key_is_used_unless_one_is_named():
    assert not [action for action in granted(Lambda()) if action.startswith("kms:")]


@pytest.mark.parametrize("keys", [("alias/code",), (KEY, KEY), ("*",)])
def test_keys_are_named_by_their_ids_each_once(keys):
    with pytest.raises(DetailsError) as error:
        Lambda(kms_keys=keys)

    assert error.value.field == "kms_keys"


def test_more_keys_are_refused_before_a_policy_grows_too_long():
    with pytest.raises(DetailsError, match="21 keys are too many"):
        Lambda(kms_keys=tuple(f"mrk-{n:032}" for n in range(21)))
