"""What people may say of an account, field by field."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from onboarding.description.fields import FIELDS, MAKERS, Field, Kind
from onboarding.description.values import has

TEXTS = ("staging", "no", "1e3", "007")
GROUPS = st.lists(
    st.sampled_from(["developers", "a;b", "=1+1", "[x]", "yes", "007", "ä: b"]),
    max_size=3,
    unique=True,
)

CARRIED: tuple[dict[str, Any], ...] = (
    {},
    {"aws": {"accountType": "=1+1", "sessionDurationSeconds": 900}},
    {
        "aws": {
            "lifecycleHooks": [{"heartbeatTimeout": 120, "roleARN": "a;b, *c"}],
            "permissions": {"EXECUTE": ["sre"]},
            "regions": [{"name": "us-east-1", "preferredZones": ["us-east-1a"]}],
        },
        "ecs": {"namingStrategy": "007"},
        "kubernetes": {"prod-eks": {"kinds": [], "debug": True, "cacheThreads": 4}},
    },
)

ALSO_AS: tuple[list[dict[str, Any]], ...] = (
    [],
    [
        {
            "name": "other",
            "regions": ["eu-west-1"],
            "permissions": {"READ": ["a;b", "yes"], "WRITE": []},
            "carried": {"aws": {"accountType": "=1+1, *c"}},
        },
        {
            "name": "0x1F",
            "regions": ["us-east-1"],
            "permissions": {"READ": [], "WRITE": []},
        },
    ],
)


def column(one: Field) -> st.SearchStrategy[Any]:
    """Return what the column of the field may hold."""
    match one.kind:
        case Kind.TRUTH:
            return st.sampled_from([one.on, one.nothing])
        case Kind.MAKER:
            return st.sampled_from(MAKERS)
        case Kind.ACCOUNT_ID:
            return st.sampled_from(["922222222222", "012345678901"])
        case Kind.REGIONS:
            return st.sampled_from([["us-east-1"], ["eu-west-1", "us-east-1"]])
        case Kind.GROUPS:
            return GROUPS
        case Kind.INSTEAD:
            return st.sampled_from(["", "corp-1", "=1+1", "1e3", "007", "a,+b", "-x"])
        case Kind.CARRIED:
            return st.sampled_from(CARRIED)
        case Kind.NAMES:
            return st.sampled_from(ALSO_AS)
    return st.sampled_from(TEXTS if one.is_needed else (one.usual, *TEXTS))


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    drawn = {one.name: draw(column(one)) for one in FIELDS}
    if drawn["own_external_id"]:
        drawn["uses_external_id"] = True
    return {
        one.name: drawn[one.name] if has(drawn["made_by"], one) else one.nothing
        for one in FIELDS
    }
