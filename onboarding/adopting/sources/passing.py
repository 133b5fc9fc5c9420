"""What was read, in JSON without a secret: for a worker, which reads Gate as well."""

from __future__ import annotations

from typing import Any

from onboarding.adopting.sources.reading import Read
from onboarding.adopting.values import Account, EksCluster, Finding, Reading, SourceKind
from onboarding.carried.secrets import Secret

Passed = dict[str, Any]


def together(*reads: Read) -> Read:
    """Make one of what was read in parts, the sources first that Spinnaker prefers."""
    order = list(SourceKind)
    return Read(
        tuple(
            sorted(
                (one for read in reads for one in read.readings),
                key=lambda one: order.index(one.kind),
            )
        ),
        {name: one for read in reads for name, one in read.kubeconfigs.items()},
        tuple(path for read in reads for path in read.unknown),
    )


def passed(read: Read) -> Passed:
    """Return it in JSON's types."""
    return {
        "readings": [reading_passed(one) for one in read.readings],
        "kubeconfigs": {
            file: {context: cluster_passed(one) for context, one in clusters.items()}
            for file, clusters in read.kubeconfigs.items()
        },
        "unknown": list(read.unknown),
    }


def read_of(passed: Passed) -> Read:
    return Read(
        tuple(reading_of(one) for one in passed["readings"]),
        {
            file: {context: cluster_of(one) for context, one in clusters.items()}
            for file, clusters in passed["kubeconfigs"].items()
        },
        tuple(passed["unknown"]),
    )


def reading_passed(reading: Reading) -> Passed:
    return {
        "kind": reading.kind.name,
        "title": reading.title,
        "accounts": [account_passed(one) for one in reading.accounts],
        "settings": {key: plain_value(one) for key, one in reading.settings.items()},
        "others": dict(reading.others),
        "findings": [[one.kind, one.says, one.accounts] for one in reading.findings],
    }


def reading_of(passed: Passed) -> Reading:
    return Reading(
        SourceKind[passed["kind"]],
        passed["title"],
        tuple(account_of(one) for one in passed["accounts"]),
        {key: value_of(one) for key, one in passed["settings"].items()},
        passed["others"],
        tuple(
            Finding(kind, says, tuple(accounts))
            for kind, says, accounts in passed["findings"]
        ),
    )


def account_passed(account: Account) -> Passed:
    return {
        "type": account.type,
        "name": account.name,
        "values": plain_value(account.values),
        "place": account.place,
        "notes": dict(account.notes),
        "cluster": cluster_passed(account.cluster),
        "open": list(account.open),
    }


def account_of(passed: Passed) -> Account:
    return Account(
        **{
            **passed,
            "values": value_of(passed["values"]),
            "cluster": cluster_of(passed["cluster"]),
            "open": tuple(passed["open"]),
        }
    )


def cluster_passed(cluster: EksCluster | str) -> str | list[str]:
    if isinstance(cluster, EksCluster):
        return [cluster.name, cluster.region, cluster.account_id]
    return cluster


def cluster_of(passed: str | list[str]) -> EksCluster | str:
    return EksCluster(*passed) if isinstance(passed, list) else passed


def plain_value(value: Any) -> Any:
    """Tell secrets from mappings, which may have any keys."""
    match value:
        case Secret(reference=reference):
            return {"secret": reference}
        case dict():
            return {
                "mapping": {key: plain_value(inner) for key, inner in value.items()}
            }
        case list() | tuple():
            return [plain_value(inner) for inner in value]
    return value


def value_of(plain: Any) -> Any:
    match plain:
        case {"secret": str(reference)}:
            return Secret(reference)
        case {"mapping": dict(inner)}:
            return {key: value_of(one) for key, one in inner.items()}
        case list():
            return [value_of(one) for one in plain]
    return plain
