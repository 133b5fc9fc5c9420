"""An account of a test: what stands for it, and its verification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onboarding.aws.result import Result
from onboarding.aws.verify import verify
from onboarding.managed_side import managed_side
from onboarding.managing_side import managing_side
from onboarding.topology import Managed, Managing, Topology
from tests.onboarding.aws.field import Field


class Verified:
    def __init__(self, field: Field, managing: Managing, managed: Managed) -> None:
        self.field, self.managing, self.managed = field, managing, managed

    def stand(self) -> Verified:
        topology = Topology(self.managing, (self.managed,))
        self.field.bring_about(self.field.own, tuple(managing_side(topology)))
        self.field.bring_about(
            self.field.reach, tuple(managed_side(self.managing, self.managed))
        )
        return self

    def results(self, **options: Any) -> list[Result]:
        return list(self.checks(**{"patience": 0, **options}))

    def checks(self, **options: Any) -> Iterator[Result]:
        return verify(
            self.field.sessions(),
            self.managing,
            self.managed,
            self.field.reach,
            identity_reach=self.field.own,
            **options,
        )

    def found(self, name: str, **options: Any) -> Result:
        return next(r for r in self.results(**options) if r.name.startswith(name))
