"""AccountClient: calls AWS in one account, as one identity.

What AWS refuses is raised as AwsError, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from botocore import xform_name
from botocore.exceptions import ClientError

from onboarding.aws.errors import ABSENT, code_of, translating
from onboarding.aws.session import BUILDING, Credentials, Sessions, shared_core
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import PolicyDocumentTypeDef
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_sts import STSClient

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4
"""A few: AWS answers in 50 to 150 ms, and IAM throttles an account's bursts."""


@dataclass(frozen=True, slots=True)
class AccountClient:
    """Calls the methods of boto3's clients: `call(client.iam.get_role, doing, …)`.

    `doing` completes “Bowline could not …”, with which every AwsError begins.
    """

    account_id: str
    service_client: Callable[[str, str], Any]
    """Returns boto3's client of (service, region)."""

    @classmethod
    def of(cls, sessions: Sessions, reach: Reach) -> AccountClient:
        """Call with Bowline's own access to the account."""
        return cls(reach.account_id, partial(sessions.client, reach))

    @classmethod
    def with_credentials(
        cls, sessions: Sessions, account_id: str, credentials: Credentials
    ) -> AccountClient:
        """Call with the given credentials."""
        return cls(account_id, partial(sessions.client_with, credentials))

    @property
    def ec2(self) -> EC2Client:
        client: EC2Client = self.service_client("ec2", "")
        return client

    @property
    def iam(self) -> IAMClient:
        client: IAMClient = self.service_client("iam", "")
        return client

    @property
    def organizations(self) -> OrganizationsClient:
        client: OrganizationsClient = self.service_client("organizations", "")
        return client

    @property
    def sts(self) -> STSClient:
        client: STSClient = self.service_client("sts", "")
        return client

    def eks(self, region: str) -> EKSClient:
        client: EKSClient = self.service_client("eks", region)
        return client

    def kms(self, region: str) -> KMSClient:
        client: KMSClient = self.service_client("kms", region)
        return client

    def operation(
        self, service: str, operation: str, region: str = ""
    ) -> Callable[..., Any]:
        """Return the method of an operation that is known by name only."""
        client = self.service_client(service, region)
        method: Callable[..., Any] = getattr(client, operation)
        return method

    def call(
        self, method: Callable[P, T], doing: str, /, *args: P.args, **given: P.kwargs
    ) -> T:
        """Call AWS once."""
        with translating(self.account_id, action_of(method), doing):
            return method(*args, **given)

    def call_all(
        self, method: Callable[P, T], doing: str, /, *args: P.args, **given: P.kwargs
    ) -> T:
        """Call AWS for every page, and return all pages as one answer."""
        client, operation = bound(method)
        with translating(self.account_id, action_of(method), doing):
            if not client.can_paginate(operation):
                return method(*args, **given)
            pages = client.get_paginator(operation).paginate(**given)
            whole: T = pages.build_full_result()
            return whole

    def find(
        self, method: Callable[P, T], doing: str, /, *args: P.args, **given: P.kwargs
    ) -> T | None:
        """Call AWS once; return None where the resource does not exist.

        Denied is not absent: it raises AwsError.
        """
        with translating(self.account_id, action_of(method), doing):
            try:
                return method(*args, **given)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise


def bound(method: Any) -> tuple[Any, str]:
    """Return boto3's client that a method belongs to, and the method's name."""
    return method.__self__, method.__name__


def action_of(method: Callable[..., object]) -> str:
    client, operation = bound(method)
    return iam_action(client.meta.service_model.service_name, operation)


def parsed(document: PolicyDocumentTypeDef) -> Mapping[str, Any]:
    """Return a policy document as boto3 does: parsed, though its types allow text."""
    assert not isinstance(document, str), "boto3 parses policy documents"
    return document


PREFIXES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}
"""Where IAM's name of a service is not boto3's."""


@cache
def iam_action(service: str, operation: str) -> str:
    """Name an operation as IAM does: `iam:GetRole`."""
    with BUILDING:
        model = shared_core().get_service_model(service)
    api = next(n for n in model.operation_names if xform_name(n) == operation)
    return f"{PREFIXES.get(service, service)}:{api}"


def together(tasks: Iterable[Callable[[], T]]) -> list[T]:
    """Do independent things at once, a few at a time; results in their order."""
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(lambda task: task(), tasks))
