"""Settings: what Bowline runs with, and in which environments two people decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlencode

from django import conf, forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.decisions.decision import setting
from accounts.decisions.environment_rules import give_rule, take_rule
from accounts.discover.looking import bowline_identity
from accounts.forms.fields import bare_helper, checked
from accounts.http import Request
from accounts.models import (
    Activity,
    EnvironmentPolicy,
    EnvironmentRule,
    ManagingAccount,
    Run,
    Unit,
)
from accounts.notifications.notifying import notify_of_own
from accounts.people.activity import record
from accounts.people.deciding import SamePerson, where
from accounts.people.doors import posted_by_administrator
from accounts.people.policies import choose, managing_is_strict, policies, strict_among
from accounts.people.role_limits.naming import NONE, only
from accounts.people.roles import NAMED, ROLES, UserRole, active_administrators, some_of
from accounts.runs.owners.looking import template_bucket
from accounts.web.people.listing import matching_people
from accounts.web.posts import post
from accounts.web.questions import Asking, look_up, state_of
from accounts.web.search.views import opens
from accounts.web.single_sign_on.provider import sign_on_provider
from accounts.web.single_sign_on.roles import RolesByGroup, reaches
from accounts.web.you.confirmation import confirmation_required
from accounts.work.heartbeat import clock_skew
from onboarding import names
from onboarding.providers import PROVIDERS

SETTINGS = "accounts:settings"


class Page(NamedTuple):
    title: str
    url: str
    tab: str = ""
    """In the address; empty: the page has none, or it is the first one."""

    @property
    def address(self) -> str:
        return reverse(self.url) + (f"?tab={self.tab}" if self.tab else "")


PAGES = (
    Page("Roles", SETTINGS),
    Page("People", "accounts:people"),
    Page("Approval rules", SETTINGS, "rules"),
    Page("Notifications", "accounts:targets"),
    Page("API tokens", "accounts:all-tokens"),
    Page("This site", SETTINGS, "site"),
)


def side_of(request: HttpRequest) -> list[tuple[Page, bool]]:
    """List the pages that the person may open, and whether each is this one; none where
    this is no page of them.
    """
    here = page_of(request)
    if here is None:
        return []
    mine = (page for page in PAGES if opens(request.user, page.url))
    return [(page, page == here) for page in mine]


def page_of(request: HttpRequest) -> Page | None:
    """Find the page that a request is for, or for a part of."""
    if request.path == reverse(SETTINGS):
        return part_of(request)
    below = (page for page in PAGES if page.url != SETTINGS)
    return next((p for p in below if request.path.startswith(p.address)), None)


def part_of(request: HttpRequest) -> Page:
    """Return the part of the settings that the address names, else the first one."""
    tab = request.GET.get("tab", "")
    parts = [page for page in PAGES if page.url == SETTINGS]
    return next((page for page in parts if page.tab == tab), parts[0])


class RuleForm(forms.ModelForm[EnvironmentRule]):
    class Meta:
        model = EnvironmentRule
        fields: ClassVar = ["by", "value", "environment"]
        labels: ClassVar = {"by": "Accounts by", "value": "ID or pattern"}
        help_texts: ClassVar = {
            "value": "An AWS account ID, a pattern such as prod-*, or the ID of an "
            "organizational unit."
        }

    helper = bare_helper()

    def clean_environment(self) -> str:
        said: str = self.cleaned_data["environment"]
        return checked(names.ENVIRONMENT, said)

    def clean_value(self) -> str:
        value: str = self.cleaned_data["value"]
        match self.cleaned_data.get("by"):
            case EnvironmentRule.By.ID:
                return checked(names.account_id, value)
            case EnvironmentRule.By.NAME:
                return checked(names.seen, value)
        if not Unit.objects.filter(unit_id=value).exists():
            raise forms.ValidationError(
                "Bowline didn't find this unit in the organization."
            )
        return value

    @property
    def given(self) -> dict[str, EnvironmentRule]:
        return {"rule": self.save(commit=False)}


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
    for group, said in sorted(by_group.items()):
        given = reaches(said)
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
    if environment not in known:
        messages.error(request, "This environment doesn't exist. Nothing was changed.")
        return redirect(RULES.address)
    decide, said = CHOICES.get(request.POST.get("second_approver", ""), (None, ""))
    try:
        if decide and decide(environment, request.user):
            messages.success(request, f"{where(environment)}, {said}")
    except SamePerson as error:
        messages.error(request, str(error))
    return redirect(RULES.address)


def caller(request: Request, managing: ManagingAccount | None) -> dict[str, Any]:
    """Say who Bowline is, as STS answered a worker."""
    question = bowline_identity.at(managing.partition if managing else "aws")
    looked = look_up(request, question)
    if isinstance(looked, Asking) or looked.refused:
        return {**state_of(looked)}
    return {"caller": looked.answer}


confirmed = confirmation_required("accounts:settings", tab=RULES.tab)
posts = [
    post(
        "settings/environment-rules/add/",
        give_rule,
        name="environment-rule-add",
        form=RuleForm,
        page=rules_page,
        said="The rule is added.",
        then=lambda _: RULES.address,
        refused=lambda: RULES.address,
        guard=confirmed,
    ),
    post(
        "settings/environment-rules/<int:number>/remove/",
        take_rule,
        name="environment-rule-remove",
        find=lambda number: get_object_or_404(EnvironmentRule, pk=number),
        said="The rule is removed.",
        then=lambda *_: RULES.address,
        guard=confirmed,
    ),
]


def hold_policy(environment: str) -> None:
    rows = EnvironmentPolicy.objects.select_for_update(of=("self",), no_key=True)
    list(rows.filter(environment=environment))


@setting("switch a second approver on", locks=hold_policy)
def switch_on(environment: str, by: User) -> bool:
    """Require a second person from now on; nobody's wish to end that remains."""
    choose(environment, second_approver=True)
    tell(environment, "on", by)
    return True


@setting("ask to switch a second approver off", locks=hold_policy)
def ask_off(environment: str, by: User) -> bool:
    """Ask the other administrators to switch it off; until one of them does, it is on.
    False where it is off, or somebody asked already.
    """
    row = EnvironmentPolicy.objects.filter(environment=environment).first()
    if (row and row.off_asked_by) or not strict_among({environment}):
        return False
    EnvironmentPolicy.objects.update_or_create(
        environment=environment,
        defaults={"off_asked_by": by},
        create_defaults={"off_asked_by": by, "second_approver": True},
    )
    tell(environment, "off asked", by)
    return True


@setting("switch a second approver off", locks=hold_policy)
def switch_off(environment: str, by: User) -> bool:
    """Switch it off, as another administrator asked; False where nobody did. Raise
    SamePerson to whoever asked.
    """
    row = EnvironmentPolicy.objects.filter(environment=environment).first()
    if row is None or row.off_asked_by is None:
        return False
    if row.off_asked_by == by:
        raise SamePerson(f"{by} requested this. Another administrator must confirm it.")
    choose(environment, second_approver=False)
    tell(environment, "off", by)
    return True


def tell(environment: str, what: str, by: User) -> None:
    """Record it, and mail it to every administrator."""
    about = environment or NONE
    entry = record(by, Activity.What.SETTINGS, about, {"second_approver": what})
    for administrator in active_administrators():
        notify_of_own(administrator, entry)


CHOICES: dict[str, tuple[Callable[[str, User], bool], str]] = {
    "on": (switch_on, "plans now require a second approver."),
    "ask": (
        ask_off,
        "plans still require a second approver. Another administrator must confirm it.",
    ),
    "off": (switch_off, "plans no longer require a second approver."),
}
"""What is decided about an environment's second approver, and then said of it."""
