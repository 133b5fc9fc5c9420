"""The page for a security reviewer, and the rotation of an external ID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.external_ids import (
    RotationRefused,
    cancel_rotation,
    finish_rotation,
    rotate,
)
from accounts.http import Request
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import NoManagingAccount, managing_of, managing_row
from accounts.models import ManagedAccount
from accounts.models.states import State
from accounts.people.doors import operator_required
from accounts.web.rights.as_found import Reading
from accounts.web.rights.chain_picture import narrow, wide
from accounts.web.rights.trust_chain import trust_chain
from onboarding.desired import POLICY_SET, desired
from onboarding.desired.image_keys import key_policy_statements
from onboarding.desired.managing import identity
from onboarding.details import DetailsError
from onboarding.partitions import Arn
from onboarding.resources.kinds import KeyGrant, Role
from onboarding.review import power_user
from onboarding.review.evidence import SPINNAKER
from onboarding.review.lint import explained
from onboarding.review.rights import (
    folders,
    identity_trust,
    managed_review,
    managing_topics,
    other_roles,
)
from onboarding.topology import Managed, Managing, Topology

PROVED = (State.VERIFIED, State.EVALUATED)


def rights(request: Request, pk: UUID) -> HttpResponse:
    """Show who may assume the managed role, what it may do, and why; printable."""
    account = get_object_or_404(
        ManagedAccount.objects.prefetch_related("providers"), pk=pk
    )
    try:
        managing = managing_of(managing_row())
    except NoManagingAccount as error:
        raise Http404(str(error)) from error
    shown = {
        "account": account,
        "crumbs": [
            ("Accounts", reverse("accounts:accounts")),
            (account.name, account.get_absolute_url()),
        ],
        "latest": POLICY_SET,
        "source": {
            "spinnaker": f"https://github.com/{SPINNAKER.name}/tree/{SPINNAKER.version}",
            "version": SPINNAKER.version.removeprefix("spinnaker-release-"),
        },
    }
    try:
        shown |= reviewed(managing, managed_of(account), account)
    except DetailsError as error:
        shown["trouble"] = str(error)
    return render(request, "rights/rights.html", shown)


def reviewed(
    managing: Managing, managed: Managed, account: ManagedAccount
) -> dict[str, Any]:
    """Return what a reviewer reads: what is planned, and what AWS had of it."""
    review = managed_review(managing, managed)
    resources = desired(Topology(managing, (managed,)), managed)
    reading, managings = Reading.of(account), Reading.of(managing_row())
    planned = {r.name: r for r in resources if isinstance(r, Role)}
    found = {name: reading.role_said(role) for name, role in planned.items()}
    identity_role = next((r for r in identity(managing) if isinstance(r, Role)), None)
    chain = trust_chain(managing, managed, review)
    identity_topics = managing_topics(managing)
    grants = [r for r in resources if isinstance(r, KeyGrant)]
    elsewhere = next((grant for grant in grants if grant.crosses_accounts), None)
    return {
        "managing": managing,
        "has_providers": bool(managed.providers),
        "review": review,
        "reading": reading,
        "verdict": reading.verdict(resources, is_edited=reading.is_edited(resources)),
        "is_as_verified": account.state in PROVED and reading.is_exact(resources),
        "found": found.get(managing.managed_role),
        "size": reading.size(managing.managed_role, review),
        "managings": managings,
        "identity_verdict": managings.verdict(
            [identity_role] if identity_role else [], is_edited=None
        ),
        "identity_found": (
            managings.role_said(identity_role) if identity_role else None
        ),
        "chain": chain,
        "drawings": [("wide", wide(chain)), ("narrow", narrow(chain))],
        "other_roles": [
            (one, found[Arn.of(one.arn).name])
            for one in other_roles(managing, resources)
        ],
        "key_grants": grants,
        "key_policy": key_policy_statements(elsewhere) if elsewhere else [],
        "lint": explained(review.topics),
        "power_user_version": power_user.VERSION,
        "identity_topics": identity_topics,
        "identity_trust": identity_trust(managing),
        "is_user": Arn.of(managing.identity_arn).kind == "user",
        "identity_lint": explained(identity_topics),
        "folders": folders(*review.topics, *identity_topics).items(),
    }


@require_POST
@operator_required
def rotation_begin(request: Request, pk: UUID) -> HttpResponse:
    return rotated(
        request, pk, rotate, "A new external ID was created. Plan again: both"
    )


@require_POST
@operator_required
def rotation_finish(request: Request, pk: UUID) -> HttpResponse:
    return rotated(request, pk, finish_rotation, "Plan again: only the new external ID")


@require_POST
@operator_required
def rotation_cancel(request: Request, pk: UUID) -> HttpResponse:
    return rotated(request, pk, cancel_rotation, "Plan again: the previous external ID")


def rotated(
    request: Request,
    pk: UUID,
    act: Callable[[ManagedAccount, User], None],
    done: str,
) -> HttpResponse:
    account = get_object_or_404(ManagedAccount, pk=pk)
    try:
        act(account, request.user)
    except RotationRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{done} will then be accepted.")
    return redirect(account)
