"""AccountClient: calls AWS in one account, as one identity.

What AWS refuses is raised as AwsError, in words.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache, partial
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from botocore import xform_name
from botocore.exceptions import ClientError, ConnectionError

from onboarding.aws.errors import (
    ABSENT,
    UNKNOWN_THERE,
    AwsError,
    code_of,
    no_endpoint,
    not_enabled,
    translating,
)
from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.shared_clients import (
    BUILDING,
    is_offered,
    session_of,
    shared_core,
)
from onboarding.bounded_cpu import cpu_bounded, go_on
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


class Patiently(Protocol):
    """Returns what it is given returns, asking again where that is worth it."""

    def __call__(self, ask: Callable[[], T], /) -> T: ...


def once(ask: Callable[[], T], /) -> T:
    """Ask once: whoever asks so waits by itself."""
    return ask()


THREADS = 4
"""A few: AWS answers in 50 to 150 ms, and IAM throttles an account's bursts."""


IN_FLIGHT = 16
"""Calls in one account at a time, from all threads of this process. All runs share the
managing account; who waits here is not throttled there.
"""

ROOMS: dict[str, BoundedSemaphore] = {}


def room(account_id: str) -> BoundedSemaphore:
    """Return what lets no more than IN_FLIGHT calls into the account."""
    return ROOMS.setdefault(account_id, BoundedSemaphore(IN_FLIGHT))


@dataclass(frozen=True, slots=True)
class AccountClient:
    """Calls the methods of boto3's clients: `call(client.iam.get_role, doing, …)`.

    `doing` completes “Bowline could not …”, with which every AwsError begins.
    """

    account_id: str
    service_client: Callable[[str, str], Any]
    """Returns boto3's client of (service, region)."""
    patiently: Patiently
    """How a call is repeated where AWS is too busy to answer it."""

    @classmethod
    def of(
        cls, sessions: Sessions, reach: Reach, *, patiently: Patiently | None = None
    ) -> AccountClient:
        """Call with Bowline's own access to the account."""
        return cls(
            reach.account_id,
            partial(sessions.client, reach),
            patiently or sessions.patiently,
        )

    @classmethod
    def writing(cls, sessions: Sessions, reach: Reach) -> AccountClient:
        """Call to change the account, each call once; raise AwsError where somebody
        else makes what is there.
        """
        if not reach.writes:
            raise AwsError(
                reach.account_id,
                "apply",
                f"Bowline changes nothing in account {reach.account_id}: its owner "
                "creates the roles.",
                "Plan again, and hand the changes off to the owner.",
            )
        return cls.of(sessions, reach, patiently=once)

    @classmethod
    def with_credentials(
        cls, sessions: Sessions, account_id: str, credentials: Credentials
    ) -> AccountClient:
        """Call with the given credentials."""
        client = partial(sessions.client_with, credentials)
        return cls(account_id, client, sessions.patiently)

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
        """Call AWS, and ask again where it is too busy."""
        return self.asked(method, doing, lambda: method(*args, **given), given)

    def call_all(
        self, method: Callable[P, T], doing: str, /, *args: P.args, **given: P.kwargs
    ) -> T:
        """Call AWS for every page, and return all pages as one answer."""
        client, operation = bound(method)
        if not client.can_paginate(operation):
            return self.call(method, doing, *args, **given)

        def ask() -> T:
            pages = client.get_paginator(operation).paginate(**given)
            whole: T = pages.build_full_result()
            return whole

        return self.asked(method, doing, ask, given)

    def find(
        self, method: Callable[P, T], doing: str, /, *args: P.args, **given: P.kwargs
    ) -> T | None:
        """Call AWS; return None where the resource does not exist.

        Denied is not absent: it raises AwsError.
        """

        def ask() -> T | None:
            try:
                return method(*args, **given)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise

        return self.asked(method, doing, ask, given)

    def asked(
        self,
        method: Callable[..., object],
        doing: str,
        ask: Callable[[], T],
        given: Mapping[str, Any],
    ) -> T:
        go_on()
        client, _ = bound(method)
        where, operation = self.account_id, action_of(method)
        region, service = client.meta.region_name, client.meta.service_model

        def act() -> T:
            try:
                with (
                    room(where),
                    translating(where, operation, doing, session=session_of(client)),
                ):
                    return ask()
            except AwsError as error:
                if error.code in UNKNOWN_THERE and self.is_known_elsewhere(region):
                    raise not_enabled(where, operation, doing, region) from error
                if isinstance(error.__cause__, ConnectionError) and not is_offered(
                    service.service_name, region
                ):
                    name = service.metadata["serviceId"]
                    raise no_endpoint(where, operation, doing, name, region) from error
                raise

        return self.patiently(act)

    def is_known_elsewhere(self, region: str) -> bool:
        """Return whether AWS knows these credentials, though not in the region."""
        sts = self.sts
        if sts.meta.region_name == region:
            return False
        try:
            with translating(
                self.account_id,
                "sts:GetCallerIdentity",
                "ask who it is",
                session=session_of(sts),
            ):
                sts.get_caller_identity()
        except AwsError:
            return False
        return True


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


HELPERS = 64
"""Threads of a process that help whoever has several things to do. Whoever finds none
free does them alone, so that nothing waits for what waits itself.
"""


@cache
def helpers() -> ThreadPoolExecutor:
    """Return the process's own. Their threads stay: a new thread waits until the
    interpreter lets it run, and meanwhile lets no other thread be started.
    """
    return ThreadPoolExecutor(HELPERS, thread_name_prefix="helper")


os.register_at_fork(after_in_child=helpers.cache_clear)


def together(tasks: Iterable[Callable[[], T]]) -> list[T]:
    """Do independent things at once, a few at a time; results in their order.

    Once one has failed no other begins; the first failure is raised.
    """
    left = deque(enumerate(tasks))
    places = range(len(left))
    made: dict[int, T] = {}
    failed: dict[int, Exception] = {}

    def work() -> None:
        while not failed:
            try:
                place, task = left.popleft()
            except IndexError:
                return
            try:
                made[place] = task()
            except Exception as error:
                failed[place] = error

    def help_out() -> None:
        with cpu_bounded():
            work()

    helping = [
        helpers().submit(copy_context().run, help_out) for _ in places[1:THREADS]
    ]
    work()
    for helper in helping:
        if not helper.cancel():  # it has begun
            helper.result()
    if failed:
        raise failed[min(failed)]
    return [made[place] for place in places]
