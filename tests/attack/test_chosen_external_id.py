"""Tried: choose an external ID that is a word of the account's own plan, such as the
name of its role, so that the plan seems equal to another one, and is approved with it;
choose one that a shell or `hal` takes for an option.

Refused: a chosen external ID is part of the plan as it is written, so such plans are
two plans; every file and command has it as one value.
"""

from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.runs.planning import fingerprint_of
from onboarding.delivery.bodies import bodies
from onboarding.desired import desired
from onboarding.resources.plan import diff
from onboarding.spinnaker.entries import entries
from onboarding.topology import Topology
from tests.bundles import files_of
from tests.factories import managed, provider, topology
from tests.rows import account_row

pytestmark = pytest.mark.django_db


def planned(account: ManagedAccount) -> str:
    """Return by what equal plans are found, for everything of a new account."""
    managing, described = (
        managing_of(ManagingAccount.objects.get()),
        managed_of(account),
    )
    changes = diff(desired(Topology(managing, (described,)), described), ())
    run: Any = SimpleNamespace(kind=Run.Kind.ONBOARD, rollout_id=None)
    scope: Any = SimpleNamespace(account=account, managed=described)
    return fingerprint_of(run, scope, list(changes), [])


def test_words_of_the_plan_do_not_make_two_plans_one(managing) -> None:
    one, other, same = (
        account_row(
            f"a{number}",
            account_id=f"{number:012}",
            managed_role=role,
            own_external_id=role,
        )
        for number, role in enumerate(("deploy", "administrator", "deploy"))
    )

    assert planned(one) != planned(other)
    assert planned(one) == planned(same)


@pytest.mark.parametrize("value", ["--profile=x", "-rf", "1e3", "007", "null", "a#b:@"])
def test_it_is_one_value_for_every_reader(value: str) -> None:
    value = value.replace("#", "/")
    whole = topology(managed(provider("ec2"), external_id=value))

    (script,) = (text for path, text in files_of(whole).items() if path == "verify.sh")
    (body,) = bodies(entries(whole))

    (line,) = (one for one in script.splitlines() if one.startswith("account staging"))
    assert shlex.split(line)[-1] == value
    assert '"--external-id=$2"' in script
    assert body.document["externalId"] == value
