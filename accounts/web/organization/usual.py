"""What is proposed as common settings: what the last described account has."""

from __future__ import annotations

from typing import Any

from accounts.models import ManagedAccount
from accounts.web.wizard.access import USUAL_ACCESS_ROLE
from onboarding.topology import MadeBy


def usual() -> dict[str, Any]:
    last = ManagedAccount.objects.order_by("-created_at").first()
    return {
        "regions": last.regions if last else [],
        "made_by": MadeBy.BOWLINE.value,
        "access_role": USUAL_ACCESS_ROLE,
        "providers": ["ec2"],
        "uses_external_id": True,
    }
