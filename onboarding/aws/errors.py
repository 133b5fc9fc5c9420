"""AwsError: what we tried, where, what AWS answered and what to do next; and
the words by which AWS refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from onboarding.partitions import Arn

NO_KEY = "NotFoundException"
"""What KMS answers for a key that it does not know."""
ABSENT = frozenset({"NoSuchEntity", "ResourceNotFoundException", NO_KEY})
DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "UnauthorizedOperation",
    }
)
THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
NOT_YET = frozenset(
    {
        "ConcurrentModification",
        "ConcurrentModificationException",
        "DeleteConflict",
        "EntityTemporarilyUnmodifiable",
        "NoSuchEntity",
    }
)
"""What IAM answers while a change of a moment ago is not yet known everywhere."""

BAD_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
OVER = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
"""Those of them that say how long something was valid."""
SUSPENDED = frozenset(
    {
        "AccountProblem",
        "Blocked",
        "BlockedException",
        "OptInRequired",
        "PendingVerification",
    }
)
"""What S3, EC2, ECS and IAM answer for an account that AWS suspended or blocked, or has
not activated yet.
"""
SAYS_SUSPENDED = re.compile(
    r"\baccount\b[^.]*\b(?:blocked|closed|suspended)\b", re.IGNORECASE
)
NO_ENDPOINT = "NoEndpoint"
"""Bowline's own code for a region in which a service does not exist."""
UNKNOWN_THERE = frozenset(
    {"AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException"}
)
"""What AWS answers, too, in a region that the account has not enabled: in EC2's words,
in the query protocol's and in JSON's.
"""
NOT_ENABLED = "RegionNotEnabled"
"""Bowline's own code for that."""
NO_ACCESS = "NoAccess"
"""Somebody else makes what is in the account, and Bowline has no role that reads it."""
MANAGED_OUTSIDE = "ManagedOutside"
"""Something else manages a role, and would undo what a plan changes."""
NOT_OURS = "NotOurs"
"""A name that is needed is taken, by what Bowline did not make."""
TRUSTS_NO_ONE = frozenset(
    {"InvalidArnException", "InvalidParameterException", "MalformedPolicyDocument"}
)
"""What KMS, EKS and IAM answer, among other things, for a principal unknown to them."""
NO_ENTRY = "The specified principalArn could not be found"
"""What EKS answers while an access entry of a moment ago is not known everywhere."""
UNKNOWN_CALL = frozenset(
    {"InvalidAction", "UnknownOperationException", "UnsupportedOperation"}
)
"""Not every region and partition has every operation of a service."""

NOT_AWS = frozenset({"text/html", "application/xhtml+xml"})
"""No API of AWS answers so."""
WEB_PAGE = re.compile(rb"\s*<(!doctype +)?html\b", re.IGNORECASE)
"""How one begins that calls itself XML."""


class DeniedBy(StrEnum):
    """The kinds of policies that AWS names in a refusal and that an account's own
    policies don't show. The words are AWS's.
    """

    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    ENDPOINT = "VPC endpoint policy"


DENIED_BY = re.compile(
    r"(?:because no|with an explicit deny in (?:an?|the)) (service control policy"
    r"|resource control policy|permissions boundary|session policy"
    r"|VPC endpoint policy)\b",
    re.IGNORECASE,
)
CALLER_ACCOUNT = re.compile(r"User: arn:[\w-]+:(?:iam|sts)::(\d{12}):")
"""Of a refusal: policies of the organization count for whoever calls."""

SERVER_ERROR = 500
NOT_ANSWERED = "NotAnAnswer"
"""Bowline's own code for what is no answer of AWS."""

QUOTA = frozenset({"LimitExceeded", "ResourceLimitExceededException"})


NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
FAILURES = (BotoCoreError, ClientError, ResponseParserError)

RENEW = (
    "Renew the credentials that Bowline itself runs with (an instance or task role, "
    "a profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the clock must be "
    "right too), restart it, and try again."
)
CALLER = re.compile(r"User: (?:\S+:assumed-role/(?P<role>[^/\s]+)/|(?P<arn>arn:\S+))")


class AwsError(Exception):
    """A refusal or failure of AWS, in words for the person who reads it."""

    def __init__(
        self,
        account: str,
        operation: str,
        message: str,
        hint: str = "",
        retryable: bool = False,
        code: str = "",
    ) -> None:
        # All of them become `args`, so that it survives pickling.
        super().__init__(account, operation, message, hint, retryable, code)
        self.account = account
        self.operation = operation
        self.message = message
        self.hint = hint
        self.retryable = retryable
        self.code = code
        """AWS's own word for it, where it gave one."""

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    @property
    def denied(self) -> bool:
        return self.code in DENIED

    @property
    def no_access(self) -> bool:
        """Return whether nobody was asked: Bowline cannot read that account."""
        return self.code == NO_ACCESS

    @property
    def unread(self) -> bool:
        """Return whether Bowline may not read what it asked for."""
        return self.denied or self.no_access

    @property
    def busy(self) -> bool:
        """Return whether AWS only had no time for it, whatever was asked."""
        return self.retryable and self.code not in NOT_YET | TRUSTS_NO_ONE | ABSENT

    def passing(self, hint: str = "") -> AwsError:
        """Return the same, as something that AWS will soon answer otherwise."""
        account, operation, message, own, _, code = self.args
        return AwsError(account, operation, message, hint or own, True, code)

    def hinting(self, hint: str) -> AwsError:
        """Return the same, with something else to do next."""
        account, operation, message, _, retryable, code = self.args
        return AwsError(account, operation, message, hint, retryable, code)

    @property
    def denied_by(self) -> DeniedBy | None:
        """Return which kind of policy AWS itself says denies it."""
        return denied_by(self.message) if self.denied else None

    @property
    def by_organization(self) -> bool:
        """Return whether AWS itself says that the organization denies it."""
        controls = (DeniedBy.SERVICE_CONTROL, DeniedBy.RESOURCE_CONTROL)
        return self.denied_by in controls

    def as_json(self) -> dict[str, str | bool]:
        return {
            "message": self.message,
            "hint": self.hint,
            "account": self.account,
            "operation": self.operation,
            "code": self.code,
        }


class OwnCredentialsError(AwsError):
    """Bowline's own credentials cannot be used, so nothing is known of any account."""

    def as_json(self) -> dict[str, str | bool]:
        return {**super().as_json(), "own_credentials": True}


class NotAnAnswer(BotoCoreError):
    """What answered in the place of AWS."""

    fmt = "an answer with status {status} and the content type {content_type}"


def refuse_html(response_dict: dict[str, Any], **_: object) -> None:
    """Raise NotAnAnswer for a web page; boto3 would take one for an empty answer.

    Where something is broken for the moment, boto3 asks again by itself.
    """
    kind = response_dict["headers"].get("Content-Type", "").partition(";")[0].strip()
    status = response_dict["status_code"]
    is_page = kind.lower() in NOT_AWS or WEB_PAGE.match(response_dict["body"])
    if is_page and status < SERVER_ERROR:
        raise NotAnAnswer(status=status, content_type=kind)


@contextmanager
def translating(
    account: str, operation: str, doing: str, *, session: str = ""
) -> Iterator[None]:
    """Raise botocore's errors as AwsError; `doing` ends “Bowline could not …”.

    `session`: whose session signed the call; empty: Bowline's own credentials did,
    and only then are they to blame.
    """
    try:
        yield
    except FAILURES as error:
        raise aws_error(error, account, operation, doing, session) from error


@contextmanager
def translating_own(operation: str, doing: str) -> Iterator[None]:
    """Raise botocore's errors as OwnCredentialsError, whatever they are."""
    try:
        yield
    except FAILURES as error:
        said = aws_error(error, "", operation, doing)
        raise OwnCredentialsError(*said.args) from error


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def aws_error(
    error: BotoCoreError | ClientError | ResponseParserError,
    account: str,
    operation: str,
    doing: str,
    session: str = "",
) -> AwsError:
    where = f" in account {account}" if account else ""
    tried = f"Bowline could not {doing}{where}"
    if isinstance(error, ClientError):
        return refused(error, account, operation, tried, session)
    if isinstance(error, NotAnAnswer | ResponseParserError):
        return not_aws(error, account, operation, tried)
    if isinstance(error, NO_CREDENTIALS):
        return own_credentials(operation, f"none were found ({error})")
    if isinstance(error, ConnectionError | HTTPClientError):
        return AwsError(
            account,
            operation,
            f"{tried}: AWS didn't answer {operation} ({error}).",
            "Check the network from Bowline to AWS, and AWS_ENDPOINT_URL if it is "
            "set; then try again.",
            retryable=True,
        )
    return AwsError(
        account,
        operation,
        f"{tried}: {operation} could not be sent ({error}).",
        "Check the account's details and Bowline's AWS configuration.",
    )


def refused(
    error: ClientError, account: str, operation: str, tried: str, session: str
) -> AwsError:
    code = code_of(error)
    answer = error.response.get("Error", {}).get("Message", "").strip().rstrip(".")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{code}: {answer}" if answer else code
    if account and (code in SUSPENDED or SAYS_SUSPENDED.search(answer)):
        return suspended(account, operation, f"{tried}: AWS answered {said}.", code)
    if code in BAD_CREDENTIALS and session:
        return session_refused(account, operation, tried, said, session, code)
    if code in BAD_CREDENTIALS:
        return own_credentials(operation, f"AWS answered {said}", code=code)
    if code in DENIED:
        message = f"{tried}: AWS refused {operation} ({said})."
        hint = permission_hint(operation, answer, account)
        return AwsError(account, operation, message, hint, code=code)
    if code in THROTTLED or status >= SERVER_ERROR:
        return AwsError(
            account,
            operation,
            (
                f"{tried}: AWS throttled {operation}, or is temporarily unavailable "
                f"({said})."
            ),
            "Try again in a few minutes.",
            retryable=True,
            code=code,
        )
    message = f"{tried}: AWS answered {operation} with {said}."
    unknown = code in TRUSTS_NO_ONE and names_no_principal(code, answer)
    return AwsError(
        account,
        operation,
        message,
        hint_for(code, unknown_principal=unknown),
        retryable=unknown or code in NOT_YET or NO_ENTRY in answer,
        code=code,
    )


def names_no_principal(code: str, answer: str) -> bool:
    """Return whether it is about a principal; EKS means many things by its code."""
    words = "invalid principal" if code == "InvalidParameterException" else "principal"
    return words in answer.lower()


def not_aws(error: Exception, account: str, operation: str, tried: str) -> AwsError:
    """Say that something else answered; what it said is in the first line."""
    said = str(error).strip().partition("\n")[0][:200].rstrip(".")
    return AwsError(
        account,
        operation,
        f"{tried}: the answer to {operation} didn't come from AWS ({said}).",
        "A proxy or firewall between Bowline and AWS probably answers in its place: "
        "allow AWS's endpoints there, or set HTTPS_PROXY, NO_PROXY and "
        "AWS_ENDPOINT_URL right; then try again.",
        code=NOT_ANSWERED,
    )


def not_enabled(account: str, operation: str, doing: str, region: str) -> AwsError:
    """Say that the account does not use the region, which no credentials change."""
    return AwsError(
        account,
        operation,
        f"Bowline could not {doing} in account {account}: the Region {region} isn't "
        f"enabled there, so AWS refused {operation}.",
        f"Enable it: aws account enable-region --region-name {region}, as account "
        f"{account}, which takes minutes to hours. Or take {region} out of the account "
        "in Bowline. Then try again.",
        code=NOT_ENABLED,
    )


def no_endpoint(
    account: str, operation: str, doing: str, service: str, region: str
) -> AwsError:
    """Say that AWS does not offer the service in the region, whoever asks."""
    return AwsError(
        account,
        operation,
        f"Bowline could not {doing} in account {account}: AWS has no endpoint of "
        f"{service} in the Region {region}, so {operation} reached no endpoint.",
        f"Take {region} out of the account in Bowline, or the provider that needs "
        f"{service}. If AWS has added it since, upgrade Bowline.",
        code=NO_ENDPOINT,
    )


def suspended(account: str, operation: str, tried: str, code: str) -> AwsError:
    """Say that AWS has switched the whole account off, or not on yet."""
    return AwsError(
        account,
        operation,
        f"{tried} Account {account} is suspended, blocked, or not active yet.",
        f"See the state of account {account} in AWS Organizations and the email to its "
        "root user; AWS Support activates it again. Or take the account out of "
        "Bowline.",
        code=code,
    )


def session_refused(
    account: str, operation: str, tried: str, said: str, session: str, code: str
) -> AwsError:
    """Blame a session that Bowline was given, and not Bowline's own credentials."""
    if code in OVER:
        why = f"the session {session} is over ({said})."
        hint = (
            "Try again: Bowline then assumes the role again. If that is over at once, "
            "the clock of Bowline's host is wrong."
        )
    else:
        why = f"AWS no longer accepts the session {session} ({said})."
        hint = (
            f"See in AWS Organizations whether account {Arn.of(session).account} is "
            "suspended or closed. If it is active, check the clock of Bowline's host, "
            "and try again."
        )
    return AwsError(account, operation, f"{tried}: {why}", hint, code=code)


def own_credentials(operation: str, why: str, *, code: str = "") -> OwnCredentialsError:
    """Blame Bowline's own credentials, and so no account."""
    message = f"Bowline's own AWS credentials are missing, expired or wrong: {why}."
    return OwnCredentialsError("", operation, message, RENEW, code=code)


def denied_by(answer: str) -> DeniedBy | None:
    """Read which kind of policy a refusal names."""
    named = DENIED_BY.search(answer)
    return next((k for k in DeniedBy if named and k.lower() == named[1].lower()), None)


def permission_hint(operation: str, answer: str, account: str) -> str:
    """Say what to change after a refusal; AWS names the kind of policy that denied."""
    caller = CALLER.search(answer)
    theirs = CALLER_ACCOUNT.search(answer)
    caller_account = theirs[1] if theirs else account
    if caller and caller["role"]:
        who = f"the role {caller['role']} in account {caller_account}"
    else:
        who = caller["arn"] if caller else f"Bowline's identity in account {account}"
    match denied_by(answer):
        case None:
            return f"Allow {operation} to {who}, then try again."
        case kind:
            above = account if kind is DeniedBy.RESOURCE_CONTROL else caller_account
            return f"{remedy(kind, operation, above, who)} Then try again."


def remedy(kind: DeniedBy, operation: str, account: str, who: str) -> str:
    """Say who allows what such a policy denies, and where."""
    match kind:
        case DeniedBy.SERVICE_CONTROL | DeniedBy.RESOURCE_CONTROL:
            return (
                f"A {kind} above account {account} denies {operation}. Ask an "
                "administrator of the organization to allow it there."
            )
        case DeniedBy.BOUNDARY:
            return f"Allow {operation} in the permissions boundary of {who}."
        case DeniedBy.SESSION:
            return (
                f"Allow {operation} in the session policy of {who}. It is set when "
                "that session starts, and no policy of the account shows it."
            )
        case DeniedBy.ENDPOINT:
            return (
                f"Allow {operation} in the policy of the VPC endpoint through which "
                "Bowline's host reaches AWS."
            )


def hint_for(code: str, *, unknown_principal: bool) -> str:
    if unknown_principal:
        return (
            "AWS doesn't know that principal: the trusted role or user must exist "
            "first. If it was deleted and created again, plan again."
        )
    if code in QUOTA:
        return "Raise the quota in the account's Service Quotas, then plan again."
    if code in ("EntityAlreadyExists", "ResourceInUseException"):
        return (
            "Another resource, which isn't Bowline's, has that name, and something "
            "might use it. Keep existing roles in the account's Access step, or choose "
            "another name. Then plan again."
        )
    if code == "DeleteConflict":
        return (
            "Something that Bowline didn't create is attached to it. Detach that first."
        )
    if code == NO_KEY:
        return (
            "KMS doesn't know that key in that Region. Correct the image encryption "
            "keys on the managing account's page, then plan again."
        )
    if code in ABSENT:
        return "It no longer exists, or was never created. Plan again."
    return "Fix the problem that AWS reports, then try again."
