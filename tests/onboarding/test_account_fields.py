"""Each field of an account of Spinnaker, from what people stored to what is compared: a
field that one reader of the table loses is named here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.adopting.report import Report
from onboarding.carried.table import (
    AWS,
    CARRIED,
    ECS,
    KINDS,
    KUBERNETES,
    LEFT,
    OF_A_REGION,
    ROWS,
    SECRET,
    SENDABLE,
    TAKEN,
    Row,
    Shape,
)
from onboarding.delivery.bodies import (
    Body,
    bodies,
    comparable,
    differing_by_effect,
)
from onboarding.spinnaker.bundle.comparison import LABELS, fields
from onboarding.spinnaker.bundle.formats.hal.known import flags
from onboarding.spinnaker.entries import entries
from onboarding.topology import Topology
from tests.bundles import files_of
from tests.onboarding.adopting.documents import aws, outcomes, reported, stored
from tests.onboarding.adopting.test_carried import HOOK, cluster, taken

ROOT = Path(__file__).parents[2]
BOWLINES = {
    *("name", "enabled", "context", "serviceAccount", "kubeconfigFile", SECRET),
    *OF_A_REGION.values(),
}
"""What Bowline decides itself, and what Regions have, which is theirs."""
BY_SHAPE: dict[Shape, Any] = {
    Shape.TEXT: "theirs",
    Shape.TEXTS: ["a", "b"],
    Shape.PERMISSIONS: {"EXECUTE": ["Ops"], "READ": ["Team A"], "WRITE": ["team"]},
    Shape.ANYTHING: 900,
}
OF_FIELDS: dict[str, Any] = {
    "accountId": "123456789012",
    "assumeRole": "arn:aws:iam::123456789012:role/spinnakerManaged",
    "awsAccount": "prod",
    "cachingPolicies": [{"kubernetesKind": "replicaSet", "maxEntriesPerAgent": 5}],
    "customResources": [{"kubernetesKind": "Foo.example.com", "versioned": True}],
    "lifecycleHooks": [HOOK],
    "rawResourcesEndpointConfig": {"kindExpressions": [".*"]},
    "regions": [{"name": "us-east-1", "preferredZones": ["us-east-1a"]}],
}
NAMES = {AWS: "prod", ECS: "tasks", KUBERNETES: "apps"}


def value(row: Row) -> Any:
    """Return a value that is not Clouddriver's own."""
    plain = not row.default if row.shape is Shape.TRUTH else BY_SHAPE.get(row.shape)
    return OF_FIELDS.get(row.name, plain)


def rows(kind: str) -> list[Row]:
    every = (row for row in ROWS[kind] if row.treatment is not LEFT)
    return [row for row in every if row.name not in BOWLINES]


def whole(kind: str) -> dict[str, Any]:
    return {
        "name": NAMES[kind],
        **{
            row.name: value(row)
            for row in rows(kind)
            # A role with an external ID is none for ECS; see below.
            if row.name != "externalId"
        },
    }


def stored_accounts() -> dict[str, dict[str, Any]]:
    """Return an account of each kind that says every field."""
    return {
        AWS: aws(**whole(AWS)),
        ECS: whole(ECS),
        KUBERNETES: cluster(**whole(KUBERNETES)),
    }


@pytest.fixture(scope="module")
def report() -> Report:
    outside = aws("other", "210987654321", externalId="theirs")
    accounts = {kind: [one] for kind, one in stored_accounts().items()}
    accounts[AWS].append(outside)
    found = reported(stored({k: {"accounts": some} for k, some in accounts.items()}))
    assert outcomes(found) == dict.fromkeys((*NAMES.values(), "other"), "taken")
    return found


@pytest.fixture(scope="module")
def topology(report: Report) -> Topology:
    """Take them all, and write the external ID as the app does."""
    found = taken(report)
    written = {one["name"]: one for one in report.taken.accounts}
    managed = tuple(
        replace(one, external_id=written[one.name]["external_id"] or "")
        for one in found.managed
    )
    return Topology(found.managing, managed)


@pytest.fixture(scope="module")
def files(topology: Topology) -> dict[str, str]:
    return files_of(topology)


@pytest.fixture(scope="module")
def sent(topology: Topology) -> dict[str, Body]:
    return {one.name: one for one in bodies(entries(topology))}


def owner(kind: str, row: Row) -> str:
    return "other" if row.name == "externalId" else NAMES[kind]


EVERY = [(kind, row) for kind in KINDS for row in rows(kind)]


def test_every_field_is_adopted(report: Report) -> None:
    found = {
        (one.account.type, one.account.name, field.field): field.treatment
        for one in report.judgement.accounts
        for field in one.fields
    }

    for kind, row in EVERY:
        assert found[kind, owner(kind, row), row.name] == row.treatment, row


def test_every_field_is_in_clouddrivers_file(files: dict[str, str]) -> None:
    said = accounts_of(yaml.safe_load(files["clouddriver/clouddriver-local.yml"]))

    for kind, row in EVERY:
        written = said[kind, owner(kind, row)][row.name]
        expected = value(row)
        if row.name == "assumeRole":
            expected = "role/spinnakerManaged"
        assert written == expected, row


def accounts_of(providers: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (kind, one["name"]): one
        for kind in KINDS
        for one in providers[kind]["accounts"]
    }


def test_every_field_is_hals_or_named_as_lost(files: dict[str, str]) -> None:
    """What hal's config holds has an option, or is named as what has none."""
    hal = yaml.safe_load(files["hal/accounts.yml"])
    said = {(kind, one["name"]): one for kind in KINDS for one in hal[kind]}
    readme = files["README.md"]

    for kind, row in EVERY:
        account = said[kind, owner(kind, row)]
        is_held = row.name in account
        assert is_held or f"`{row.name}`" in readme or row.name in readme, row
        if is_held and row.option:
            assert flags(kind, account)[row.option] not in ("", ()), row
        labels = {one.name for one in fields({}, account)}
        assert not is_held or LABELS.get(row.name, row.name) in labels, row


def test_every_field_is_delivered_and_compared(sent: dict[str, Body]) -> None:
    whole_fields = {kind: spelled(kind, one) for kind, one in stored_accounts().items()}

    for kind, row in EVERY:
        body = sent[owner(kind, row)]
        assert row.sent_as in body.document, row
        assert row.sent_as in comparable(kind, body.document), row
        if body.name == NAMES[kind]:
            theirs = whole_fields[kind]
            less = {key: v for key, v in theirs.items() if key != row.sent_as}
            assert differing(body, theirs) == (), row
            assert differing(body, less) == (row.sent_as,), row


def spelled(kind: str, account: dict[str, Any]) -> dict[str, Any]:
    names = {row.name: name for name, row in SENDABLE[kind].items()}
    return {names.get(key, key): value for key, value in account.items()}


def differing(body: Body, theirs: dict[str, Any]) -> tuple[str, ...]:
    """Compare all but the kubeconfig, which Bowline always writes itself."""
    own = {SECRET, "context", "kubeconfigFile"}
    stored_fields = comparable(body.type, theirs)
    found = differing_by_effect(body.type, body.name, stored_fields, body.fields)
    return tuple(name for name in found if name not in own)


def test_what_is_equal_is_stored_as_it_was(sent: dict[str, Body]) -> None:
    for kind, account in stored_accounts().items():
        theirs = comparable(kind, spelled(kind, account))

        body = sent[NAMES[kind]].changing(theirs, None)

        missing = body.fields.keys() - theirs.keys()
        assert missing <= {"context"}, kind


def test_a_name_is_one_row_and_one_option() -> None:
    for kind, some in ROWS.items():
        names = [row.name for row in some]
        options = [row.option for row in some if row.option]
        assert len({*names}) == len(names), kind
        assert len({*options}) == len(options), kind
        assert all(row.sentence for row in some if row.treatment is not TAKEN), kind


def in_words(row: Row) -> str:
    """Say what Clouddriver makes of a stored account without the field."""
    usual = row.usual("{}", is_stored=True)
    if row.server:
        return f"`{row.server}` of the provider"
    if isinstance(usual, bool):
        return "on" if usual else "off"
    if usual in (None, "", [], {}):
        return "none"
    return "the account's name" if usual == "{}" else f"`{usual}`"


def test_the_documents_list_the_fields_that_are_carried() -> None:
    """With their defaults and hal's options, from the same table."""
    document = (ROOT / "docs/reference/accounts-file.md").read_text()
    lines = [
        f"| {kind} | `{row.name}` | {in_words(row)} | "
        f"{f'`{row.option}`' if row.option else 'none'} |"
        for kind, some in ROWS.items()
        for row in sorted(some, key=lambda one: one.name)
        if row.treatment is CARRIED and row.name not in OF_A_REGION.values()
    ]

    starts = tuple(f"| {kind} | `" for kind in KINDS)
    listed = [line for line in document.splitlines() if line.startswith(starts)]

    assert listed == lines
