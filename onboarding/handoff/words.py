"""What the owner reads, on the page and in the zip: the same words in both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onboarding.access_role import Command
from onboarding.handoff import cloudformation, scripts
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.names import one_line
from onboarding.providers.eks import switch_mode
from onboarding.resources.kinds import (
    ClusterAccess,
    InlinePolicy,
    ManagedPolicy,
    Role,
)
from onboarding.resources.plan import Plan, PlannedChange, by_topic, diff
from onboarding.spinnaker.bundle.archive import File

TROUBLES = "If Bowline still waits"
STACK_SET = "StackSet"
ROLLED_BACK = (
    "If a role of the same name already exists, CloudFormation creates nothing, and "
    "the stack is in the state ROLLBACK_COMPLETE: delete it, and use Terraform, which "
    "can take the role over, or tell whoever sent you this."
)
SEEN = (
    "You don't need to report back. Bowline detects the roles and verifies the account "
    "automatically."
)
UNSEEN = (
    "Bowline detects the roles and verifies the account automatically. It can't see "
    "that you deployed a later version: say so to whoever sent it."
)
NEXT_VERSIONS = (
    "One of the policies lists the roles that Spinnaker may assume. With each account "
    "that Spinnaker deploys to, you receive the next version of the list. The same "
    "commands update the stack."
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to create everything: its steps in order, each with what to copy."""

    title: str
    says: str
    steps: tuple[Command, ...]


def about(one: HandOffPackage) -> tuple[str, ...]:
    """Say to somebody who never saw Bowline what this is and what will happen."""
    account = f"{one.managed.name} ({one.managed.account_id})"
    reads = (
        "With a second role, Bowline reads what exists in the account. This role can't "
        "change anything.",
    )
    if one.of_managing:
        return (
            f"Spinnaker runs with an identity in the AWS account {account}, and you "
            "create what belongs to it yourself, so nobody else needs IAM permissions.",
            *reads,
            *(() if one.managing.organization else (NEXT_VERSIONS,)),
            "Use one of these ways. You don't need to report back. Bowline reads what "
            "you created and verifies the account automatically.",
        )
    if not one.stacks:
        return (
            f"Spinnaker will deploy to clusters of the AWS account {account}. There "
            "are no resources to create in this account.",
            "Access to its clusters is given in each cluster's ConfigMap aws-auth. "
            "Whoever installs Bowline's bundle has the entry to add.",
        )
    return (
        f"Spinnaker will deploy to the AWS account {account}, and needs IAM roles in "
        "this account. You create them yourself, so nobody else needs IAM permissions.",
        *(reads if one.reader_role else ()),
        f"Use one of these ways. {SEEN if one.reader_role else UNSEEN}",
    )


def ways(one: HandOffPackage, *, with_zip: bool = False) -> tuple[Way, ...]:
    if not one.stacks:
        return ()
    sets = (stack_sets(one),) if one.stack_sets else ()
    commands = command_line(one, with_zip=with_zip)
    return (commands, console(one), terraform(one), *sets)


def command_line(one: HandOffPackage, *, with_zip: bool) -> Way:
    account = one.managed.account_id
    pasted = Command(
        "Paste this. It writes the template, and changes nothing if the credentials "
        "are of another account.",
        one.pasted,
    )
    unpacked = Command(
        "In CloudShell, upload the zip with Actions, Upload file, and unpack it with "
        "unzip. In the folder that then has create.sh, run this. It changes nothing "
        "if the credentials are of another account.",
        "sh create.sh",
    )
    return Way(
        "AWS CLI",
        "The same command creates the roles and updates them to a later version. "
        f"{ROLLED_BACK}",
        (
            Command(
                f"Sign in to account {account} as an administrator, and open "
                "CloudShell. You can also use a terminal with the AWS CLI.",
                "",
            ),
            unpacked if with_zip else pasted,
        ),
    )


def console(one: HandOffPackage) -> Way:
    steps = [
        Command(
            f"Sign in to account {one.managed.account_id} and open CloudFormation. "
            "Choose Create stack, With new resources. For a later version, choose the "
            "stack, Update, Replace existing template.",
            "",
        )
    ]
    for stack in one.stacks:
        says = (
            f"In {stack.region}, upload the template {stack.template.path}. The name "
            "of the stack is:"
        )
        steps.append(Command(says, stack.name))
    again = " Repeat these steps for each template." if len(one.stacks) > 1 else ""
    steps += [
        Command(
            "Leave the parameter as it is, and choose Next."
            if any(stack.parameters for stack in one.stacks)
            else "Choose Next.",
            "",
        ),
        Command(
            "Select “I acknowledge that AWS CloudFormation might create IAM resources "
            "with custom names”, and submit. The instance profile takes about 2 "
            f"minutes.{again}",
            "",
        ),
    ]
    return Way(
        "CloudFormation console",
        ROLLED_BACK,
        (*steps, *one.outside_stacks),
    )


def terraform(one: HandOffPackage) -> Way:
    linked = [c.text for c in one.outside_stacks if "service-linked-role" in c.text]
    missing = (
        Command(
            "If the account is missing AWS's own roles, name their services in the "
            "variable service_linked_roles of the module iam. Its description lists "
            "them.",
            "",
        ),
    )
    return Way(
        "Terraform",
        "A module without a provider, and a root that calls it for this account only. "
        "Keep the folder, because it then contains Terraform's state, and unpack a "
        "later version over it.",
        (
            Command("Unpack the files, and use the folder terraform.", "cd terraform"),
            Command(
                "If some of the roles exist already, rename imports.tf.json.example to "
                "imports.tf.json, and remove the blocks of roles that do not exist.",
                "",
            ),
            *(missing if linked else ()),
            Command(
                "Read the plan, and apply it.", "terraform init && terraform apply"
            ),
        ),
    )


def stack_sets(one: HandOffPackage) -> Way:
    return Way(
        STACK_SET,
        "For the administrator of the organization: one StackSet for all accounts with "
        "the same choices, in exactly one Region. In a delegated administrator's "
        "account, add --call-as DELEGATED_ADMIN. Run the commands in the folder "
        f"{cloudformation.FOLDER}.",
        tuple(
            step for stack in one.stack_sets for step in cloudformation.commands(stack)
        ),
    )


def message(one: HandOffPackage, links: Sequence[str] = ()) -> str:
    """Write what goes to the owner, with the zip attached; links open the console."""
    if not one.stacks:
        return "\n\n".join(about(one))
    account = one.managed.account_id
    opened = (
        f"Sign in to account {account}, and create the stack in the CloudFormation "
        "console:",
        *links,
        "If there is a stack of that name, or you prefer another way:",
    )
    return "\n\n".join(
        (
            *about(one)[:-1],
            *(opened if links else ()),
            unpacking(one),
            "You don't need to report back.",
        )
    )


def update_message(one: HandOffPackage, *, had: int, number: int) -> str:
    """Write what goes to an owner who has an earlier version."""
    account = f"{one.managed.name} ({one.managed.account_id})"
    return "\n\n".join(
        (
            f"Version {number} of the roles for Spinnaker in the AWS account {account} "
            f"replaces version {had}, which you deployed. The stack keeps its name, "
            f"{one.stack_name}, and the same command updates it.",
            unpacking(one),
            *(() if one.reader_role else (UNSEEN,)),
        )
    )


def unpacking(one: HandOffPackage) -> str:
    return (
        f"Unpack {archive_name(one)}, read README.md, and run create.sh with "
        f"credentials of account {one.managed.account_id}. It also says how to do it "
        "in the CloudFormation console or with Terraform."
    )


def removal_message(one: HandOffPackage) -> str:
    """Write what goes to the owner of an account that is being removed."""
    account = f"{one.managed.name} ({one.managed.account_id})"
    if not one.stacks:
        return (
            f"Spinnaker no longer deploys to the AWS account {account}. There are no "
            "resources to delete in this account."
        )
    where = "the account"
    commands = f"{one.delete_command}\n\n{scripts.WITH_TERRAFORM}"
    if one.stack_sets:
        where = "the StackSet's administrator"
        steps = cloudformation.taken_out(one.stack_sets, one.managed.account_id)
        commands = "\n\n".join(f"{step.says}\n{step.text}" for step in steps)
    return "\n\n".join(
        (
            f"Spinnaker no longer deploys to the AWS account {account}. Delete the "
            f"roles that you created for it: run this with credentials of {where}.",
            commands,
            f"{one.stays} You don't need to report back.",
        )
    )


def archive_name(one: HandOffPackage) -> str:
    return f"{one.stack_name}.zip"


def package(one: HandOffPackage) -> tuple[File, ...]:
    """List what somebody without a login receives, with the page's words."""
    sets, own_id = one.stack_sets, one.managed.account_id
    return (
        File("README.md", readme(one)),
        *one.files(),
        *(
            File(f"{cloudformation.FOLDER}/{s.template.path}", s.template.text)
            for s in sets
        ),
        *(
            (File(f"{cloudformation.FOLDER}/{cloudformation.ACCOUNTS}", f"{own_id}\n"),)
            if sets
            else ()
        ),
    )


def troubles(one: HandOffPackage) -> tuple[Command, ...]:
    """Say what may be wrong where the owner is done, and Bowline still waits."""
    if not one.stacks:
        return ()
    # The stacks of a StackSet have names that CloudFormation makes up.
    stacks = () if one.for_organization else (state_of(one),)
    accesses = [r for r in one.resources if isinstance(r, ClusterAccess)]
    modes = (
        Command(
            "If the stack of a cluster fails, the cluster may not support access "
            "entries yet. This switches its authentication mode, which cannot be "
            "undone. The stack also fails if the cluster has an access entry for "
            f"{one.managing.identity_arn} already.",
            "\n".join(switch_mode(r.cluster, r.region) for r in accesses),
        ),
    )
    return (*stacks, *(modes if accesses else ()))


def state_of(one: HandOffPackage) -> Command:
    given = one.stacks[0].parameters.values()
    external_id = f", followed by {one_line(' '.join(given))}" if given else ""
    return Command(
        f"With CloudFormation, the stack must be in account {one.managed.account_id}. "
        "This prints its state, which must be CREATE_COMPLETE or UPDATE_COMPLETE"
        f"{external_id}. If it prints anything else, deploy the template again.",
        scripts.in_account(one.managed.account_id, scripts.state(one.stacks[0])),
    )


def readme(one: HandOffPackage) -> str:
    return "\n".join(readme_lines(one))


def readme_lines(one: HandOffPackage) -> Iterator[str]:
    yield f"# Roles for Spinnaker in {one.managed.name} ({one.managed.account_id})"
    for sentence in about(one):
        yield f"\n{sentence}"
    if not one.stacks:
        return
    yield from contents(one)
    for way in ways(one, with_zip=True):
        yield f"\n## {way.title}\n\n{way.says}\n"
        yield from steps_written(way)
    if found := troubles(one):
        yield f"\n## {TROUBLES}\n"
        yield from steps_written(Way(TROUBLES, "", found))
    yield "\n## To remove everything again\n"
    yield f"Tell whoever runs Spinnaker first. {one.stays}\n"
    yield from steps_written(Way("", "", tuple(removing(one))))


def removing(one: HandOffPackage) -> Iterator[Command]:
    """Yield a step for each of the ways to create it."""
    yield Command(f"Delete the stack. {scripts.WITH_TERRAFORM}", "sh delete.sh")
    yield from cloudformation.taken_out(one.stack_sets, one.managed.account_id)


def contents(one: HandOffPackage) -> Iterator[str]:
    """Say what is created, and what an approver reads first of it."""
    yield "\n## What you create\n\nThe templates list every action.\n"
    yield from created(one)
    changes = map(PlannedChange.of, diff(one.resources, ()))
    yield "\n## What this allows\n\nThe most severe first:\n"
    for concern in by_topic(Plan(tuple(changes)).risks):
        yield from (f"- {risk.key.name}: {risk.sentence}" for risk in concern.risks)


def created(one: HandOffPackage) -> Iterator[str]:
    """Say what the roles are for, and what each policy permits."""
    for each in one.resources:
        match each:
            case Role() | ManagedPolicy() | InlinePolicy():
                yield f"- {each.name}: {each.reason}"
            case ClusterAccess():
                yield f"- {each.cluster}: {each.reason}"


def steps_written(way: Way) -> Iterator[str]:
    for number, step in enumerate(way.steps, start=1):
        yield f"{number}. {step.says}"
        if step.text:
            yield "\n" + indented(step.text) + "\n"


def indented(text: str) -> str:
    return "\n".join(f"       {line}".rstrip() for line in text.splitlines())
