"""What is raised where something stored cannot be used: its message says why."""

from __future__ import annotations

from accounts.models.account import Unreadable
from onboarding.details import DetailsError
from onboarding.resources.policy import QuotaExceeded
from onboarding.spinnaker.bundle.contents import BadArchive

CANNOT_BE_USED = (Unreadable, DetailsError, QuotaExceeded, BadArchive)
