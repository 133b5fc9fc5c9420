"""Rollouts: many accounts as one job, watched and decided on one page."""
