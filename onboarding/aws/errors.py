"""AwsError: what we tried, where, what AWS answered and what to do next.

The only family of exceptions that leaves this package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
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
NOT_OURS = "NotOurs"
"""A name that is needed is taken, by what Bowline did not make."""
NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
TRUSTS_NOBODY = frozenset(
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

CONTROLS = ("service", "resource")
"""The kinds of control policies that an organization has."""

SERVER_ERROR = 500
NOT_ANSWERED = "NotAnAnswer"
"""Bowline's own code for what is no answer of AWS."""
FAILURES = (BotoCoreError, ClientError, ResponseParserError)

QUOTA = frozenset({"LimitExceeded", "ResourceLimitExceededException"})

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
        return self.retryable and self.code not in NOT_YET | TRUSTS_NOBODY | ABSENT

    def passing(self, hint: str = "") -> AwsError:
        """Return the same, as something that AWS will soon answer otherwise."""
        return AwsError(
            self.account,
            self.operation,
            self.message,
            hint or self.hint,
            retryable=True,
            code=self.code,
        )

    def hinting(self, hint: str) -> AwsError:
        """Return the same, with something else to do next."""
        account, operation, message, _, retryable, code = self.args
        return AwsError(account, operation, message, hint, retryable, code)

    @property
    def by_organization(self) -> bool:
        """Return whether AWS itself says that the organization denies it."""
        return any(f"{kind} control policy" in self.message for kind in CONTROLS)

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
def translating(account: str, operation: str, doing: str) -> Iterator[None]:
    """Raise botocore's errors as AwsError; `doing` ends “Bowline could not …”."""
    try:
        yield
    except FAILURES as error:
        raise aws_error(error, account, operation, doing) from error


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
) -> AwsError:
    where = f" in account {account}" if account else ""
    tried = f"Bowline could not {doing}{where}"
    if isinstance(error, ClientError):
        return refused(error, account, operation, tried)
    if isinstance(error, NotAnAnswer | ResponseParserError):
        return not_aws(error, account, operation, tried)
    if isinstance(error, NO_CREDENTIALS):
        return own_credentials(operation, f"none were found ({error})")
    if isinstance(error, ConnectionError | HTTPClientError):
        return AwsError(
            account,
            operation,
            f"{tried}: AWS did not answer {operation} ({error}).",
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


def refused(error: ClientError, account: str, operation: str, tried: str) -> AwsError:
    code = code_of(error)
    answer = error.response.get("Error", {}).get("Message", "").strip().rstrip(".")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{code}: {answer}" if answer else code
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
            f"{tried}: AWS is too busy for {operation} just now ({said}).",
            "Try again in a few minutes.",
            retryable=True,
            code=code,
        )
    message = f"{tried}: AWS answered {operation} with {said}."
    unknown = code in TRUSTS_NOBODY and names_no_principal(code, answer)
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
        f"{tried}: what answered {operation} is not AWS ({said}).",
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
        f"Bowline could not {doing} in account {account}: the region {region} is not "
        f"enabled there, so AWS refused {operation}.",
        f"Enable it: aws account enable-region --region-name {region}, as account "
        f"{account}, which takes minutes to hours. Or take {region} out of the account "
        "in Bowline. Then try again.",
        code=NOT_ENABLED,
    )


def own_credentials(operation: str, why: str, *, code: str = "") -> OwnCredentialsError:
    """Blame Bowline's own credentials, and so no account."""
    message = f"Bowline's own AWS credentials are missing, expired or wrong: {why}."
    return OwnCredentialsError("", operation, message, RENEW, code=code)


def permission_hint(operation: str, answer: str, account: str) -> str:
    """Say what to change after a refusal; AWS names the kind of policy that denied."""
    if "service control policy" in answer:
        return (
            f"A service control policy of the organization denies {operation}; "
            "allow it there, then try again."
        )
    if "permissions boundary" in answer:
        return f"Allow {operation} in the role's permissions boundary, then try again."
    caller = CALLER.search(answer)
    if caller and caller["role"]:
        who = f"the role {caller['role']} in account {account}"
    else:
        who = caller["arn"] if caller else f"Bowline's identity in account {account}"
    return f"Allow {operation} to {who}, then try again."


def hint_for(code: str, *, unknown_principal: bool) -> str:
    if unknown_principal:
        return (
            "AWS does not know that principal: the trusted role or user must exist "
            "first. If it was deleted and made again, plan again."
        )
    if code in QUOTA:
        return "Raise the quota in the account's Service Quotas, or remove some."
    if code in ("EntityAlreadyExists", "ResourceInUseException"):
        return "Another resource has that name. Rename or remove it, then plan again."
    if code == "DeleteConflict":
        return "Something that Bowline did not create is attached to it. Detach that."
    if code == NO_KEY:
        return (
            "KMS does not know that key in that region. Correct the keys of images "
            "in the managing account's page, then plan again."
        )
    if code in ABSENT:
        return "It no longer exists, or was never created. Plan again."
    return "Read what AWS says, fix it, and try again."
