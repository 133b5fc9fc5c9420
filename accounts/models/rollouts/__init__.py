"""Rollouts, and what runs know of theirs."""
