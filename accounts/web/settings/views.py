"""Settings: what Bowline runs with, who it is in AWS, and who may do what."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render

from accounts.models import ManagingAccount, Run
from accounts.web.access import ROLES
from accounts.web.request import Request
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.providers import PROVIDERS


def settings(request: Request) -> HttpResponse:
    """Show the settings; STS is asked apart, because it may take its time."""
    managing = ManagingAccount.objects.first()
    shown = caller(request, managing) if "ask" in request.GET else {}
    if request.htmx:
        return render(request, "settings/_caller.html", shown)
    people = {group.name: group.user_set.all() for group in groups()}
    shown |= {
        "managing": managing,
        "roles_and_people": [(role, people.get(role.name, [])) for role in ROLES],
        "providers": [(p.key, p.title, p.summary) for p in PROVIDERS.values()],
        "database": connection.display_name,
        "idle": Run.objects.abandoned().count(),
    }
    return render(request, "settings/settings.html", shown)


def groups() -> list[Group]:
    names = [role.name for role in ROLES]
    return list(Group.objects.filter(name__in=names).prefetch_related("user_set"))


def caller(request: Request, managing: ManagingAccount | None) -> dict[str, Any]:
    """Ask STS who Bowline is."""
    partition = managing.partition if managing else "aws"
    sessions = Sessions(run=f"web-{request.user.get_username()}", partition=partition)
    try:
        return {"caller": sessions.whoami()}
    except AwsError as error:
        return {"refusal": error}
