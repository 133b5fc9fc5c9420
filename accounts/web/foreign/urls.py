"""The URLs of policies of others."""

from __future__ import annotations

from django.urls import path

from accounts.web.foreign import alike, views

pages = [
    path("foreign-policies/", views.foreign_policies, name="foreign-policies"),
    path(f"{alike.SAME}/", alike.same_policies, name="foreign-alike"),
    *alike.posts,
    path(f"{views.ONE}/", views.foreign_policy, name="foreign-policy"),
    *views.posts,
]
