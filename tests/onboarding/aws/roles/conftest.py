"""Fixtures: what AWS is asked."""

from __future__ import annotations

from tests.strict_aws.calls import calls as calls
