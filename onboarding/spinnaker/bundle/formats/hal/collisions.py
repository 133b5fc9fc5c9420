"""Why an account of the bundle cannot simply be put in.

apply.sh and the merge of a halconfig say it in these same words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .known import is_restored, is_same_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def taken(name: str, provider: str) -> str:
    return (
        f"hal has an account {name} in {provider} already, and wants every name once. "
        "Rename one of the two."
    )


def stranger(provider: str, account: Mapping[str, Any], held: Mapping[str, Any]) -> str:
    """Say why hal's account of that name is another one; empty where it is not."""
    name = account["name"]
    if provider == "aws":
        theirs, ours = str(held.get("accountId") or ""), account["accountId"]
        same = is_same_id(ours, theirs)
        return "" if same else f"hal's {name} is AWS account {theirs}, not {ours}."
    if provider == "ecs":
        theirs, ours = held.get("awsAccount") or "no AWS account", account["awsAccount"]
        return (
            "" if theirs == ours else f"hal's {name} belongs to {theirs}, not {ours}."
        )
    file = str(held.get("kubeconfigFile") or "")
    is_own = file.endswith(own_kubeconfig(name))
    if is_own or (is_restored(held) and held.get("context") == name):
        return ""
    return f"hal's {name} uses a kubeconfig that Bowline didn't create."


def own_kubeconfig(name: str) -> str:
    return f"kubernetes/{name}/kubeconfig.yml"


def rival(name: str, other: str, target: str) -> str:
    return (
        f"hal's ECS account {other} belongs to {target} too, and Clouddriver sees only "
        f"one of them, {other} or {name}."
    )
