"""Rollouts: decided on, and reported."""
