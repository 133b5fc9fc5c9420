"""EKS with clusters, as a person has described them."""

from __future__ import annotations

from onboarding.providers.eks import Cluster, Eks

EAST, WEST = "us-east-1", "us-west-2"


def eks(*clusters):
    return Eks(clusters or (Cluster("apps", EAST),))
