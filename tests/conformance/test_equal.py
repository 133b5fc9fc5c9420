"""Bodies that people stored, compared with Bowline's: they are equal by effect where
Clouddriver's own classes load the same account of both.

The classes of `ecs` and `kubernetes` are in no released jar: `test_effect.py` of
deliveries compares these with answers that were measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from onboarding.delivery.bodies import (
    Body,
    comparable,
    differing_by_effect,
    noticed,
)
from onboarding.delivery.loading import loaded_otherwise
from tests.conformance.clouddriver import Answer, Clouddriver
from tests.conformance.test_stored import HOOK, LOCAL, with_defaults
from tests.onboarding.delivery.accounts import aws_entry, wanted

ABSENT = object()
ROLE = "arn:aws:iam::012345678901:role/spinnakerManaged"
ZONED = [{"name": "eu-west-1"}, {"name": "us-east-1", "preferredZones": ["us-east-1b"]}]
VARIANTS: dict[str, dict[str, Any]] = {
    "as Bowline sends it": {},
    "environment absent": {"environment": ABSENT},
    "environment null": {"environment": None},
    "environment other": {"environment": "qa"},
    "accountType absent": {"accountType": ABSENT},
    "accountType null": {"accountType": None},
    "accountType other": {"accountType": "main"},
    "accountType empty": {"accountType": ""},
    "key pair absent": {"defaultKeyPair": ABSENT},
    "key pair null": {"defaultKeyPair": None},
    "key pair other": {"defaultKeyPair": "other"},
    "enabled absent": {"enabled": ABSENT},
    "enabled null": {"enabled": None},
    "lambda absent": {"lambdaEnabled": ABSENT},
    "lambda null": {"lambdaEnabled": None},
    "lambda other": {"lambdaEnabled": True},
    "session absent": {"sessionName": ABSENT},
    "session null": {"sessionName": None},
    "session other": {"sessionName": "Other"},
    "role absent": {"assumeRole": ABSENT},
    "role whole": {"assumeRole": ROLE},
    "role other": {"assumeRole": "role/other"},
    "external ID null": {"externalId": None},
    "external ID other": {"externalId": "x-1"},
    "images default": {"allowPrivateThirdPartyImages": False},
    "images other": {"allowPrivateThirdPartyImages": True},
    "members default": {"requiredGroupMembership": []},
    "members other": {"requiredGroupMembership": ["team"]},
    "groups in capitals": {"permissions": {"READ": [" Team "], "WRITE": ["TEAM"]}},
    "groups other": {"permissions": {"READ": ["team"]}},
    "groups absent": {"permissions": ABSENT},
    "regions absent": {"regions": ABSENT},
    "regions empty": {"regions": []},
    "regions fewer": {"regions": [{"name": "eu-west-1"}]},
    "hooks empty": {"lifecycleHooks": []},
    "hooks other": {"lifecycleHooks": [HOOK]},
    "edda other": {"edda": "https://edda.example.com"},
    "all absent": dict.fromkeys(
        (
            *("environment", "accountType", "defaultKeyPair", "enabled"),
            *("lambdaEnabled", "sessionName", "assumeRole"),
        ),
        ABSENT,
    ),
}
SERVERS = {
    "stock": LOCAL,
    "with other defaults": with_defaults(
        defaultKeyPairTemplate="{{name}}-keys",
        defaultAssumeRole="role/other",
        defaultRegions=[{"name": "eu-west-1"}, {"name": "us-east-1"}],
    ),
}
UNKNOWABLE = {"hooks empty"}
"""It keeps a default of the server away, and whether there is one, nobody can see."""


def of(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    (body,) = wanted(aws_entry(name))
    whole = {**body.document, **fields}
    return {key: value for key, value in whole.items() if value is not ABSENT}


@pytest.mark.smoke
@pytest.mark.parametrize("server", SERVERS)
def test_a_stored_body_is_equal_where_the_loaded_account_is(
    judge: Clouddriver, server: str
) -> None:
    stored = {f"a{n}": of(f"a{n}", one) for n, one in enumerate(VARIANTS.values())}
    sent = {body.name: body for name in stored for body in wanted(aws_entry(name))}

    theirs = judge.store(stored.values(), local=SERVERS[server])
    ours = judge.store((one.document for one in sent.values()), local=SERVERS[server])

    assert (theirs.failure, ours.failure) == ("", "")
    found = {
        how: differing_of(sent[name], theirs, number)
        for number, (name, how) in enumerate(zip(stored, VARIANTS, strict=True))
    }
    same = {
        how
        for name, how in zip(stored, VARIANTS, strict=True)
        if of_effect(theirs, name) == of_effect(ours, name)
    }
    assert {how for how, fields in found.items() if not fields} == same - UNKNOWABLE
    kept = [
        changing(sent[name], theirs, number).document
        for number, (name, how) in enumerate(zip(stored, VARIANTS, strict=True))
        if how in same - UNKNOWABLE
    ]
    after = judge.store(kept, local=SERVERS[server])
    for one in kept:
        assert of_effect(after, one["name"]) == of_effect(theirs, one["name"])
    assert len(same) >= 10
    assert len(VARIANTS) - len(same) >= 10


def differing_of(body: Body, theirs: Answer, number: int) -> tuple[str, ...]:
    stored = comparable("aws", theirs.saved[number]["account"])
    loaded = comparable("aws", theirs.shown[body.name])
    return differing_by_effect("aws", body.name, stored, body.fields, loaded)


def changing(body: Body, theirs: Answer, number: int) -> Body:
    """Return the body as it is sent: without what is missing, and no change."""
    stored = comparable("aws", theirs.saved[number]["account"])
    return body.changing(stored, comparable("aws", theirs.shown[body.name]))


def of_effect(answer: Answer, name: str) -> Any:
    """Return what an account does: as it is shown, and as it assumes its role."""
    shown = {k: v for k, v in answer.shown[name].items() if k != "assumeRole"}
    return shown, answer.account(name)


@pytest.mark.smoke
def test_a_zone_of_a_known_region_is_stored_and_never_loaded(
    judge: Clouddriver,
) -> None:
    (body,) = wanted(aws_entry("prod"))
    zoned = Body("aws", "prod", {**body.document, "regions": ZONED})

    answer = judge.store([zoned.document], local=LOCAL)

    regions = {one["name"]: one for one in answer.shown["prod"]["regions"]}
    assert regions["us-east-1"]["preferredZones"] != ["us-east-1b"]
    assert loaded_otherwise(zoned, answer.shown["prod"]) == ()
    fields = body.fields, zoned.fields
    assert differing_by_effect("aws", "prod", *fields) == ("regions",)
    assert noticed("aws", "prod", *fields) == ()
