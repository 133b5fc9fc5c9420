"""Write accounts as a file that the reader takes: the same columns, as YAML or CSV.

Only what differs from the defaults is written, and nothing that was looked up in AWS.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import yaml

from onboarding.accounts_file.managed import WrittenAccount
from onboarding.accounts_file.spreadsheet import COLUMNS, REGIONS, ROLES, csv_row
from onboarding.providers import PROVIDERS
from onboarding.providers.base import providers_of
from onboarding.topology import (
    READER_ROLE,
    ExistingIdentity,
    Identity,
    InstanceRole,
    MadeBy,
    Managed,
    Managing,
    Permissions,
)

Written = dict[str, Any]
"""An account, or the managing one, in the keys of the file."""


class FileDumper(yaml.CSafeDumper):
    """Writes out what comes twice: no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def account_written(managed: Managed, *, uses_external_id: bool) -> Written:
    permissions = {
        key: list(roles)
        for key, roles in zip(
            ROLES, (managed.permissions.read, managed.permissions.write), strict=True
        )
        if roles
    }
    written: Written = {
        "name": managed.name,
        "account_id": managed.account_id,
        "environment": managed.environment,
        "regions": list(managed.regions),
        "access_role": managed.access_role,
        **maker_written(managed),
        "external_id": uses_external_id,
        "adopts": managed.adopts,
        "permissions": permissions,
        "providers": {
            provider.key: chosen(provider.choices())
            for provider in providers_of(managed)
        },
    }
    optional = ("environment", "access_role", "adopts", "permissions")
    return {k: v for k, v in written.items() if v or k not in optional}


def maker_written(managed: Managed) -> Written:
    """Say who makes the roles where Bowline does not, and whether it may read them."""
    if not managed.is_handed_off:
        return {}
    return {"made_by": managed.made_by, "reader_role": bool(managed.reader_role)}


def written_account(written: Mapping[str, Any], line: int) -> WrittenAccount:
    """Return the value of what `account_written` gave."""
    permissions = written.get("permissions", {})
    read, write = (tuple(permissions.get(key, ())) for key in ROLES)
    managed = Managed(
        name=written["name"],
        account_id=written["account_id"],
        regions=tuple(written["regions"]),
        providers=tuple(
            PROVIDERS[key].from_details(details)
            for key, details in written["providers"].items()
        ),
        environment=written.get("environment", ""),
        permissions=Permissions(read, write),
        access_role=written.get("access_role", ""),
        adopts=written.get("adopts", False),
        made_by=written.get("made_by", MadeBy.BOWLINE),
        reader_role=READER_ROLE if written.get("reader_role") else "",
    )
    return WrittenAccount(line, managed, written["external_id"])


def chosen(details: Any) -> dict[str, Any]:
    """Return the fields that differ from their defaults, as JSON."""
    return {
        one.name: as_written(getattr(details, one.name))
        for one in fields(details)
        if one.default is MISSING or getattr(details, one.name) != one.default
    }


def as_written(value: Any) -> Any:
    if isinstance(value, tuple):
        return [as_written(one) for one in value]
    return chosen(value) if is_dataclass(value) else value


def managing_written(managing: Managing, *, trusts_bowline: bool) -> Written:
    """Return the managing account, without what is at its default."""
    usual = Managing("", "")
    plain = ("partition", "access_role", "managed_role", "base_role")
    bakes = ("bakes", "ami_owner", "image_keys") if managing.bakes else ()
    differing = {
        name: as_written(getattr(managing, name))
        for name in (*plain, "made_by", "trust_organization", "boundary", *bakes)
        if getattr(managing, name) != getattr(usual, name)
    }
    written: Written = {
        "name": managing.name,
        "account_id": managing.account_id,
        "identity": identity_written(managing.identity),
        **differing,
    }
    if managing.organization:
        written["assume"] = {"organization": managing.organization}
    if not trusts_bowline:
        written["trusts_bowline"] = False
    return written


def identity_written(identity: Identity) -> Written:
    match identity:
        case InstanceRole(name=name):
            return {"instance_role": name}
        case ExistingIdentity(arn=arn):
            return {"existing": arn}
        case pod:
            keys = ("name", "cluster", "region", "namespace", "service_account")
            return {"pod_role": {key: getattr(pod, key) for key in keys}}


def yaml_text(
    managing: Written | None,
    accounts: Iterable[Written],
    spinnaker: Written | None = None,
) -> str:
    parts = {"managing": managing} if managing else {}
    parts |= {"spinnaker": spinnaker} if spinnaker else {}
    return dumped({**parts, "accounts": list(accounts)})


def dumped(value: Any, *, flow: bool | None = None) -> str:
    text: str = yaml.dump(
        value,
        Dumper=FileDumper,
        allow_unicode=True,
        default_flow_style=flow,
        sort_keys=False,
        width=10**6 if flow else 100,
    )
    return text


def csv_text(accounts: Iterable[Written]) -> str:
    """Write a row an account, so that a spreadsheet keeps every cell as it is."""
    rows = ([cell(written, column) for column in COLUMNS] for written in accounts)
    return "".join(map(csv_row, (COLUMNS, *rows)))


def cell(written: Written, column: str) -> str:
    if column in PROVIDERS:
        if column not in written["providers"]:
            return ""
        details = written["providers"][column]
        return in_one_line(details) if details else "yes"
    if column == "account_id":
        return in_groups(written[column])
    if column in ROLES:
        return listed(written.get("permissions", {}).get(column, []))
    if column == REGIONS:
        return listed(written[column])
    value = written.get(column, "")
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def in_groups(account_id: str) -> str:
    """Write an id as AWS's console does: no spreadsheet takes it for a number."""
    return "-".join((account_id[:4], account_id[4:8], account_id[8:]))


def listed(values: list[str]) -> str:
    """Separate by `;`, or write as in YAML where a value could be taken for several."""
    text = ";".join(values)
    unclear = text.startswith("[") or any(";" in value for value in values)
    if not unclear:
        return text
    quoted = json.dumps(values, ensure_ascii=False)
    # No reader of a cell may take them for YAML's anchors and aliases.
    return quoted.replace("&", "\\u0026").replace("*", "\\u002a")


def in_one_line(value: Any) -> str:
    return dumped(value, flow=True).strip()
