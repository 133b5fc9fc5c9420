"""The same accounts read the same, whichever source they come from."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.judging.settings import ROWS as SETTINGS
from onboarding.adopting.report import (
    Report,
    accounts_file,
    document,
    report_of,
)
from onboarding.adopting.sources.files import BadSource
from onboarding.adopting.sources.reading import read_sources
from onboarding.adopting.wording import text
from onboarding.carried.table import ROWS
from tests.onboarding.adopting.documents import (
    SPELLINGS,
    Providers,
    halconfig,
    kinds,
    loaded,
    outcomes,
    reported,
    service,
    spring,
    stored,
)

NAMES = st.sampled_from(
    ["prod", "dev", "Prod", "a_b", "aws.x", "x" * 61, "yes", "010", "1e5", "null", "a"]
)
TEXTS = st.text("abcXYZ019.:_-/é ", min_size=1, max_size=12).map(str.strip).filter(bool)
ROLES = st.lists(st.sampled_from(["team-a", "Team B", "x"]), min_size=1, unique=True)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


PERMISSIONS = st.dictionaries(st.sampled_from(["READ", "WRITE", "EXECUTE"]), ROLES)
AWS = st.tuples(
    st.fixed_dictionaries(
        {
            "name": NAMES,
            "accountId": st.from_regex(r"[0-9]{12}", fullmatch=True),
            "assumeRole": st.sampled_from(
                ["role/spinnakerManaged", "role/a/b", "role/x"]
            ),
            "regions": st.lists(
                st.sampled_from(["us-east-1", "eu-west-1", "nowhere"]),
                min_size=1,
                unique=True,
            ).map(lambda names: [{"name": name} for name in names]),
        }
    ),
    optional(
        environment=TEXTS,
        accountType=TEXTS,
        externalId=TEXTS,
        sessionName=st.sampled_from(["Spinnaker", "other"]),
        lambdaEnabled=st.booleans(),
        defaultKeyPair=TEXTS,
        permissions=PERMISSIONS,
        requiredGroupMembership=ROLES,
        edda=TEXTS,
        sessionDurationSeconds=st.integers(900, 3600),
        enabled=st.booleans(),
    ),
).map(lambda parts: {**parts[0], **parts[1]})
ECS = st.fixed_dictionaries(
    {"name": st.sampled_from(["prod-ecs", "e", "prod"]), "awsAccount": NAMES}
)
CLUSTERS = st.tuples(
    st.fixed_dictionaries({"name": st.sampled_from(["eks", "k8s", "dev"])}),
    optional(
        context=TEXTS,
        namespaces=ROLES,
        kinds=ROLES,
        cacheThreads=st.integers(1, 4),
        onlySpinnakerManaged=st.booleans(),
        permissions=PERMISSIONS,
    ),
).map(lambda parts: {**parts[0], **parts[1]})


def some(accounts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    named = st.lists(accounts, max_size=4, unique_by=lambda one: one["name"])
    return named.map(lambda listed: {"enabled": True, "accounts": listed})


PROVIDERS = st.fixed_dictionaries(
    {"aws": some(AWS), "ecs": some(ECS), "kubernetes": some(CLUSTERS)}
)


def said(report: Report) -> Any:
    accounts = {one.key: dict(one.values) for one in report.spinnaker.accounts}
    return accounts, outcomes(report), report.judgement.written


@settings(max_examples=30, deadline=None)
@given(PROVIDERS)
def test_accounts_read_the_same_from_every_source(providers: Providers) -> None:
    by_hal = said(reported(halconfig(providers)))

    assert said(reported(service(providers))) == by_hal
    for spelled in SPELLINGS:
        assert said(reported(spring(providers, spelled))) == by_hal
    if any(section["accounts"] for section in providers.values()):
        by_gate = said(reported(stored(providers)))
        for one in by_gate[-1]:  # Gate doesn't say what they launch from
            ec2 = one["providers"].get("ec2", {})
            if ec2.pop("launch_configurations", False):
                ec2["launch_templates"] = False
        assert by_gate == by_hal


def names_of(written: Any) -> list[str]:
    """List the names of the account in Spinnaker, its first one first."""
    return [written["name"], *(one["name"] for one in written.get("also_as", ()))]


@settings(max_examples=30, deadline=None)
@given(PROVIDERS)
def test_what_is_taken_is_always_an_accounts_file(providers: Providers) -> None:
    report = reported(halconfig(providers))

    file = read_accounts_file(accounts_file(report.taken).encode())

    assert len(file.accounts) == len(report.judgement.written)
    for one in report.judgement.accounts:
        row = next(
            (w for w in report.judgement.written if one.account.name in names_of(w)),
            None,
        )
        if one.account.type == "aws":
            assert (row is None) == bool(one.reasons)


@settings(max_examples=30, deadline=None)
@given(PROVIDERS)
def test_what_spinnaker_loaded_as_described_is_no_difference(
    providers: Providers,
) -> None:
    both = (
        reported(halconfig(providers), loaded(providers))
        if any(section["accounts"] for section in providers.values())
        else None
    )

    assert both is None or not kinds(both) & {
        "not-in-effect",
        "not-loaded",
        "only-loaded",
    }


KEYS = st.sampled_from(
    [
        *(row.name for rows in ROWS.values() for row in rows),
        *(row.name for row in SETTINGS),
        *("READ", "account-id", "aws", "kubernetes", "accounts", "iamRole", "x", ""),
        *("useManagingAccountProfile", "features.lambda", "accounts[0]", "<<", "0"),
    ]
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 10**13)
    | st.sampled_from(
        [
            "",
            "a",
            "${A:b}",
            "${A}",
            "{{name}}",
            "role/x",
            "012",
            "~",
            "arn:aws:iam::1:x",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5)
    ),
    max_leaves=20,
)
ODD = st.dictionaries(KEYS, ANYTHING, max_size=5)
ODD_ACCOUNTS = st.lists(
    st.tuples(ODD, st.just({"name": "a"}) | st.just({})).map(lambda x: x[0] | x[1]),
    max_size=3,
)
ODD_PROVIDERS = st.dictionaries(
    st.sampled_from(["aws", "ecs", "kubernetes", "google"]),
    st.tuples(ODD, ODD_ACCOUNTS).map(lambda x: {**x[0], "accounts": x[1]}) | ANYTHING,
    min_size=1,
)


@settings(max_examples=100, deadline=None)
@given(ODD_PROVIDERS)
def test_whatever_is_written_is_reported_or_refused_in_a_sentence(odd: Any) -> None:
    accounts = {
        name: {"accounts": [one for one in section["accounts"] if "name" in one]}
        for name, section in odd.items()
        if isinstance(section, dict)
        and isinstance(section.get("accounts"), list)
        and all(isinstance(one, dict) for one in section["accounts"])
    }
    for files in (
        {"clouddriver.yml": json.dumps(odd).encode()},
        halconfig(odd),
        service(odd, odd),
        {**halconfig(odd), **stored(accounts), **loaded_oddly(accounts)},
    ):
        try:
            report = report_of(read_sources(files))
        except BadSource:
            continue

        assert text(report)
        assert json.dumps(document(report))
        assert read_accounts_file(
            accounts_file(report.taken).encode(), partition=PARTITION
        )


PARTITION = "aws"


def loaded_oddly(providers: Providers) -> dict[str, bytes]:
    rows = [
        {**one, "type": name, "authorized": True}
        for name, section in providers.items()
        for one in section["accounts"]
    ]
    return {"credentials.json": json.dumps(rows).encode()}
