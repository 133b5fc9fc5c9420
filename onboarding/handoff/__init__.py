"""What an account's owner runs to create its roles, where Bowline may not. Pure."""

from __future__ import annotations

from onboarding.handoff.hand_off import HandOff, hand_off

__all__ = ["HandOff", "hand_off"]
