"""The accounts in the words of hal's config, which knows no other keys. The operator's
config is read by the same code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onboarding.carried.fields import PERMISSIONS, carrying
from onboarding.providers.entry_kinds import AwsEntry, EcsEntry, KubernetesEntry
from onboarding.spinnaker.bundle.formats import spring
from onboarding.spinnaker.bundle.formats.hal import OURS
from onboarding.spinnaker.bundle.formats.hal.known import offers
from onboarding.spinnaker.entries import Entries
from onboarding.spinnaker.halconfig.schema import (
    AWS_ACCOUNT,
    CLUSTER,
    ECS_ACCOUNT,
    Schema,
    holds,
    pruned,
)
from onboarding.topology import SESSION_NAME

HAL_WRITES: Mapping[str, Any] = {"lifecycleHooks": []}
"""What hal says of every account that it adds."""


def aws_account(entry: AwsEntry) -> dict[str, Any]:
    return whole(spring.aws_fields(entry), entry.carried, AWS_ACCOUNT)


def unowned(entry: AwsEntry) -> dict[str, Any]:
    """Return what hal's commands leave alone: what is carried, and a session name that
    isn't the usual one.
    """
    named = entry.session_name != SESSION_NAME
    return {**entry.carried, **({"sessionName": entry.session_name} if named else {})}


def ecs_account(entry: EcsEntry) -> dict[str, Any]:
    return whole(spring.ecs_fields(entry), entry.carried, ECS_ACCOUNT)


def kubernetes_account(entry: KubernetesEntry) -> dict[str, Any]:
    """Describe a cluster; its kubeconfig's path is relative to the bundle."""
    file = f"kubernetes/{entry.name}/kubeconfig.yml"
    account = {**spring.kubernetes_fields(entry), "kubeconfigFile": file}
    return whole(account, entry.carried, CLUSTER)


def whole(
    account: dict[str, Any], carried: Mapping[str, Any], schema: Mapping[str, Schema]
) -> dict[str, Any]:
    """Add what is carried, but for what Halyard would refuse."""
    return pruned(carrying(account, carried), schema) if carried else account


def without_place(entries: Entries) -> Iterator[tuple[str, list[str]]]:
    """Yield each account with the carried fields that hal's config does not know, or
    not with such a value.
    """
    for _, name, fields, schema in carriers(entries):
        lost = [key for key in fields if not holds(fields[key], schema.get(key))]
        if lost:
            yield name, lost


def without_option(entries: Entries) -> Iterator[tuple[str, list[str]]]:
    """Yield each account with the carried fields that hal's config knows, and hal's
    commands have no option for.
    """
    for provider, name, fields, schema in carriers(entries):
        sayable = {*offers(provider, fields), *OURS[provider]} - {PERMISSIONS}
        sayable |= {key for key in HAL_WRITES if fields.get(key) == HAL_WRITES[key]}
        held = [key for key in fields if holds(fields[key], schema.get(key))]
        if lost := [key for key in held if key not in sayable]:
            yield name, lost


def carriers(
    entries: Entries,
) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Schema]]]:
    listed: Iterable[tuple[str, Iterable[Any], Mapping[str, Schema]]] = (
        ("aws", entries.aws, AWS_ACCOUNT),
        ("ecs", entries.ecs, ECS_ACCOUNT),
        ("kubernetes", entries.kubernetes, CLUSTER),
    )
    for provider, some, schema in listed:
        for entry in some:
            is_aws = isinstance(entry, AwsEntry)
            if fields := unowned(entry) if is_aws else entry.carried:
                yield provider, entry.name, fields, schema
