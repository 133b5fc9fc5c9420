"""One account's page: what exists, what was proved, and what you can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.external_ids import accepted_now, stages
from accounts.http import Request
from accounts.mapping.entries import unplanned_entries, verified_bake_account
from accounts.mapping.managed import topology_of
from accounts.mapping.managing import managing_of
from accounts.models import (
    CheckResult,
    FoundRoles,
    ManagedAccount,
    ManagingAccount,
    Run,
    Step,
)
from accounts.models.states import BROKEN, FAILURES, OPEN, State, Status
from accounts.runs.actions import accept
from accounts.runs.deciding.confirmation import confirm_leaving
from accounts.runs.deciding.forgetting import (
    forget_account,
    leave_in_aws,
    why_not_leave,
)
from accounts.runs.foreign.taking_over import unverified_by_trust
from accounts.runs.inactive import inactive_members
from accounts.runs.owners.hand_offs import versions_of
from accounts.spinnaker.presence import presence_of
from accounts.web.accounts.verdict import lines_of, others_of, sentence_of
from accounts.web.adopting.taking_over import existing_roles_of
from accounts.web.crumbs import crumbs
from accounts.web.highlighting import highlighted_json
from accounts.web.live.views import live_account, watched
from accounts.web.posts import post
from accounts.web.role_limits import here
from accounts.web.runs.decisions import account_of
from accounts.web.runs.views import fixes_of
from accounts.web.wizard.steps import undone
from accounts.wording import listed
from onboarding.aws.errors import NOT_OURS
from onboarding.desired import desired
from onboarding.desired.managed import grants
from onboarding.details import DetailsError
from onboarding.grants import Access, Grant
from onboarding.partitions import Arn
from onboarding.providers import PROVIDERS
from onboarding.providers.base import providers_of
from onboarding.providers.entry_kinds import AwsEntry
from onboarding.resources.kinds import Key, Resource
from onboarding.resources.plan import NotOurs
from onboarding.resources.policy import QuotaExceeded
from onboarding.spinnaker.entries import entries
from onboarding.topology import Managed, Managing, Topology


class Known(NamedTuple):
    """One account of Spinnaker's."""

    name: str
    provider: str
    """The key whose logo it carries."""
    kind: str
    about: str


class ProviderPermissions(NamedTuple):
    """What the managed role can do for one provider."""

    title: str
    reads: str
    changes: str
    hands_over: tuple[str, ...]
    """Roles, each with the service that may be given it."""


def known_as(topology: Topology) -> Iterator[Known]:
    """Yield the accounts that Spinnaker will know these accounts as, so far."""
    found = entries(topology)
    accounts = {managed.account_id: managed for managed in topology.managed}
    for aws in found.aws:
        titles = listed([*titles_in_aws(topology.managing, accounts[aws.account_id])])
        kind = f"AWS account with {titles}" if titles else "AWS account"
        yield Known(aws.name, "ec2", kind, aws.assume_role)
    for ecs in found.ecs:
        yield Known(ecs.name, "ecs", "ECS account", f"uses {ecs.aws_account}")
    for cluster in found.kubernetes:
        yield Known(
            cluster.name,
            "eks",
            "Kubernetes account",
            f"cluster {cluster.cluster} in {cluster.region}",
        )


def titles_in_aws(managing: Managing, managed: Managed) -> Iterator[str]:
    """Name the providers that Spinnaker knows by the account's AWS entry alone."""
    for provider in providers_of(managed):
        known = provider.entries(managing, managed)
        if known and all(isinstance(entry, AwsEntry) for entry in known):
            yield provider.title


def allowed(topology: Topology) -> tuple[ProviderPermissions, ...]:
    """Say in words what the managed role of the topology's one account may do, by
    provider.
    """
    (managed,) = topology.managed
    by_title = grants(topology.managing, managed)
    return tuple(
        ProviderPermissions(
            title=title,
            reads=capabilities(granted, Access.READ),
            changes=capabilities(granted, Access.WRITE),
            hands_over=tuple(hand_overs(granted)),
        )
        for title, granted in by_title.items()
        if granted
    )


def capabilities(granted: tuple[Grant, ...], access: Access) -> str:
    words = (grant.capability for grant in granted if grant.access is access)
    return ", ".join(dict.fromkeys(words))


def hand_overs(granted: tuple[Grant, ...]) -> Iterator[str]:
    for grant in granted:
        if grant.access is Access.PASS_ROLE and grant.condition:
            service = grant.condition["StringEquals"]["iam:PassedToService"]
            roles = [Arn.of(arn).resource for arn in grant.resources]
            yield f"{' and '.join(roles)} to {service}"


class Tab(NamedTuple):
    key: str
    """In the address: `?tab=key`."""
    title: str
    total: int | None = None
    """How many rows it has; None: it is no list."""
    page: str = ""
    """The address of its own page; empty: it is a part of this one."""

    @property
    def url(self) -> str:
        return self.page or f"?tab={self.key}"

    @property
    def template(self) -> str:
        return f"accounts/_{self.key.replace('-', '_')}.html"


def chosen_tab(request: HttpRequest, tabs: Sequence[Tab]) -> Tab:
    """Return the tab that the address names, else the first one."""
    asked = request.GET.get("tab")
    return next((tab for tab in tabs if tab.key == asked and not tab.page), tabs[0])


NEWEST = 10
"""The most runs and bundles on the page; the lists have the rest."""


class ExistingResource(NamedTuple):
    """A resource of the account, and what runs learned of it."""

    resource: Resource
    document: SafeString
    step: Step | None
    """The last one that was carried out."""
    is_taken: bool
    """Something that Bowline did not make has its name."""
    is_planned: bool
    """A plan read AWS, and would create it."""


def locked_out(account: ManagedAccount, managing: ManagingAccount | None) -> str:
    """Say who can't deploy because this is the bake account, which has groups."""
    if managing is None or not (account.read_roles or account.write_roles):
        return ""
    if account.name != managing.ami_owner and (
        account.account_id != managing.account_id
    ):
        return ""
    bake = verified_bake_account(managing)
    return bake.warning if bake and bake.name == account.name else ""


def account(request: Request, pk: UUID) -> HttpResponse:
    account = account_of(pk)
    live = watched(request, live_account(account))
    managing = ManagingAccount.objects.first()
    runs = list(account.runs.all()[:NEWEST])
    checked = account.runs.filter(checks__isnull=False).first()
    checks = list(CheckResult.objects.filter(run=checked)) if checked else []
    bundles = list(account.bundles.light()[:NEWEST])
    newest_bundle = account.bundles.light().built().first() if bundles else None
    may_be_there = account.granted_at or newest_bundle
    cause = cause_of(account, runs)
    found = iam(managing, account, cause)
    foreign = list(account.foreign_policies.all())
    counts = {
        "checks": len(checks),
        "in-aws": len(found.get("existing", ())),
        "of-others": len(foreign),
    }
    existing = found_existing(account)
    tabs = tabs_of(account, counts, managing, existing)
    tab = chosen_tab(request, tabs)
    member = inactive_members().filter(account_id=account.account_id).first()
    shown = {
        "live": live,
        "account": account,
        "crumbs": crumbs("accounts"),
        "tabs": tabs,
        "tab": tab,
        "managing": managing,
        "undone": undone(account),
        "member": member,
        "runs": runs,
        "cause": cause,
        "fixes": fixes_of(cause) if cause else None,
        "is_to_verify": account.standing.is_to_verify
        or bool(cause and cause.advises == Run.Kind.VERIFY),
        "is_trust_next": bool(unverified_by_trust(account)),
        "open": next((run for run in runs if run.status in OPEN), None),
        "checked": checked,
        "checks": checks,
        "sentence": sentence_of(account, is_active=member is None),
        "lines": lines_of(checks, only_read=account.state == State.EVALUATED),
        "of_others": others_of(foreign),
        "foreign": foreign,
        "bundles": bundles,
        "newest_bundle": newest_bundle,
        "details": details_of(account),
        "through_role": account.in_aws_provider,
        "presence": presence_of(account) if may_be_there else None,
        "stays": why_not_leave(account) if tab.key == "remove" else "",
        "versions": versions_of(account) if account.is_handed_off else None,
        "locked_out": locked_out(account, managing),
        "ask_approver": partial(accept.whom, account, request.user),
        **rotation(account),
        **found,
        **here(request, *account.environments),
    }
    if existing and tab.key == "of-others":
        wanted = [one.resource for one in found.get("existing", ())]
        shown |= existing_roles_of(account, existing, foreign, wanted)
    return render(request, "accounts/account.html", shown)


def found_existing(account: ManagedAccount) -> FoundRoles | None:
    """Return what was read of roles that were there before Bowline; None: none were."""
    found = FoundRoles.objects.of(account).exclude(taken="")
    return found.first() if account.adopts else None


def tabs_of(
    account: ManagedAccount,
    counts: Mapping[str, int],
    managing: ManagingAccount | None,
    existing: FoundRoles | None,
) -> list[Tab]:
    """List the page's tabs; where nothing was checked, what will exist comes first."""
    checks = Tab("checks", "Checks", counts["checks"])
    in_aws = Tab("in-aws", "In AWS", counts["in-aws"])
    tabs = [checks, in_aws] if checks.total else [in_aws, checks]
    if counts["of-others"] or existing:
        title = "Existing roles" if existing else "Policies of others"
        tabs.append(Tab("of-others", title, counts["of-others"] or None))
    if managing and account.providers.all():
        url = reverse("accounts:permissions", args=[account.pk])
        tabs.append(Tab("permissions", "Permissions", page=url))
    return [
        *tabs,
        Tab("settings", "Account settings"),
        Tab("history", "History"),
        Tab("remove", "Remove" if account.granted_at else "Delete"),
    ]


def cause_of(account: ManagedAccount, runs: list[Run]) -> Run | None:
    """Find the run whose error explains the account's state."""
    if account.state in BROKEN:
        ended = (run for run in runs if run.status in FAILURES)
    else:
        ended = (run for run in runs[:1] if run.status == Status.OUTDATED)
    run = next(ended, None)
    return run if run and run.error else None


def rotation(account: ManagedAccount) -> dict[str, Any]:
    """Return the stages of a rotation of the external ID, the one that comes next, and
    what AWS accepts meanwhile.
    """
    accepted = {"accepted_now": accepted_now(account)}
    if not account.former_external_id:
        return accepted
    found = stages(account)
    waiting = next((stage for stage in found if not stage.done), None)
    return {**accepted, "rotation": found, "rotation_now": waiting}


def details_of(account: ManagedAccount) -> list[tuple[str, str, SafeString]]:
    """List (key, title, details) of the chosen providers, in the offered order."""
    chosen = {provider.key: provider.details for provider in account.providers.all()}
    return [
        (key, provider.title, highlighted_json(chosen[key]))
        for key, provider in PROVIDERS.items()
        if key in chosen
    ]


def iam(
    managing: ManagingAccount | None, account: ManagedAccount, cause: Run | None
) -> dict[str, Any]:
    """List what exists or will exist, as far as the account is described."""
    if managing is None:
        return {}
    try:
        described = managing_of(managing)
        topology = topology_of(described, [account])
        resources = desired(topology, *topology.managed)
        known = list(known_as(topology))
    except (DetailsError, QuotaExceeded) as error:
        return {"trouble": str(error)}
    steps, planned = last_steps(account)
    existing = [
        ExistingResource(
            resource,
            highlighted_json(resource.as_json()),
            steps.get(resource.key),
            taken(resource, cause),
            is_planned=resource.key in planned,
        )
        for resource in resources
    ]
    waits = unplanned_entries(described, account) if account.approved_entries else ()
    return {"existing": existing, "known": known, "waits_for_plan": waits}


def taken(resource: Resource, cause: Run | None) -> bool:
    """Return whether the run failed because of what has this resource's name."""
    error = (cause and cause.error) or {}
    is_taken = error.get("code") == NOT_OURS
    return is_taken and error.get("message") == str(NotOurs(resource))


def last_steps(account: ManagedAccount) -> tuple[dict[Key, Step], set[Key]]:
    """Return the last step that was carried out for each resource of the account, and
    what plans would have created.
    """
    done, planned = {}, set()
    steps = Step.objects.filter(run__account=account).defer("before", "after")
    for step in steps.order_by("finished_at"):
        key = Key(step.account_id, step.kind, step.name)
        if step.status == Step.Status.DONE:
            done[key] = step
        elif step.verb == "create":
            planned.add(key)
    return done, planned


def named_to_leave(posted: QueryDict, account: ManagedAccount) -> dict[str, Any]:
    confirm_leaving(account.name, posted.get("leave", "").strip())
    return {}


posts = [
    post(
        "accounts/<uuid:pk>/forget/",
        forget_account,
        name="forget",
        find=account_of,
        said="{0.name} is deleted from Bowline. Nothing changed in AWS.",
        then="accounts:accounts",
    ),
    post(
        "accounts/<uuid:pk>/leave/",
        leave_in_aws,
        name="leave",
        find=account_of,
        given=named_to_leave,
        said="{0.name} is deleted from Bowline and stays as it is in AWS. The managing "
        "account's page lists its role.",
        then="accounts:accounts",
        refused=lambda account: f"{account.get_absolute_url()}?tab=remove",
    ),
]
