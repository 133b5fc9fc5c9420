"""The words by which AWS refuses, and Bowline's own for what AWS has none."""

from __future__ import annotations

import re
from enum import StrEnum

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
