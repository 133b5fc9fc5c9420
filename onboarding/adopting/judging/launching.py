"""What EC2 accounts launch from: launch templates or launch configurations. Pure.

Spinnaker has one switch, and lists next to it; Bowline has one answer for an account.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from onboarding.adopting.comparing import Spinnaker
from onboarding.adopting.values import AWS, SourceKind, within

FILES = {SourceKind.HALCONFIG, SourceKind.OPERATOR, SourceKind.SPRING}


class Launching(Enum):
    TEMPLATES = auto()
    CONFIGURATIONS = auto()
    BOTH = auto()
    """Templates for some applications or Regions only."""
    UNKNOWN = auto()


WRITTEN = {
    Launching.TEMPLATES: {},
    Launching.CONFIGURATIONS: {"launch_templates": False},
    Launching.BOTH: {"launch_configurations": True},
    Launching.UNKNOWN: {"launch_configurations": True},
}
"""What an account has of it in the keys of EC2's details."""


def has_files(spinnaker: Spinnaker) -> bool:
    """Return whether the sources are complete enough to know what is switched off."""
    return any(one.kind in FILES for one in spinnaker.readings)


def launching(spinnaker: Spinnaker, name: str) -> Launching:
    """Return what the account of this name launches from."""
    found = within(spinnaker.settings, AWS, "features", "launchtemplates")
    if not has_files(spinnaker):
        return Launching.UNKNOWN
    if within(found, "enabled") is not True or name in names_in(
        found, "excludedaccounts"
    ):
        return Launching.CONFIGURATIONS
    whole = within(found, "allapplications", "enabled") is True
    if whole or name in names_in(found, "allowedaccounts"):
        return (
            Launching.BOTH
            if names_in(found, "excludedapplications")
            else Launching.TEMPLATES
        )
    return Launching.BOTH


def names_in(found: Any, key: str) -> set[str]:
    """Read names as Clouddriver does: a text with commas."""
    return {name.strip() for name in str(within(found, key) or "").split(",")} - {""}
