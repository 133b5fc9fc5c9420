"""The owner tag on roles and instance profiles: one kind of call for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onboarding.resources.kinds import OwnerTag, Role

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


def carrier(tag: OwnerTag) -> dict[str, str]:
    """Name what carries it, as the call asks."""
    return {"RoleName" if tag.of == Role.kind else "InstanceProfileName": tag.holder}


def tagged(tag: OwnerTag) -> dict[str, Any]:
    """Say what is to be on it: another tag of that key is replaced."""
    key, value = tag.pair
    return {**carrier(tag), "Tags": [{"Key": key, "Value": value}]}


def untagged(tag: OwnerTag) -> dict[str, Any]:
    return {**carrier(tag), "TagKeys": [tag.pair[0]]}


def tagging(iam: IAMClient, tag: OwnerTag) -> Callable[..., object]:
    return iam.tag_role if tag.of == Role.kind else iam.tag_instance_profile


def untagging(iam: IAMClient, tag: OwnerTag) -> Callable[..., object]:
    return iam.untag_role if tag.of == Role.kind else iam.untag_instance_profile
