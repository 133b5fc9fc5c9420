"""The URLs of policies of others."""

from __future__ import annotations

from django.urls import path

from accounts.web.foreign import views

pages = [
    path("", views.foreign_policies, name="foreign-policies"),
    path("<int:number>/", views.foreign_policy, name="foreign-policy"),
    path("<int:number>/ask/", views.ask, name="foreign-policy-ask"),
    path("<int:number>/accept/", views.accept, name="foreign-policy-accept"),
    path("<int:number>/end/", views.end, name="foreign-policy-end"),
]
