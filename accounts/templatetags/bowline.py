"""What templates write: badges, icons, ids, times and words, each in one way."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from django import template
from django.core.paginator import Page
from django.template.context import Context
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from accounts.forms.fields import wrong_fields
from accounts.lists.declaration import FilterForm
from accounts.mapping.managed import cannot_be_read, managed_of
from accounts.models import ManagedAccount
from accounts.models.account import Account
from accounts.models.states import word_of
from accounts.people.roles import ROLES
from accounts.templatetags.marks import (
    account_id,
    arn,
    badge,
    copy,
    icon,
    logo,
    verification_age,
    when,
    zoned,
)
from accounts.web.accounts.verdict import in_order, outcomes
from accounts.web.highlighting import highlighted_json
from accounts.web.live.views import Live
from accounts.web.role_limits import needed
from accounts.web.runs.review.diff import called
from accounts.web.runs.review.plans import rows_html
from accounts.web.you.preferences import saved_filters_of
from accounts.work.heartbeat import PEOPLE, silence
from onboarding.carried.fields import carried_lines
from onboarding.description.fields import FIELDS, IN_BULK, Field
from onboarding.desired import POLICY_SET
from onboarding.providers import PROVIDERS
from onboarding.providers.base import not_recommended as not_recommended_choices
from onboarding.topology import people

register = template.Library()
register.filter("in_order", in_order)
register.filter("outcomes", outcomes)
register.filter("wrong_fields", wrong_fields)
register.filter("arn", arn)
register.filter("zoned", zoned)
register.filter("called", called)
register.filter("in_words", word_of)
register.simple_tag(rows_html, name="diff_rows")
for mark in (icon, badge, copy, logo, account_id, when, verification_age):
    register.simple_tag(mark, name=mark.__name__)


@register.filter
def pretty(value: Any) -> SafeString:
    """Write a parsed document with syntax colours."""
    return highlighted_json(value)


@register.filter
def breakable(name: str) -> SafeString:
    """Let a file's name break between its words and before its ending."""
    parts = WORDS.split(str(name))
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in parts))


WORDS = re.compile(r"(?<=[-_])(?=\w)|(?<=[a-z0-9])(?=[A-Z])|(?<=\w)(?=\.)")


@register.inclusion_tag("_not_recommended.html")
def not_recommended(account: ManagedAccount) -> dict[str, Any]:
    """Warn of what is discouraged among an account's choices."""
    managed = managed_of(account, without=cannot_be_read)
    return {"not_recommended": not_recommended_choices(managed)}


@register.inclusion_tag("_no_worker.html", takes_context=True)
def no_worker(context: Context, queue: str = PEOPLE) -> dict[str, Any]:
    """Warn that no worker runs, on a page that waits for one. A page that moves has
    asked already.
    """
    live: Live | None = context.get("live")
    asked = live and live.every and queue == PEOPLE
    return {"silence": live.silence if live and asked else silence(queue)}


@register.inclusion_tag("_needs_role.html", takes_context=True)
def needs_role(
    context: Context, name: str, doing: str, limited: str = ""
) -> dict[str, Any]:
    """Say, where a button would be, which role it needs and whom to ask. `doing` is
    “plan the account”; `limited` is for people with the role for other environments.
    A page that is about one decision has the function that names who may in its
    context, as `ask_` and the role.
    """
    (role,) = (role for role in ROLES if role.name == name)
    ask = context.get(f"ask_{name}")
    says = needed(context["request"], role, doing, ask)
    return {"says": says or (f"{limited} {ask()}" if limited and ask else limited)}


@register.inclusion_tag("_saved_filters.html", takes_context=True)
def saved_filters(context: Context, form: FilterForm) -> dict[str, Any]:
    """Offer the filters that a person saved of a list, and to save the present one."""
    saved = saved_filters_of(context["request"].user, form.of.name)
    return {"filter_form": form, "saved": saved, "csrf_token": context["csrf_token"]}


@register.filter
def listed(account: ManagedAccount) -> list[tuple[str, str]]:
    """Say what of its description has no place of its own on the page."""
    return labelled_values(account, [one for one in FIELDS if one.is_listed])


@register.inclusion_tag("accounts/_carried.html")
def carried(account: ManagedAccount) -> dict[str, Any]:
    """Show the fields of Spinnaker that Bowline carries, folded."""
    return {"lines": [*carried_lines(account.carried)]}


@register.inclusion_tag("accounts/_other_names.html")
def other_names(account: ManagedAccount) -> dict[str, Any]:
    """Show each other name in Spinnaker, with what it has there."""
    names = []
    usual = {"READ": account.read_roles, "WRITE": account.write_roles}
    for one in account.also_as:
        groups = one.get("permissions", usual)
        read, write = groups.get("READ", []), groups.get("WRITE", [])
        name = {
            "name": one["name"],
            "regions": one.get("regions", account.regions),
            "read": people(read, write),
            "write": people(write, read),
            "lines": [*carried_lines(one.get("carried", {}))],
        }
        names.append(name)
    return {"names": names}


@register.filter
def in_bulk(account: ManagedAccount) -> list[tuple[str, str]]:
    """Say what can be edited in many accounts at once."""
    return labelled_values(account, IN_BULK)


def labelled_values(
    account: ManagedAccount, chosen: Iterable[Field]
) -> list[tuple[str, str]]:
    return [(one.words.label, one.text(getattr(account, one.name))) for one in chosen]


@register.simple_tag
def policy_set(account: Account) -> str:
    """Say which policies an account has: “3, latest 4”."""
    if not account.policy_set:
        return f"none yet. The latest is {POLICY_SET}."
    newer = account.newer_policies
    latest = f"latest {newer[-1].number}" if newer else "the latest"
    return f"{account.policy_set}, {latest}"


@register.filter
def seconds(value: float | None) -> str:
    """Write a duration: 0.084 → “84 ms”, 134 → “2 min 14 s”; nothing that took none."""
    if value is None or not math.isfinite(value) or value < 0.0005:
        return ""
    if value < 1:
        return f"{min(round(value * 1000), 999)} ms"
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@register.filter
def page_numbers(page: Page[Any]) -> list[int]:
    """List the pages to go to: both ends and those near; 0 where some are left out."""
    found = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [one if isinstance(one, int) else 0 for one in found]


@register.filter
def thousands(value: int) -> str:
    """Write a count so that it can be read: 10010 → “10,010”."""
    return f"{value:,}"


CHECKED = {
    "caching": "What Spinnaker reads from every AWS account",
    "chain": "Spinnaker's role chain",
    "managing": "Managing account",
    "resources": "Resources in AWS",
}


@register.filter
def provider_title(key: str) -> str:
    """Name a provider, or what else checks are about."""
    return PROVIDERS[key].title if key in PROVIDERS else CHECKED.get(key, key)


@register.filter
def is_provider(key: str) -> bool:
    return key in PROVIDERS
