"""Tried: references to secrets, files and settings (`encrypted:…`, `secret://…`, `${…}`
and the like) in every text that reaches Spinnaker: as a role in READ or WRITE, in every
detail of every provider, in the tag of an account, stored from before.

Refused: at every door with the rule; what is stored already is in no bundle and
no delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django import forms
from django.core.exceptions import ValidationError

from accounts.discover.organization.watching import tagged_role
from accounts.forms.fields import RolesField
from accounts.models import Watch
from onboarding import names
from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.delivery.bodies import problems
from onboarding.details import DetailsError
from onboarding.names import BadName, NameFormat
from onboarding.providers import PROVIDERS
from onboarding.providers.entry_kinds import Entry
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.entries import Entries, WouldBeMisread
from onboarding.topology import Permissions
from tests.attack.pages import listed
from tests.bundles import CA, with_every_provider
from tests.factories import managed, provider
from tests.onboarding.delivery.accounts import (
    aws_entry,
    cluster_entry,
    ecs_entry,
    wanted,
)

REFERENCES = (
    "encrypted:noop!v:admins",
    "encryptedFile:secrets-manager!r:eu-west-1!s:roles!k:admins",
    "secret://secrets-manager?r=eu-west-1&s=roles&k=admins",
    "secretFile://secrets-manager?s=roles",
    "configserver:roles.txt",
    "${admins}",
    "ops-${admins:admins}",
    "#{31337+1}",
    "Encrypted:noop!v:admins",
    " encrypted:noop!v:admins ",
)
"""The last two become the first on the way: roles are trimmed, and are delivered in
lower case.
"""
PLAIN = (
    "team",
    "encrypted",
    "not encrypted:noop",
    "a:b",
    "https://x",
    "$x",
    "#1",
    "{}",
)


def planted(value: Any, text: str) -> Iterator[tuple[str, Any]]:
    """Yield the value with the text in each place in turn, however nested."""
    match value:
        case str():
            yield "", text
        case dict():
            for key, item in value.items():
                for place, other in planted(item, text):
                    yield f".{key}{place}", {**value, key: other}
        case list() | tuple():
            yield "[]", [*value, text]
            for number, item in enumerate(value):
                for place, other in planted(item, text):
                    yield f"[{number}]{place}", [*value[:number], other]
        case _ if is_dataclass(value):
            for field in fields(value):
                for place, other in planted(getattr(value, field.name), text):
                    kept = tuple(other) if isinstance(other, list) else other
                    yield f".{field.name}{place}", replace(value, **{field.name: kept})


REFUSALS = (BadName, DetailsError, FileProblems, ValidationError, WouldBeMisread)


def taken(rule: Callable[[Any], Any], *values: Any) -> list[Any]:
    """Return what the rule does not refuse."""
    found = []
    for value in values:
        try:
            rule(value)
        except REFUSALS:
            continue
        found.append(value)
    return found


def test_no_name_is_a_reference() -> None:
    formats = [one for one in vars(names).values() if isinstance(one, NameFormat)]
    assert {names.FIAT_ROLE, names.KEY_PAIR} <= {*formats}

    wrong = [(one.rule, taken(one, *REFERENCES)) for one in formats]

    assert [found for found in wrong if found[1]] == []
    assert taken(names.fiat_role, *REFERENCES) == []


def test_what_spinnaker_reads_as_itself_is_a_role() -> None:
    assert taken(names.fiat_role, *PLAIN) == [*PLAIN]


@pytest.mark.parametrize("key", PROVIDERS)
def test_no_detail_of_a_provider_is_a_reference(key: str) -> None:
    """What AWS answers of clusters included."""
    whole = provider(key).details
    for one in whole.get("clusters", ()):
        one |= {
            "endpoint": "https://apps.eks.amazonaws.com",
            "certificate_authority": CA,
            "arn": "arn:aws:eks:us-east-1:922222222222:cluster/apps",
            "mode": "API",
        }

    def described(details: dict[str, Any]) -> None:
        PROVIDERS[key].from_details(details).suit(managed())

    described(whole)
    places = [one for text in REFERENCES for one in planted(whole, text)]

    wrong = [
        f"{place}: {details}" for place, details in places if taken(described, details)
    ]

    assert len(places) >= len(REFERENCES)
    assert not wrong, listed(wrong)


ACCOUNT = {
    "name": "staging",
    "account_id": "922222222222",
    "environment": "staging",
    "regions": ["us-east-1"],
    "access_role": "BowlineAccess",
    "made_by": "bowline",
    "permissions": {"READ": ["team"], "WRITE": ["team"]},
    "providers": {
        "ec2": {"key_pair": "ops"},
        "eks": {
            "clusters": [
                {
                    "name": "apps",
                    "region": "us-east-1",
                    "account_name": "apps",
                    "namespaces": ["web"],
                }
            ]
        },
    },
}
"""Also what the API takes: it is read as an accounts file."""


def reads(account: dict[str, Any]) -> None:
    read_accounts_file(yaml.safe_dump({"accounts": [account]}).encode())


def test_no_text_of_an_accounts_file_is_a_reference() -> None:
    reads(ACCOUNT)
    places = [one for text in REFERENCES for one in planted(ACCOUNT, text)]

    wrong = [place for place, account in places if taken(reads, account)]

    assert len(places) > 10 * len(REFERENCES)
    assert not wrong, listed(wrong)


def test_no_role_of_a_form_is_a_reference() -> None:
    field: forms.Field = RolesField()

    assert taken(field.clean, *REFERENCES) == []
    assert taken(field.clean, "team, ops") == ["team, ops"]


def test_a_reference_in_an_accounts_tag_is_no_role() -> None:
    def role(text: str) -> list[str]:
        tags = [SimpleNamespace(key="team", value=text)]
        member: Any = SimpleNamespace(tags=SimpleNamespace(all=lambda: tags))
        return tagged_role(Watch(roles_tag="team"), member)

    assert [text for text in REFERENCES if role(text)] == []
    assert role("web") == ["web"]


def entries_with(text: str) -> Iterator[tuple[str, Entry]]:
    """Yield an entry of each kind with the text in each of its places."""
    allowed = Permissions(("team",), ("team",))
    for entry in (
        aws_entry(permissions=allowed, key_pair="ops", environment="prod"),
        ecs_entry(),
        cluster_entry(permissions=allowed, namespaces=("web",), environment="prod"),
    ):
        for place, other in planted(entry, text):
            yield f"{type(entry).__name__}{place}", other


EVERY = [(where, one) for text in REFERENCES for where, one in entries_with(text)]
IN_FILES_ONLY = {"cluster", "region", "access_policy", "principal", "endpoint"}
"""What is delivered inside of a kubeconfig, which Clouddriver reads for itself."""


def test_no_stored_reference_is_delivered() -> None:
    wrong = [
        where
        for where, entry in EVERY
        if not [*problems(wanted(entry))]
        and where.partition(".")[2] not in IN_FILES_ONLY
        and not where.endswith("certificate_authority")
    ]

    assert not wrong, listed(wrong)


def test_no_stored_reference_is_in_a_bundle() -> None:
    made = with_every_provider()
    states = {one.name: "verified" for one in made.managed}

    def bundled(entry: Entry) -> None:
        known = Entries(aws=(aws_entry(),))
        kind = type(entry).__name__.removesuffix("Entry").lower()
        known = replace(known, **{kind: (*getattr(known, kind), entry)})
        bundle_files(made, states, known)

    wrong = [where for where, entry in EVERY if taken(bundled, entry)]

    assert taken(bundled, aws_entry(), ecs_entry(), cluster_entry())
    assert not wrong, listed(wrong)
