"""Runs: the plan to review, the decision, and what happened."""
