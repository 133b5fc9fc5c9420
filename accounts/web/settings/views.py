"""Settings: what Bowline runs with, who it is in AWS, and who may do what."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import conf
from django.contrib import messages
from django.db import connection
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from accounts.discover.in_aws import bowline_identity
from accounts.http import Request
from accounts.models import EnvironmentRule, ManagingAccount, Run
from accounts.people.deciding import SamePerson, where
from accounts.people.doors import posted_by_administrator
from accounts.people.policies import managing_is_strict, policies
from accounts.people.role_limits.naming import only
from accounts.people.roles import NAMED, ROLES, UserRole, some_of
from accounts.runs.owners.publishing import template_bucket
from accounts.web.people.listing import matching_people
from accounts.web.questions import Asking, look_up
from accounts.web.settings.rule_form import RuleForm
from accounts.web.settings.side import PAGES, part_of
from accounts.web.settings.switching_off import ask_off, switch_off, switch_on
from accounts.web.single_sign_on.provider import sign_on_provider
from accounts.web.single_sign_on.roles import RolesByGroup, reaches
from accounts.web.you.confirmation import confirmation_required
from accounts.work.heartbeat import clock_skew
from onboarding.providers import PROVIDERS

RULES = next(page for page in PAGES if page.tab == "rules")


def settings(request: Request) -> HttpResponse:
    """Show one part of the settings."""
    page = part_of(request)
    shown: dict[str, Any] = {
        "title": page.title,
        "part": f"settings/_{page.tab or 'roles'}.html",
    }
    match page.tab:
        case "site":
            shown |= site(request)
            if request.htmx:
                return render(request, "settings/_caller.html", shown)
        case "rules":
            return rules_page(request, RuleForm())
        case _:
            provider = sign_on_provider()
            by_group = provider.roles if provider else {}
            shown["roles_and_people"] = [
                (role, who_has(role), groups_with(role, by_group)) for role in ROLES
            ]
    return render(request, "settings/settings.html", shown)


def rules_page(request: Request, form: RuleForm) -> HttpResponse:
    """Show who may approve, and which environments accounts must be in."""
    shown = {
        "title": RULES.title,
        "part": "settings/_rules.html",
        "policies": policies(),
        "managing_is_strict": managing_is_strict(),
        "environment_rules": EnvironmentRule.objects.all(),
        "form": form,
    }
    return render(request, "settings/settings.html", shown)


def site(request: Request) -> dict[str, Any]:
    """Say what Bowline runs with; STS is asked apart, by a worker."""
    managing = ManagingAccount.objects.first()
    return {
        **caller(request, managing),
        "managing": managing,
        "sign_on": sign_on_provider(),
        "passwords_for": conf.settings.PASSWORDS_FOR,
        "providers": [(p.key, p.title, p.summary) for p in PROVIDERS.values()],
        "database": connection.display_name,
        "bucket": template_bucket(),
        "max_age": conf.settings.VERIFICATION_MAX_AGE,
        "mail_server": conf.settings.EMAIL_HOST,
        "site_url": conf.settings.SITE_URL,
        "skew": clock_skew(),
        "idle": Run.objects.abandoned().count(),
    }


def who_has(role: UserRole) -> str:
    """Name some of those who have the role, and say how many more there are."""
    found = matching_people(
        QueryDict(urlencode({"role": role.name, "state": "active"}))
    )
    names = [user.username for user in found[:NAMED]]
    return some_of(names, count=found.count())


def groups_with(role: UserRole, by_group: RolesByGroup) -> list[str]:
    """Name the groups of the single sign-on that have this role, and where."""
    found = []
    for group, names in sorted(by_group.items()):
        given = reaches(names)
        if role.name in given:
            reach = given[role.name]
            where = "" if reach is None else f", in {only(reach)}"
            found.append(f"{group}{where}")
    return found


@posted_by_administrator
@confirmation_required("accounts:settings", tab=RULES.tab)
def second_approver(request: Request) -> HttpResponse:
    """Decide whether whoever plans in an environment may approve there, too: to let
    them takes a second administrator.
    """
    known = {policy.environment for policy in policies()}
    environment = request.POST.get("environment", "")
    place = where(environment)
    if environment not in known:
        messages.error(request, "This environment doesn't exist. Nothing was changed.")
        return redirect(RULES.address)
    match request.POST.get("second_approver"):
        case "on":
            switch_on(environment, request.user)
            messages.success(request, f"{place}, plans now require a second approver.")
        case "ask":
            if ask_off(environment, request.user):
                says = "Another administrator must confirm it."
                messages.success(
                    request, f"{place}, plans still require a second approver. {says}"
                )
        case "off":
            try:
                if switch_off(environment, request.user):
                    messages.success(
                        request,
                        f"{place}, plans no longer require a second approver.",
                    )
            except SamePerson as error:
                messages.error(request, str(error))
    return redirect(RULES.address)


def caller(request: Request, managing: ManagingAccount | None) -> dict[str, Any]:
    """Say who Bowline is, as STS answered a worker."""
    question = bowline_identity.at(managing.partition if managing else "aws")
    looked = look_up(request, question)
    if isinstance(looked, Asking):
        return {"asking": looked}
    if looked.refused:
        return {"refusal": looked}
    return {"caller": looked.answer}
