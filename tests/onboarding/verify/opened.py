"""Sessions without an AWS: roles that open to whom a test says, and nothing to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onboarding.aws.session import Caller, Credentials, Sessions
from onboarding.partitions import Arn
from tests.factories import MANAGING_ID
from tests.onboarding.verify.verified import refused

BOWLINE = f"arn:aws:iam::{MANAGING_ID}:user/bowline"
OWN = Credentials("AKIABOWLINEBOWLINE00", "secret")


class Opened(Sessions):
    def __init__(self, opens: Callable[[Credentials | None, str], bool]) -> None:
        """Let `opens` decide by who asks and the external ID that is sent."""
        super().__init__("test")
        self.opens = opens
        self.assumed: list[str] = []

    def own(self) -> Credentials:
        return OWN

    def caller(self) -> Caller:
        return Caller(MANAGING_ID, BOWLINE, BOWLINE)

    def client_with(self, *_: Any) -> Any:
        raise refused(by="iam:*")

    def assume(
        self,
        role_arn: str,
        *,
        external_id: str = "",
        source: Credentials | None = None,
        **_: Any,
    ) -> Credentials:
        if not self.opens(source, external_id):
            raise refused(by="sts:AssumeRole")
        self.assumed.append(role_arn)
        role = Arn.of(role_arn)
        session = f"arn:aws:sts::{role.account}:assumed-role/{role.name}/Spinnaker"
        return Credentials(f"ASIA{len(self.assumed)}", "secret", "token", arn=session)
