"""The same accounts as each source writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from onboarding.adopting.report import Report, report_of
from onboarding.adopting.sources.reading import read_sources

Providers = Mapping[str, Mapping[str, Any]]
"""By provider, its settings and `accounts`, in Spinnaker's own keys."""


class Quoting(yaml.SafeDumper):
    """Puts every text into quotes, as a careful person does."""


Quoting.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"'
    ),
)


def yaml_of(value: Any) -> bytes:
    return yaml.dump(value, Dumper=Quoting, allow_unicode=True).encode()


def halconfig(providers: Providers, *, name: str = "default") -> dict[str, bytes]:
    deployment = {"name": name, "version": "1.30.0", "providers": providers}
    config = {"currentDeployment": name, "deploymentConfigurations": [deployment]}
    return {"config": yaml_of(config)}


def as_is(key: str) -> str:
    return key


def kebab(key: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"-\1", key).lower()


def snake(key: str) -> str:
    return kebab(key).replace("-", "_")


def upper(key: str) -> str:
    return snake(key).upper()


SPELLINGS: tuple[Callable[[str], str], ...] = (as_is, kebab, snake, upper)


def spring(
    providers: Providers, spelled: Callable[[str], str] = as_is
) -> dict[str, bytes]:
    return {"clouddriver-local.yml": yaml_of(respelled(providers, spelled))}


def respelled(value: Any, spelled: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {
            spelled(key)
            if key not in ("READ", "WRITE", "EXECUTE", "CREATE")
            else key: (respelled(inner, spelled))
            for key, inner in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [respelled(inner, spelled) for inner in value]
    return value


def service(
    providers: Providers, profile: Providers | None = None, **others: Any
) -> dict[str, bytes]:
    config: dict[str, Any] = {"config": {"providers": providers}, **others}
    if profile:
        config["profiles"] = {"clouddriver": profile}
    manifest = {
        "apiVersion": "spinnaker.io/v1alpha2",
        "kind": "SpinnakerService",
        "metadata": {"name": "spinnaker"},
        "spec": {"spinnakerConfig": config},
    }
    return {"spinnakerservice.yml": yaml_of(manifest)}


FILLED_IN = {
    "permissions": {},
    "requiredGroupMembership": [],
    "allowPrivateThirdPartyImages": False,
}
"""What Gate says of a stored account that says nothing of it."""


def stored(providers: Providers) -> dict[str, bytes]:
    return {
        f"{provider}.json": json.dumps(
            [
                {"type": provider, **(FILLED_IN if provider == "aws" else {}), **one}
                for one in section["accounts"]
            ]
        ).encode()
        for provider, section in providers.items()
    }


def loaded(providers: Providers) -> dict[str, bytes]:
    """Write what Gate's list of loaded accounts says, defaults filled in."""
    rows = [
        loaded_row(provider, one)
        for provider, section in providers.items()
        for one in section["accounts"]
    ]
    return {"credentials.json": json.dumps(rows).encode()}


def loaded_row(provider: str, account: Mapping[str, Any]) -> dict[str, Any]:
    row = {
        "environment": account["name"],
        "accountType": account["name"],
        "type": provider,
        "cloudProvider": provider,
        "primaryAccount": False,
        "challengeDestructiveActions": False,
        "authorized": True,
        "requiredGroupMembership": [],
        **{key: value for key, value in account.items() if key != "kubeconfigContents"},
    }
    row["permissions"] = {
        verb: sorted(role.lower() for role in roles)
        for verb, roles in account.get("permissions", {}).items()
    }
    if provider == "aws":
        role = str(account.get("assumeRole", ""))
        if role and not role.startswith("arn:"):
            row["assumeRole"] = f"arn:aws:iam::{account['accountId']}:{role}"
        row |= {"sessionName": account.get("sessionName", "Spinnaker")}
        row["regions"] = [
            {**one, "availabilityZones": [f"{one['name']}a"], "deprecated": False}
            for one in account["regions"]
        ]
    return row


def reported(*files: Mapping[str, bytes], deployment: str = "") -> Report:
    """Report on the files together."""
    everything = {path: content for some in files for path, content in some.items()}
    return report_of(
        read_sources(everything, deployment=deployment, named=frozenset(everything))
    )


def kinds(report: Report) -> set[str]:
    return {one.kind for one in report.findings}


def outcomes(report: Report) -> dict[str, str]:
    """Say what becomes of each account: its name, with the type where two share it."""
    found: dict[str, str] = {}
    for judged in report.judgement.accounts:
        account = judged.account
        name = (
            account.name
            if account.name not in found
            else f"{account.type}/{account.name}"
        )
        found[name] = judged.outcome
    return found


def reasons(report: Report, name: str) -> str:
    return " ".join(
        reason
        for judged in report.judgement.accounts
        if judged.account.name == name
        for reason in judged.reasons
    )


def aws(name: str, account_id: str = "123456789012", **others: Any) -> dict[str, Any]:
    return {
        "name": name,
        "accountId": account_id,
        "regions": [{"name": "us-east-1"}],
        "assumeRole": "role/spinnakerManaged",
        **others,
    }
