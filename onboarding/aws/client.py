"""Asker: calls AWS in one account, as one identity, and words its refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar

from botocore import xform_name
from botocore.exceptions import ClientError

from onboarding.aws.errors import ABSENT, code_of, translating
from onboarding.aws.session import BUILDING, Credentials, Sessions, shared_core
from onboarding.topology import Reach

T = TypeVar("T")

THREADS = 4
"""A few: AWS answers in 50 to 150 ms, and IAM throttles an account's bursts."""


@dataclass(frozen=True, slots=True)
class Asker:
    account_id: str
    client: Callable[[str, str], Any]
    """Gives the client of (service, region)."""

    @classmethod
    def entering(cls, sessions: Sessions, reach: Reach) -> Asker:
        """Ask as Bowline is in that account."""
        return cls(reach.account_id, partial(sessions.client, reach))

    @classmethod
    def holding(
        cls, sessions: Sessions, account_id: str, credentials: Credentials
    ) -> Asker:
        """Ask with credentials at hand."""
        return cls(account_id, partial(sessions.client_with, credentials))

    def ask(
        self,
        service: str,
        operation: str,
        doing: str,
        /,
        *,
        region: str = "",
        **parameters: Any,
    ) -> Any:
        """Make one call; raise AwsError, which begins “Bowline could not `doing`”."""
        client = self.client(service, region)
        with translating(self.account_id, iam_action(service, operation), doing):
            return getattr(client, operation)(**parameters)

    def ask_all(
        self,
        service: str,
        operation: str,
        doing: str,
        /,
        *,
        region: str = "",
        **parameters: Any,
    ) -> Any:
        """Make as many calls as there are pages, and give them as one answer."""
        client = self.client(service, region)
        with translating(self.account_id, iam_action(service, operation), doing):
            if not client.can_paginate(operation):
                return getattr(client, operation)(**parameters)
            pages = client.get_paginator(operation).paginate(**parameters)
            return pages.build_full_result()

    def find(
        self,
        service: str,
        operation: str,
        doing: str,
        /,
        *,
        region: str = "",
        **parameters: Any,
    ) -> Any | None:
        """Make one call; None where the thing is not there. Denied still raises."""
        client = self.client(service, region)
        with translating(self.account_id, iam_action(service, operation), doing):
            try:
                return getattr(client, operation)(**parameters)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise


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
