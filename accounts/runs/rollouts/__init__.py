"""Rollouts: many accounts planned, approved and applied as one job.

start: choose them; engine: what happens by itself; decisions: what people do meanwhile.
"""

from __future__ import annotations

from accounts.runs.rollouts.start import CannotStart, start

__all__ = ["CannotStart", "start"]
