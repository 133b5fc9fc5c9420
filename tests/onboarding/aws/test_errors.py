from __future__ import annotations

import pickle

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.parsers import ResponseParserError

from onboarding.aws.errors import (
    BAD_CREDENTIALS,
    NO_ENTRY,
    RENEW,
    AwsError,
    DeniedBy,
    OwnCredentialsError,
    own_credentials,
    translating,
    translating_own,
)

ACCOUNT = "922222222222"


SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Access/bowline-1"


def translated(
    error: Exception, operation: str = "iam:PutRolePolicy", *, session: str = ""
) -> AwsError:
    doing = "change role spinnakerManaged"
    with (
        pytest.raises(AwsError) as caught,
        translating(ACCOUNT, operation, doing, session=session),
    ):
        raise error
    return caught.value


def answer(code: str, message: str = "", *, status: int = 400) -> ClientError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "PutRolePolicy")  # type: ignore[arg-type]


def test_it_says_what_was_tried_where_and_what_aws_said() -> None:
    error = translated(answer("AccessDenied", "User: x is not authorized"))

    assert error.message == (
        "Bowline could not change role spinnakerManaged in account 922222222222: AWS "
        "refused iam:PutRolePolicy (AccessDenied: User: x is not authorized)."
    )
    assert error.denied
    assert not error.retryable


def test_it_names_the_role_that_lacks_a_right() -> None:
    who = "User: arn:aws:sts::922222222222:assumed-role/Access/bowline-1"
    error = translated(answer("AccessDenied", f"{who} is not authorized"))

    assert error.hint == (
        "Allow iam:PutRolePolicy to the role Access in account 922222222222, then try "
        "again."
    )


def test_it_names_the_user_that_lacks_a_right() -> None:
    who = "User: arn:aws:iam::922222222222:user/bowline is not authorized"

    assert translated(answer("AccessDenied", who)).hint == (
        "Allow iam:PutRolePolicy to arn:aws:iam::922222222222:user/bowline, then try "
        "again."
    )


BY_BOWLINE = "User: arn:aws:sts::911111111111:assumed-role/Bowline/b is not authorized "
DENIES = "with an explicit deny in a {}"
ALLOWS_NOT = "because no {} allows the iam:PutRolePolicy action"


@pytest.mark.parametrize(
    ("answered", "kind", "says"),
    [
        (
            DENIES.format("service control policy"),
            DeniedBy.SERVICE_CONTROL,
            "service control policy above account 911111111111",
        ),
        (
            ALLOWS_NOT.format("service control policy"),
            DeniedBy.SERVICE_CONTROL,
            "service control policy above account 911111111111",
        ),
        (
            DENIES.format("resource control policy"),
            DeniedBy.RESOURCE_CONTROL,
            "resource control policy above account 922222222222",
        ),
        (
            ALLOWS_NOT.format("permissions boundary"),
            DeniedBy.BOUNDARY,
            "in the permissions boundary of the role Bowline in account 911111111111",
        ),
        (
            ALLOWS_NOT.format("session policy"),
            DeniedBy.SESSION,
            "in the session policy of the role Bowline in account 911111111111",
        ),
        (
            DENIES.format("VPC endpoint policy"),
            DeniedBy.ENDPOINT,
            "in the policy of the VPC endpoint through which Bowline's host reaches",
        ),
        (ALLOWS_NOT.format("identity-based policy"), None, "to the role Bowline in"),
        ("because of a session policy, somebody says", None, "to the role Bowline in"),
    ],
)
def test_it_says_which_kind_of_policy_denied(
    answered: str, kind: DeniedBy | None, says: str
) -> None:
    """Of the organization's, the caller's account counts or the one that is entered."""
    error = translated(answer("AccessDenied", BY_BOWLINE + answered))

    assert error.denied_by is kind
    assert says in error.hint


@pytest.mark.parametrize(
    "error",
    [
        answer("ExpiredToken", "The security token is expired"),
        answer("InvalidClientTokenId", "The security token is invalid"),
        NoCredentialsError(),
    ],
)
def test_it_blames_bowlines_own_credentials_and_no_account(error: Exception) -> None:
    found = translated(error)

    assert isinstance(found, OwnCredentialsError)
    assert found.message.startswith("Bowline's own AWS credentials are missing")
    assert found.account == ""
    assert "restart" in found.hint


@pytest.mark.parametrize("code", sorted(BAD_CREDENTIALS))
def test_what_a_session_signed_is_no_fault_of_bowlines_credentials(code: str) -> None:
    found = translated(answer(code, "The security token is not valid"), session=SESSION)

    assert not isinstance(found, OwnCredentialsError)
    assert "own_credentials" not in found.as_json()
    assert f"the session {SESSION}" in found.message
    assert "restart" not in found.hint
    assert found.account == ACCOUNT


def test_a_session_that_is_over_is_assumed_again_by_trying_again() -> None:
    found = translated(answer("ExpiredToken", "It is expired"), session=SESSION)

    assert f"the session {SESSION} is over (ExpiredToken: It is" in found.message
    assert "clock" in found.hint
    assert not found.retryable


def test_a_session_that_aws_no_longer_knows_may_be_of_a_suspended_account() -> None:
    found = translated(answer("InvalidClientTokenId", "Who?"), session=SESSION)

    assert f"whether account {ACCOUNT} is suspended or closed" in found.hint


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("OptInRequired", "You are not subscribed to this service"),
        ("PendingVerification", "Your account is pending verification"),
        ("BlockedException", "Your AWS account was blocked"),
        ("AccessDeniedException", "Your account is suspended"),
        ("InvalidClientTokenId", "The account of this token was closed"),
    ],
)
@pytest.mark.parametrize("session", ["", SESSION])
def test_an_account_that_aws_suspended_is_said_to_be_that(
    code: str, said: str, session: str
) -> None:
    found = translated(answer(code, said), session=session)

    assert not isinstance(found, OwnCredentialsError)
    assert f"Account {ACCOUNT} is suspended, blocked, or not active" in found.message
    assert "AWS Organizations" in found.hint
    assert found.code == code


@pytest.mark.parametrize(
    "error", [answer("AccessDenied"), answer("Throttling"), answer("NoSuchEntity")]
)
def test_what_an_account_refuses_is_no_fault_of_bowlines_credentials(
    error: Exception,
) -> None:
    assert not isinstance(translated(error), OwnCredentialsError)
    assert "own_credentials" not in translated(error).as_json()


@pytest.mark.parametrize(
    "error",
    [
        answer("Throttling", "Rate exceeded"),
        answer("InternalFailure", status=500),
        answer("NoSuchEntity", "The role cannot be found"),
        answer("MalformedPolicyDocument", "Invalid principal in policy"),
        EndpointConnectionError(endpoint_url="https://iam.amazonaws.com"),
    ],
)
def test_it_tells_what_may_pass_by_itself(error: Exception) -> None:
    assert translated(error).retryable


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("LimitExceeded", "quota"),
        ("EntityAlreadyExists", "plan again"),
        ("DeleteConflict", "didn't create"),
        ("ResourceNotFoundException", "no longer exists"),
        ("ValidationError", "the problem that AWS reports"),
        ("MalformedPolicyDocument", "the problem that AWS reports"),
    ],
)
def test_it_says_what_to_do_next(code: str, hint: str) -> None:
    assert hint in translated(answer(code, "No")).hint


def test_a_principal_that_aws_does_not_know_is_named_as_the_reason() -> None:
    error = translated(answer("MalformedPolicyDocument", "Invalid principal in policy"))

    assert "must exist first" in error.hint


def test_it_words_a_request_that_could_not_be_sent() -> None:
    error = translated(ParamValidationError(report="bad name"))

    assert "could not be sent" in error.message
    assert not error.retryable


def test_it_survives_pickling() -> None:
    error = translated(answer("Throttling", "Rate exceeded"))

    again = pickle.loads(pickle.dumps(error))

    assert again.as_json() == error.as_json()
    assert (again.retryable, again.code) == (True, "Throttling")


def test_it_is_kept_as_json() -> None:
    error = AwsError(ACCOUNT, "iam:GetRole", "It failed.", "Mend it.")

    assert error.as_json() == {
        "message": "It failed.",
        "hint": "Mend it.",
        "account": ACCOUNT,
        "operation": "iam:GetRole",
        "code": "",
    }
    assert str(error) == "It failed. Mend it."


def test_bad_credentials_of_its_own_survive_pickling_and_are_kept_as_such() -> None:
    error = own_credentials("sts:GetCallerIdentity", "none were found", code="X")

    again = pickle.loads(pickle.dumps(error))

    assert isinstance(again, OwnCredentialsError)
    assert again.as_json() == {
        "message": "Bowline's own AWS credentials are missing, expired or wrong: none "
        "were found.",
        "hint": RENEW,
        "account": "",
        "operation": "sts:GetCallerIdentity",
        "code": "X",
        "own_credentials": True,
    }
    assert again.code == "X"


def test_who_bowline_is_may_not_be_answered_for_another_reason() -> None:
    error = EndpointConnectionError(endpoint_url="https://sts.amazonaws.com")
    asking = translating_own("sts:GetCallerIdentity", "learn who it is")

    with pytest.raises(OwnCredentialsError) as raised, asking:
        raise error

    assert raised.value.message.startswith("Bowline could not learn who it is: AWS")
    assert raised.value.account == ""
    assert raised.value.retryable
    assert raised.value.__cause__ is error


def test_kms_words_for_an_unknown_principal_and_an_unknown_key_are_known() -> None:
    principal = translated(answer("InvalidArnException", "not a valid principal"))
    key = translated(answer("NotFoundException", "no such key"))

    assert principal.retryable
    assert "image encryption keys" in key.hint


def test_a_broken_document_is_said_to_be_no_answer_of_aws() -> None:
    error = translated(ResponseParserError("Unable to parse response\n<html>"))

    assert error.message == (
        "Bowline could not change role spinnakerManaged in account 922222222222: the "
        "answer to iam:PutRolePolicy didn't come from AWS (Unable to parse response)."
    )
    assert "proxy or firewall" in error.hint
    assert not error.retryable


@pytest.mark.parametrize(
    ("code", "message", "passes"),
    [
        ("InvalidParameterException", "principalArn: invalid principal.", True),
        ("InvalidParameterException", "The principal is of another type.", False),
        ("ResourceNotFoundException", f"{NO_ENTRY}.", True),
        ("ResourceNotFoundException", "No cluster found.", False),
    ],
)
def test_eks_knows_principals_and_entries_after_a_while(
    code: str, message: str, passes: bool
) -> None:
    error = translated(answer(code, message), "eks:CreateAccessEntry")

    assert error.retryable is passes
    assert not error.busy


@pytest.mark.parametrize(
    ("code", "status", "busy"),
    [
        ("Throttling", 400, True),
        ("ServiceFailure", 500, True),
        ("NoSuchEntity", 404, False),
        ("LimitExceeded", 409, False),
    ],
)
def test_aws_is_busy_whatever_it_was_asked(code: str, status: int, busy: bool) -> None:
    assert translated(answer(code, status=status)).busy is busy
