"""The URLs of policies of others."""

from __future__ import annotations

from django.urls import path

from accounts.web.foreign import views

pages = [
    path("foreign-policies/", views.foreign_policies, name="foreign-policies"),
    path("foreign-policies/<int:number>/", views.foreign_policy, name="foreign-policy"),
    path("foreign-policies/<int:number>/ask/", views.ask, name="foreign-policy-ask"),
    path(
        "foreign-policies/<int:number>/accept/",
        views.accept,
        name="foreign-policy-accept",
    ),
    path("foreign-policies/<int:number>/end/", views.end, name="foreign-policy-end"),
]
