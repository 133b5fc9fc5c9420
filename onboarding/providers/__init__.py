"""The providers that Bowline knows, in the order in which they are offered."""

from __future__ import annotations

from onboarding.providers.base import Provider
from onboarding.providers.ec2 import Ec2
from onboarding.providers.ecs import Ecs
from onboarding.providers.eks import Eks
from onboarding.providers.lambda_ import Lambda

PROVIDERS: dict[str, type[Provider]] = {
    provider.key: provider for provider in (Ec2, Ecs, Eks, Lambda)
}
