"""What an organization's administrator reads: one StackSet for many accounts, on the
page and in the zip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from onboarding.access_role import Command
from onboarding.handoff import cloudformation
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.handoff.scripts import Stack
from onboarding.handoff.words import Way, contents, steps_written
from onboarding.names import counted
from onboarding.spinnaker.bundle.archive import File

ARCHIVE = "bowline-organization.zip"


@dataclass(frozen=True, slots=True)
class ForMany:
    """What all accounts with the same choices receive."""

    one: HandOffPackage
    """Of any of them: they differ in nothing that the administrator runs."""
    account_ids: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.one.stack_name

    def files(self) -> Iterator[File]:
        """List the templates, and the accounts that they are for."""
        for stack in self.one.stacks:
            yield stack.template
        listed = "".join(f"{account_id}\n" for account_id in self.account_ids)
        yield File(cloudformation.ACCOUNTS, listed)


def about(one: HandOffPackage) -> tuple[str, ...]:
    """Say to an administrator who never saw Bowline what this is and does."""
    reads = (
        "With a second role, Bowline reads what exists in each account. This role "
        "can't change anything.",
    )
    derived = (
        "Each account gets an external ID of its own: the template derives it from the "
        "parameter ExternalIdPrefix and the account's id. Leave the parameter as it "
        "is.",
    )
    return (
        "Spinnaker will deploy to these AWS accounts, and needs IAM roles in each of "
        "them. You create them yourself, so nobody else needs IAM permissions.",
        *(reads if one.reader_role else ()),
        *(derived if one.managed.external_id else ()),
        "You don't need to report back. Bowline detects the role of each account and "
        "verifies the accounts automatically.",
    )


def ways(one: HandOffPackage) -> tuple[Way, ...]:
    """List the ways to deploy the one template to many accounts."""
    return (service_managed(one), console(one), self_managed(one))


def service_managed(one: HandOffPackage) -> Way:
    return Way(
        "AWS CLI, for organizational units",
        "In the organization's management account. In a delegated administrator's "
        "account, add --call-as DELEGATED_ADMIN to each command. A StackSet of an "
        "organizational unit also creates the roles in accounts that Bowline does not "
        "know, and in those that join the unit later; an account that leaves the unit "
        "loses them.",
        tuple(step for stack in one.stacks for step in cloudformation.commands(stack)),
    )


def self_managed(one: HandOffPackage) -> Way:
    roles = " and ".join(cloudformation.ROLES)
    return Way(
        "AWS CLI, for listed accounts",
        f"Self-managed permissions: the roles {roles} must exist. It reaches any "
        "account, the organization's management account included, and no account "
        "that joins later.",
        tuple(
            step for stack in one.stacks for step in cloudformation.self_managed(stack)
        ),
    )


def console(one: HandOffPackage) -> Way:
    opened = Command(
        "Sign in to the organization's management account and open CloudFormation, "
        "StackSets. Choose Create StackSet, Service-managed permissions. For a later "
        "version, choose the StackSet, Edit StackSet details, Replace current "
        "template.",
        "",
    )
    return Way(
        "CloudFormation console",
        "A StackSet has one Region only: IAM is global, and a second Region would "
        "create the same roles again.",
        (opened, *(step for stack in one.stacks for step in in_console(stack))),
    )


def in_console(stack: Stack) -> Iterator[Command]:
    yield Command(
        f"Upload the template {stack.template.path}. The name of the StackSet is:",
        stack.name,
    )
    yield Command(
        "Leave the parameter as it is. Select “I acknowledge that AWS CloudFormation "
        "might create IAM resources with custom names”.",
        "",
    )
    yield Command(
        "Choose the organizational units to deploy to, and one Region:", stack.region
    )
    yield cloudformation.not_covered(stack)


def message(sets: Iterable[ForMany]) -> str:
    """Write what goes to the administrator, with the zip attached."""
    sets = list(sets)
    return "\n\n".join(
        (
            *about(sets[0].one)[:-1],
            "\n".join(
                f"StackSet {one.name}: {counted(len(one.account_ids), 'account')}."
                for one in sets
            ),
            f"Unpack {ARCHIVE} and read README.md. It says how to deploy with the AWS "
            "CLI or in the CloudFormation console.",
            "You don't need to report back.",
        )
    )


def package(sets: Iterable[ForMany]) -> tuple[File, ...]:
    """List what an administrator without a login receives: a folder a StackSet."""
    sets = list(sets)
    return (
        File("README.md", "\n".join(readme_lines(sets))),
        *(
            File(f"{one.name}/{file.path}", file.text)
            for one in sets
            for file in one.files()
        ),
    )


def readme_lines(sets: Iterable[ForMany]) -> Iterator[str]:
    yield "# Roles for Spinnaker in the accounts of an organization"
    for place, one in enumerate(sets):
        if not place:
            for sentence in about(one.one):
                yield f"\n{sentence}"
        count = counted(len(one.account_ids), "account")
        yield f"\n# StackSet {one.name}\n\nFor {count}. Run in the folder {one.name}."
        yield from contents(one.one)
        for way in ways(one.one):
            yield f"\n## {way.title}\n\n{way.says}\n"
            yield from steps_written(way)
