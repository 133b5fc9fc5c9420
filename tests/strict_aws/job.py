"""The headless job on two fresh accounts, as `manage.py onboard` does it."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import call_command

from accounts.models import ManagedAccount, Run
from accounts.models.states import State
from accounts.runs.actions import approve, plan, remove, verify
from accounts.runs.stages import carry_on
from script.emulated_organization import (
    REGIONS,
    Account,
    Edge,
    seed_cluster,
    seed_function,
    seed_network,
    seed_service_linked_role,
)
from tests.onboarding.aws.field import ACCESS_ROLE, Field, session

EVERYTHING = (
    "{ec2: {}, ecs: {}, lambda: {}, eks: {clusters: "
    "[{name: apps, region: us-east-1, namespaces: []}]}}"
)
PLANNED = ("  !", "  +", "  ~", "   ")
"""How lines of a plan begin."""


@dataclass
class Job:
    """One managed account, in an accounts file."""

    field: Field
    file: Path
    regions: tuple[str, ...] = ("us-east-1",)
    providers: str = EVERYTHING
    managing: str = ""
    """What else the file says of the managing account, such as `, boundary: B`."""
    output: str = ""

    def seed(self) -> Job:
        """Make what the providers' checks look for."""
        account = Account(name="staging", account_id=self.field.managed_id)
        edge = Edge(session(), self.field.endpoint, account)
        seed_service_linked_role(edge.client("iam"))
        for region in REGIONS:
            seed_network(edge.client("ec2", region))
            edge.client("ec2", region).create_key_pair(KeyName="staging-keypair")
            edge.client("ecs", region).create_cluster(clusterName="services")
        seed_cluster(edge, account, "us-east-1")
        seed_function(edge, account, "us-east-1")
        return self

    def onboard(self, *options: Any) -> State:
        """Onboard the account, and give the state in which it ends."""
        regions = ", ".join(self.regions)
        self.file.write_text(
            f"managing: {{name: core, account_id: '{self.field.managing_id}'"
            f"{self.managing}}}\n"
            "accounts:\n"
            f"- {{name: staging, account_id: '{self.field.managed_id}', "
            f"regions: [{regions}], access_role: {ACCESS_ROLE}, "
            f"providers: {self.providers}}}\n"
        )
        out = io.StringIO()
        for approval in ([], ["--approve"]):
            with suppress(SystemExit):
                said = [str(self.file), *approval, *options]
                call_command("onboard", *said, stdout=out, stderr=out)
        # How it ended, without what was planned.
        lines = out.getvalue().splitlines()
        self.output = "\n".join(line for line in lines if line[:3] not in PLANNED)
        return self.state

    @property
    def account(self) -> ManagedAccount:
        return ManagedAccount.objects.get(name="staging")

    @property
    def state(self) -> State:
        return State(self.account.state)

    def bring_up_to_date(self) -> Run:
        return carried_out(plan(self.account, None))

    def verify(self) -> Run:
        return carried(verify(self.account, None))

    def remove(self) -> Run:
        return carried_out(remove(self.account, None))


def carried_out(run: Run) -> Run:
    """Plan, approve and carry out."""
    run = carried(run)
    if approve(run, None):
        run = carried(run)
    return run


def carried(run: Run) -> Run:
    carry_on(run)
    return Run.objects.get(pk=run.pk)
