"""The URLs of taking over existing roles."""

from __future__ import annotations

from django.urls import path

from accounts.web.taking_over import of_all, views

pages = [
    path("accounts/existing-roles/", of_all.existing_roles, name="existing-roles"),
    path(
        "accounts/existing-roles/take-over/",
        of_all.take_over_many,
        name="take-over-many",
    ),
    *views.posts,
]
