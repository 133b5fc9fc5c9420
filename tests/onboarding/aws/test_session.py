from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onboarding.aws import session
from onboarding.aws.errors import AwsError, OwnCredentialsError, translating
from onboarding.aws.session import CALLER_LASTS, Caller, Credentials, Sessions
from onboarding.topology import Reach
from tests.onboarding.aws.field import ADMINISTRATOR, Field, failing, trusting


def test_it_says_who_bowline_is(field: Field) -> None:
    caller = field.sessions().whoami()

    assert caller == Caller(field.managing_id, field.bowline, field.bowline)


def test_a_sessions_principal_is_its_role_with_its_path(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = field.root(field.managing_id)
    iam.create_role(
        RoleName="Runner",
        Path="/site/",
        AssumeRolePolicyDocument=trusting(field.bowline),
    )
    iam.attach_role_policy(RoleName="Runner", PolicyArn=ADMINISTRATOR)
    become(field, f"arn:aws:iam::{field.managing_id}:role/site/Runner", monkeypatch)

    caller = field.sessions().whoami()

    assert caller.arn == f"arn:aws:sts::{field.managing_id}:assumed-role/Runner/task"
    assert caller.principal == f"arn:aws:iam::{field.managing_id}:role/site/Runner"


def test_a_sessions_principal_is_guessed_where_iam_may_not_be_read(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.root(field.managing_id).create_role(
        RoleName="Runner", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    become(field, f"arn:aws:iam::{field.managing_id}:role/Runner", monkeypatch)

    caller = field.sessions().whoami()

    assert caller.principal == f"arn:aws:iam::{field.managing_id}:role/Runner"


def become(field: Field, role_arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Bowline run as that role."""
    credentials = field.sessions().assume(role_arn, session_name="task")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", credentials.token)


def test_it_enters_an_account_by_its_access_role(field: Field) -> None:
    sts = field.sessions().client(field.reach, "sts")

    assert sts.get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{field.managed_id}:assumed-role/Access/bowline-test"
    )


def test_it_enters_its_own_account_without_a_role(field: Field) -> None:
    sts = field.sessions().client(field.own, "sts")

    assert sts.get_caller_identity()["Arn"] == field.bowline


def test_another_account_needs_an_access_role(field: Field) -> None:
    with pytest.raises(AwsError) as caught:
        field.sessions().client(Reach(field.managed_id), "iam")

    assert caught.value.message == (
        f"Bowline's own credentials belong to account {field.managing_id}, not to "
        f"{field.managed_id}, and no access role is set."
    )
    assert "Set an access role" in caught.value.hint


def test_an_access_role_that_cannot_be_assumed_says_who_asked(field: Field) -> None:
    role_arn = f"arn:aws:iam::{field.managed_id}:role/Other"

    with pytest.raises(AwsError) as caught:
        field.sessions().client(Reach(field.managed_id, "Other"), "iam")

    assert f"({field.bowline}) could not assume {role_arn}" in caught.value.message
    assert f"must allow sts:AssumeRole to {field.bowline}" in caught.value.hint
    assert caught.value.denied
    assert not isinstance(caught.value, OwnCredentialsError)


class Denied(Sessions):
    """Sessions whose AssumeRole a policy of the organization denies."""

    def caller(self) -> Caller:
        arn = "arn:aws:iam::911111111111:user/bowline"
        return Caller("911111111111", arn, arn)

    def assume(self, role_arn: str, **_: Any) -> Credentials:
        said = (
            f"User: {self.caller().arn} is not authorized to perform: sts:AssumeRole "
            f"on resource: {role_arn} with an explicit deny in a service control policy"
        )
        answer = {"Error": {"Code": "AccessDenied", "Message": said}}
        with translating("922222222222", "sts:AssumeRole", f"assume {role_arn}"):
            raise ClientError(answer, "AssumeRole")  # type: ignore[arg-type]
        raise AssertionError


@pytest.mark.parametrize("writes", [True, False])
def test_an_access_role_that_aws_says_a_policy_denies_is_not_blamed_on_its_trust(
    writes: bool,
) -> None:
    with pytest.raises(AwsError) as caught:
        Denied("test").credentials(Reach("922222222222", "Access", writes=writes))

    assert "names a service control policy" in caught.value.message
    assert caught.value.hint.startswith(
        "A service control policy above account 911111111111 denies sts:AssumeRole."
    )
    assert "trust" not in caught.value.hint


def test_an_access_role_that_fails_otherwise_is_told_as_it_is(field: Field) -> None:
    sessions = field.sessions()
    sts = sessions.client_with(sessions.own(), "sts")
    failing(sts, "AssumeRole", "RegionDisabledException", "STS is off here", times=1)

    with pytest.raises(AwsError, match="STS is off here"):
        sessions.client(field.reach, "iam")


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_of_its_own_are_said_first(
    field: Field, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "AKIAWRONGWRONGWRONG1")

    with pytest.raises(OwnCredentialsError) as caught:
        field.sessions().client(Reach(field.managed_id, "Other"), "iam")

    assert caught.value.message.startswith("Bowline's own AWS credentials")
    assert caught.value.account == ""


def test_its_own_credentials_are_looked_for_again_after_a_while(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(session, "OWN_LAST", 10.0)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    first = Sessions("first").own()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "renewed")

    at_once = Sessions("second").own()
    now += 10
    later = Sessions("third").own()

    assert at_once == first
    assert later.access_key == "renewed"


def test_credentials_that_were_missing_are_found_at_once(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "OWN_LAST", 1e9)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(OwnCredentialsError):
        Sessions("first").own()

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "found")

    assert Sessions("second").own().access_key == "found"


def test_missing_credentials_of_its_own_are_said_first(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    with pytest.raises(
        OwnCredentialsError, match="missing, expired or wrong: none were found"
    ):
        field.sessions().client(field.reach, "iam")


def test_a_profile_that_does_not_exist_is_said_too(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(
        OwnCredentialsError, match=r"missing, expired or wrong: .*nobody"
    ):
        field.sessions().client(field.reach, "iam")


def test_it_asks_nothing_twice_though_many_threads_ask(field: Field) -> None:
    sessions = field.sessions()

    with ThreadPoolExecutor(8) as pool:
        clients = set(
            pool.map(lambda _: sessions.client(field.reach, "iam"), range(32))
        )

    assert len(clients) == 1
    assert sessions.calls == 2  # GetCallerIdentity and AssumeRole


def test_runs_of_a_process_ask_once_a_minute_who_bowline_is(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = field.sessions().caller()
    second, later = field.sessions(), field.sessions()

    assert second.caller() == known
    assert second.calls == 0
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + CALLER_LASTS)
    assert later.caller() == known
    assert later.calls == 1


def test_who_wants_to_know_for_sure_asks_itself_who_bowline_is(field: Field) -> None:
    field.sessions().caller()
    sessions = field.sessions()

    sessions.whoami()

    assert sessions.calls == 1


def test_other_credentials_of_its_own_are_somebody_else(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = field.sessions().caller()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", field.managed_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")

    assert field.sessions().caller() != known


def test_it_counts_the_calls_that_were_sent(field: Field) -> None:
    sessions = field.sessions()
    iam = sessions.client(field.reach, "iam")
    before = sessions.calls

    iam.list_roles()
    iam.list_roles()

    assert sessions.calls == before + 2


def test_it_renews_credentials_before_they_expire(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = field.sessions()
    soon = datetime.now(UTC) + timedelta(minutes=1)
    later = datetime.now(UTC) + timedelta(hours=1)
    given = iter([Credentials("a", "b", "c", soon), Credentials("d", "e", "f", later)])
    monkeypatch.setattr(sessions, "_assume", lambda *_: next(given))
    role_arn = f"arn:aws:iam::{field.managed_id}:role/Access"

    found = [sessions.assume(role_arn, session_name="x") for _ in range(2)]

    assert [credentials.access_key for credentials in found] == ["d", "d"]


def test_its_session_name_names_the_run_in_letters_that_aws_takes() -> None:
    assert Sessions("a b/é").name == "bowline-a-b--"
    assert len(Sessions("x" * 100).name) == 64


def test_credentials_keep_their_secrets_when_printed() -> None:
    printed = repr(Credentials("AKIA1", "hidden-secret", "hidden-token"))

    assert "hidden" not in printed


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({}, "cn-north-1"),
        ({"AWS_REGION": "cn-northwest-1"}, "cn-northwest-1"),
        ({"AWS_DEFAULT_REGION": "cn-northwest-1"}, "cn-northwest-1"),
        (
            {"AWS_REGION": "cn-northwest-1", "AWS_DEFAULT_REGION": "cn-north-1"},
            "cn-northwest-1",
        ),
        ({"AWS_REGION": "us-east-1"}, "cn-north-1"),
    ],
)
def test_sts_is_asked_where_bowline_is_set_to_or_the_partition_is_at_home(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], asked: str
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sessions = Sessions("test", "aws-cn")

    sts = sessions.client_with(Credentials("a", "b"), "sts")
    iam = sessions.client_with(Credentials("a", "b"), "iam")

    assert sts.meta.endpoint_url == f"https://sts.{asked}.amazonaws.com.cn"
    assert iam.meta.endpoint_url == "https://iam.cn-north-1.amazonaws.com.cn"
