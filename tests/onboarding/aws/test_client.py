from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Lock

import pytest
from botocore import retryhandler
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError

from onboarding.aws import session as backoff
from onboarding.aws import shared_clients
from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.errors import AwsError, OwnCredentialsError
from onboarding.aws.session import Sessions
from tests.attack.freezing import hear
from tests.onboarding.aws.field import Body, Field, failing

NO_ROLE = {"RoleName": "nobody"}


@pytest.fixture
def client(field: Field) -> AccountClient:
    return AccountClient.of(field.sessions(), field.reach)


def test_a_refusal_names_what_was_tried_and_the_action(client: AccountClient) -> None:
    failing(client.iam, "GetRole", "AccessDenied", "No", times=1)

    with pytest.raises(AwsError, match="could not read role nobody in account") as told:
        client.call(client.iam.get_role, "read role nobody", **NO_ROLE)

    assert told.value.operation == "iam:GetRole"
    assert told.value.account == client.account_id


def test_an_operation_that_data_names_is_called_by_iams_name(
    client: AccountClient,
) -> None:
    operation = client.operation("elbv2", "describe_load_balancers", "us-west-2")
    failing(
        client.service_client("elbv2", "us-west-2"), "*", "AccessDenied", "No", times=1
    )

    with pytest.raises(AwsError) as told:
        client.call_all(operation, "list load balancers")

    assert told.value.operation == "elasticloadbalancing:DescribeLoadBalancers"


def test_what_is_not_there_is_none_to_find_and_an_error_to_call(
    client: AccountClient,
) -> None:
    assert client.find(client.iam.get_role, "read role nobody", **NO_ROLE) is None

    with pytest.raises(AwsError, match="NoSuchEntity"):
        client.call(client.iam.get_role, "read role nobody", **NO_ROLE)


def test_what_may_not_be_read_is_not_absent(client: AccountClient) -> None:
    failing(client.iam, "GetRole", "AccessDenied", "No", times=1)

    with pytest.raises(AwsError, match="AWS refused iam:GetRole"):
        client.find(client.iam.get_role, "read role nobody", **NO_ROLE)


def test_all_pages_are_one_answer(client: AccountClient, field: Field) -> None:
    ecs = field.root(field.managed_id, "ecs")
    for number in range(3):
        ecs.create_cluster(clusterName=f"paged-{number}")
    listing = client.operation("ecs", "list_clusters", "us-east-1")

    found = client.call_all(listing, "list clusters", maxResults=1)["clusterArns"]

    assert len([arn for arn in found if "paged-" in arn]) == 3


def test_an_operation_without_pages_is_called_once(client: AccountClient) -> None:
    answer = client.call_all(client.sts.get_caller_identity, "ask who it is")

    assert answer["Account"] == client.account_id


def test_a_document_that_nobody_parsed_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="boto3 parses"):
        parsed('{"Statement": []}')


WEST = "us-west-2"


def refusing_everybody(client: AccountClient, service: str, code: str) -> None:
    failing(client.service_client(service, WEST), "*", code, "Who?", times=99)


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("autoscaling", "describe_policies", "InvalidClientTokenId"),
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("ecs", "list_clusters", "UnrecognizedClientException"),
    ],
)
def test_a_region_that_is_not_enabled_is_said_to_be_that(
    client: AccountClient, service: str, operation: str, code: str
) -> None:
    refusing_everybody(client, service, code)

    with pytest.raises(AwsError) as told:
        client.call(client.operation(service, operation, WEST), "look around")

    assert not isinstance(told.value, OwnCredentialsError)
    assert f"the Region {WEST} isn't enabled there" in told.value.message
    assert f"enable-region --region-name {WEST}" in told.value.hint


@pytest.fixture
def own(field: Field) -> AccountClient:
    """Call with Bowline's own credentials, in the account that they are of."""
    return AccountClient.of(field.sessions(), field.own)


def unknown_everywhere(client: AccountClient) -> AwsError:
    refusing_everybody(client, "ec2", "AuthFailure")
    failing(client.sts, "GetCallerIdentity", "InvalidClientTokenId", "Who?", times=9)
    with pytest.raises(AwsError) as caught:
        client.call(client.operation("ec2", "describe_vpcs", WEST), "look around")
    return caught.value


def unknown_at_home(client: AccountClient) -> AwsError:
    failing(client.iam, "GetRole", "InvalidClientTokenId", "Who?", times=9)
    with pytest.raises(AwsError) as caught:
        client.call(client.iam.get_role, "read role nobody", **NO_ROLE)
    return caught.value


@pytest.mark.parametrize("refused", [unknown_everywhere, unknown_at_home])
def test_bowlines_own_credentials_are_blamed_for_what_they_signed(
    own: AccountClient, refused: Callable[[AccountClient], AwsError]
) -> None:
    assert isinstance(refused(own), OwnCredentialsError)


@pytest.mark.parametrize("refused", [unknown_everywhere, unknown_at_home])
def test_a_session_is_blamed_for_what_it_signed(
    client: AccountClient, refused: Callable[[AccountClient], AwsError]
) -> None:
    found = refused(client)

    assert not isinstance(found, OwnCredentialsError)
    session = f"arn:aws:sts::{client.account_id}:assumed-role/Access/bowline-test"
    assert f"AWS no longer accepts the session {session}" in found.message


def test_a_role_that_a_session_may_not_assume_any_more_is_the_sessions_fault(
    field: Field,
) -> None:
    sessions = field.sessions()
    source = sessions.credentials(field.reach)
    failing(sessions.client_with(source, "sts"), "*", "ExpiredToken", "Over", times=9)

    role = f"arn:aws:iam::{field.managed_id}:role/R"
    with pytest.raises(AwsError) as caught:
        sessions.assume(role, session_name="somebody", source=source)

    assert not isinstance(caught.value, OwnCredentialsError)
    assert f"the session {source.arn} is over" in caught.value.message


def unreachable(client: AccountClient, service: str, region: str) -> AwsError:
    """Let the name of the service's host lead nowhere."""

    def fail(**_: object) -> None:
        url = f"https://{service}.{region}.amazonaws.com"
        raise EndpointConnectionError(endpoint_url=url)

    boto = client.service_client(service, region)
    hear(boto, fail)
    with pytest.raises(AwsError) as caught:
        client.call(boto.list_clusters, "list clusters")
    return caught.value


@pytest.mark.usefixtures("no_sleep")
def test_a_service_that_a_region_does_not_have_is_said_to_be_that(
    client: AccountClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = shared_clients.shared_core()
    regions = {"partition_name": "aws", "allow_non_regional": False}
    assert WEST in shared.get_available_regions("eks", **regions)
    monkeypatch.setattr(shared, "get_available_regions", lambda *_, **__: ["us-east-1"])

    found = unreachable(client, "eks", WEST)

    assert f"AWS has no endpoint of EKS in the Region {WEST}" in found.message
    assert f"Take {WEST} out of the account" in found.hint
    assert not found.retryable


@pytest.mark.usefixtures("no_sleep")
@pytest.mark.parametrize("region", [WEST, "xx-nowhere-1"])
def test_a_service_that_does_not_answer_where_it_may_be_is_the_networks_fault(
    client: AccountClient, region: str
) -> None:
    found = unreachable(client, "eks", region)

    assert "Check the network from Bowline to AWS" in found.hint
    assert found.retryable


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(retryhandler, "delay_exponential", lambda *_, **__: 0.0)


@pytest.mark.usefixtures("no_sleep")
def test_a_run_asks_again_where_aws_is_too_busy(field: Field) -> None:
    patient = AccountClient.of(Sessions("test", patience=5.0), field.reach)
    failing(patient.iam, "ListRoles", "Throttling", "Rate exceeded", times=7)

    found = patient.call_all(patient.iam.list_roles, "list the roles")["Roles"]

    assert [role["RoleName"] for role in found] == ["Access"]


@pytest.mark.usefixtures("no_sleep")
def test_a_person_at_a_page_is_told_at_once(client: AccountClient) -> None:
    failing(client.iam, "ListRoles", "Throttling", "Rate exceeded", times=7)

    with pytest.raises(AwsError, match="throttled"):
        client.call_all(client.iam.list_roles, "list the roles")


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "text/xml"])
def test_a_web_page_is_no_empty_answer(client: AccountClient, kind: str) -> None:
    page = AWSResponse("", 200, {"Content-Type": kind}, Body(b"<html></html>"))
    client.iam.meta.events.register_first("before-send.iam.ListRoles", lambda **_: page)

    with pytest.raises(
        AwsError, match=f"didn't come from AWS .*content type {kind[:9]}"
    ) as told:
        client.call_all(client.iam.list_roles, "list the roles")

    assert "proxy" in told.value.hint


def test_few_threads_at_a_time_call_in_one_account_and_hold_up_no_other(
    client: AccountClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onboarding.aws.client.IN_FLIGHT", 2)
    monkeypatch.setattr("onboarding.aws.client.ROOMS", {})
    other = replace(client, account_id="999999999999")
    both, lock, counts = Barrier(2), Lock(), [0]

    def ask() -> int:
        with lock:
            counts[0] += 1
            now = counts[0]
        both.wait(30)
        assert other.asked(client.iam.get_role, "read a role", lambda: "no wait", {})
        both.wait(30)
        with lock:
            counts[0] -= 1
        return now

    def call(_: int) -> int:
        return client.asked(client.iam.get_role, "read a role", ask, {})

    with ThreadPoolExecutor(8) as pool:
        most = max(pool.map(call, range(8)))

    assert most == 2
