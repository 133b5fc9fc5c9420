"""Rules about environments: on the page of approval rules, added and removed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from accounts.decisions.environment_rules import give_rule, take_rule
from accounts.http import Request
from accounts.models import EnvironmentRule
from accounts.web.posts import post
from accounts.web.settings.rule_form import RuleForm
from accounts.web.settings.views import RULES, rules_page
from accounts.web.you.confirmation import confirmation_required


def rule_numbered(number: int) -> EnvironmentRule:
    return get_object_or_404(EnvironmentRule, pk=number)


def page_with(request: Request, form: RuleForm) -> HttpResponse:
    return rules_page(request, form)


confirmed = confirmation_required("accounts:settings", tab=RULES.tab)
posts = [
    post(
        "settings/environment-rules/add/",
        give_rule,
        name="environment-rule-add",
        form=RuleForm,
        page=page_with,
        said="The rule is added.",
        then=lambda _: RULES.address,
        refused=lambda: RULES.address,
        guard=confirmed,
    ),
    post(
        "settings/environment-rules/<int:number>/remove/",
        take_rule,
        name="environment-rule-remove",
        find=rule_numbered,
        said="The rule is removed.",
        then=lambda *_: RULES.address,
        guard=confirmed,
    ),
]
