"""A connection with a Gate on this machine, as an operator allows it."""

from __future__ import annotations

from typing import Any

from accounts.models import Spinnaker
from accounts.secrets import Reach

TOKEN = "spk_0123456789abcdef"
REACH = Reach(
    hosts=("127.0.0.1",),
    networks=("127.0.0.0/8",),
    plain_http=True,
    variables=("GATE_TOKEN", "GATE_PASSWORD"),
    directory="/run/secrets/spinnaker",
)


def spinnaker_row(url: str = "http://127.0.0.1:1", **fields: Any) -> Spinnaker:
    described = {"release": "2026.2", "sign_in": "none", **fields}
    return Spinnaker.objects.create(url=url, **described)
