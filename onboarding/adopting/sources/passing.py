"""What was read, in JSON without a secret: for a worker, which reads Gate as well."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from onboarding.adopting.sources.reading import Read
from onboarding.adopting.values import Account, EksCluster, Finding, Reading, SourceKind
from onboarding.carried.secrets import Secret

CLASSES = {
    one.__name__: one for one in (Read, Reading, Account, EksCluster, Finding, Secret)
}


def together(*reads: Read) -> Read:
    """Make one of what was read in parts, the sources first that Spinnaker prefers."""
    order = list(SourceKind)
    return Read(
        tuple(
            sorted(
                (one for read in reads for one in read.readings),
                key=lambda one: order.index(one.kind),
            )
        ),
        {name: one for read in reads for name, one in read.kubeconfigs.items()},
        tuple(path for read in reads for path in read.unknown),
    )


def passed(value: Any) -> Any:
    """Return what was read in JSON's types: all but a list is an object with one key,
    which says what it is.
    """
    match value:
        case SourceKind():
            return {"kind": value.name}
        case dict():
            return {"mapping": {key: passed(inner) for key, inner in value.items()}}
        case tuple():
            return {"tuple": [passed(inner) for inner in value]}
        case list():
            return [passed(inner) for inner in value]
        case _ if is_dataclass(value):
            said = {one.name: passed(getattr(value, one.name)) for one in fields(value)}
            return {type(value).__name__: said}
    return value


def read_of(plain: Any) -> Any:
    """Return what `passed` was given."""
    match plain:
        case {"kind": name}:
            return SourceKind[name]
        case {"mapping": inner}:
            return {key: read_of(one) for key, one in inner.items()}
        case {"tuple": items}:
            return tuple(read_of(one) for one in items)
        case list():
            return [read_of(one) for one in plain]
        case dict():
            ((name, said),) = plain.items()
            return CLASSES[name](**{key: read_of(one) for key, one in said.items()})
    return plain
