"""What Bowline remembers."""

from __future__ import annotations

from accounts.models.accounts import (
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    SpinnakerName,
)
from accounts.models.bundles import Bundle
from accounts.models.runs import CheckResult, Run, Step

__all__ = [
    "Bundle",
    "CheckResult",
    "EnabledProvider",
    "ManagedAccount",
    "ManagingAccount",
    "Run",
    "SpinnakerName",
    "Step",
]
