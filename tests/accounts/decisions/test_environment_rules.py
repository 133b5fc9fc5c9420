"""Administrators' rules about environments: no description contradicts one."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.decisions.environment_rules import (
    ContradictsRule,
    Described,
    contradictions,
    give_rule,
    take_rule,
)
from accounts.mapping.accounts_file import register
from accounts.mapping.edits import editing
from accounts.models import (
    Activity,
    EnvironmentRule,
    ManagedAccount,
    Member,
    Organization,
    Unit,
)
from accounts.people.deciding import Outside
from onboarding.accounts_file import FileProblems, read_accounts_file
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db
By = EnvironmentRule.By
ACCOUNT = "922222222222"


def rule(by: str, value: str, environment: str) -> EnvironmentRule:
    return EnvironmentRule.objects.create(by=by, value=value, environment=environment)


def said_of(environment: str, name: str = "web-prod") -> list[str]:
    return [s for _, s in contradictions([Described(name, ACCOUNT, environment)])]


def in_units(*units: str) -> None:
    organization = Organization.objects.create()
    lineage = "".join(f"{unit}/" for unit in units)
    unit = Unit.objects.create(
        organization=organization, unit_id=units[-1], path="p", lineage=lineage
    )
    Member.objects.create(
        organization=organization,
        account_id=ACCOUNT,
        name="web",
        unit=unit,
        unit_since=timezone.now(),
    )


@pytest.mark.parametrize(
    ("by", "value"), [(By.ID, ACCOUNT), (By.NAME, "Web-*"), (By.UNIT, "ou-a1b2-prod")]
)
def test_a_rule_says_the_environment_of_what_it_matches(by: str, value: str) -> None:
    in_units("r-a1b2", "ou-a1b2-prod", "ou-a1b2-team")
    rule(by, value, "production")

    assert said_of("production") == []
    (why,) = said_of("dev")
    assert why.startswith("web-prod must be in the environment production: a rule of")


def test_a_rule_is_for_no_other_account() -> None:
    in_units("r-a1b2", "ou-a1b2-dev")
    rule(By.ID, "933333333333", "production")
    rule(By.NAME, "prod-*", "production")
    rule(By.UNIT, "ou-a1b2-de", "production")

    assert said_of("dev") == []


def test_the_strongest_rule_decides() -> None:
    in_units("r-a1b2", "ou-a1b2-all", "ou-a1b2-dev")
    rule(By.UNIT, "ou-a1b2-all", "production")
    rule(By.UNIT, "ou-a1b2-dev", "dev")
    assert said_of("dev", "x") == []
    rule(By.NAME, "web-*", "staging")
    rule(By.NAME, "web-prod*", "production")
    assert said_of("production") == []
    rule(By.ID, ACCOUNT, "qa")
    assert said_of("qa") == []


def test_an_edit_that_contradicts_a_rule_writes_nothing() -> None:
    account = account_row(environment="production")
    rule(By.ID, account.account_id, "production")

    account.environment = "dev"
    with (
        pytest.raises(ContradictsRule, match="must be in the environment production"),
        editing(account, person("operator")),
    ):
        account.save()

    assert ManagedAccount.objects.get().environment == "production"


def test_a_file_that_contradicts_a_rule_is_refused_at_its_line() -> None:
    managing_row()
    rule(By.NAME, "web*", "production")
    text = (
        "accounts:\n"
        "- {name: web, account_id: '922222222222', environment: dev, "
        "regions: [us-east-1], access_role: r, providers: {ec2: {}}}\n"
    )

    with pytest.raises(FileProblems) as caught:
        register(read_accounts_file(text.encode()), person("operator"))

    (problem,) = caught.value.problems
    assert (problem.line, "environment production" in problem.message) == (2, True)
    assert not ManagedAccount.objects.exists()


def test_a_rule_that_accounts_contradict_is_not_given() -> None:
    account_row("web", environment="dev")
    new = EnvironmentRule(by=By.NAME, value="w*", environment="production")

    with pytest.raises(ContradictsRule, match=r"web\. Move them first"):
        give_rule(person("administrator"), rule=new)

    assert not EnvironmentRule.objects.exists()


def test_administrators_give_rules_and_take_them_away() -> None:
    new = EnvironmentRule(by=By.NAME, value="w*", environment="production")
    with pytest.raises(Outside, match="administrator role"):
        give_rule(person("operator"), rule=new)

    ada = person("administrator")
    give_rule(ada, rule=new)
    take_rule(EnvironmentRule.objects.get(), ada)

    assert not EnvironmentRule.objects.exists()
    said = Activity.objects.filter(who="administrator").values_list("what", flat=True)
    assert [*said] == ["settings", "settings"]


def test_the_page_gives_a_rule_and_takes_it_away(client) -> None:
    client.force_login(person("administrator"))
    confirmed(client)
    said = {"by": "name", "value": "prod-*", "environment": "production"}

    wrong = client.post(ADD, {**said, "by": "unit"}).content.decode()
    added = client.post(ADD, said, follow=True).content.decode()
    (row,) = EnvironmentRule.objects.all()
    removed = client.post(f"/settings/environment-rules/{row.pk}/remove/", follow=True)

    assert "find this unit in the organization" in wrong
    assert "The rule is added." in added
    assert "prod-*" in added
    assert "There are no rules." in removed.content.decode()


def test_the_page_asks_for_the_role_and_the_password(client) -> None:
    client.force_login(person("operator"))
    assert client.post(ADD).status_code == 403
    client.force_login(person("administrator"))
    session = client.session
    session.pop("confirmed_at", None)
    session.save()
    assert client.post(ADD).url.startswith("/you/confirm/")


ADD = "/settings/environment-rules/add/"


def confirmed(client) -> None:
    session = client.session
    session["confirmed_at"] = timezone.now().isoformat()
    session.save()
