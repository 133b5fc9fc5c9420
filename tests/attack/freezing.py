"""Workers that freeze at a call to AWS, and what Spinnaker may assume afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.client import BaseClient

from accounts.work.threads import own_connections
from onboarding.aws.session import Sessions
from onboarding.aws.shared_clients import SIGNER
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import root

ASSUME = "BowlineAssumeManaged"


def hear(client: Any, heard: Callable[..., None]) -> None:
    """Let a method of Sessions hear, once, what they send with their client; others'
    calls go through the same one.
    """

    def ours(**sent: Any) -> None:
        if SIGNER.get() is client.signer:
            heard(**sent)

    client.meta.events.register_first("before-send", ours, id(client))


class Freezing(Sessions):
    """Ways into AWS on which the worker freezes, once, before one call is sent."""

    def __init__(
        self, operation: str, meanwhile: Callable[[], None], sent_for: str = ""
    ) -> None:
        super().__init__("frozen")
        self.operation, self.sent_for = operation, sent_for
        self.meanwhile: Callable[[], None] | None = meanwhile

    def client_with(self, *args: Any) -> BaseClient:
        client = super().client_with(*args)
        hear(client, self.freeze)
        return client

    def freeze(self, request: Any, event_name: str, **_: Any) -> None:
        body = str(request.body)
        if not event_name.endswith(self.operation) or self.sent_for not in body:
            return
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            with own_connections():  # some calls are sent from threads
                meanwhile()


def assumed(here: Credentials) -> set[str]:
    """Give the ids of the accounts that Spinnaker may assume a role in."""
    iam = root(here, MANAGING, "iam")
    policies = iam.list_policies(Scope="Local", PathPrefix="/bowline/")["Policies"]
    ids = set()
    for policy in policies:
        if not policy["PolicyName"].startswith(ASSUME):
            continue
        assert policy["AttachmentCount"] == 1
        answer = iam.get_policy_version(
            PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
        )
        (statement,) = answer["PolicyVersion"]["Document"]["Statement"]
        resource = statement["Resource"]
        roles = [resource] if isinstance(resource, str) else resource
        ids |= {role.split(":")[4] for role in roles}
    return ids
