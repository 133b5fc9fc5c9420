"""The forms that ask for each provider's details, by the provider's key."""

from __future__ import annotations

from accounts.forms.providers.base import DetailsForm
from accounts.forms.providers.ec2 import Ec2Form
from accounts.forms.providers.ecs import EcsForm
from accounts.forms.providers.eks import EksForm
from accounts.forms.providers.lambda_ import LambdaForm

FORMS: dict[str, type[DetailsForm]] = {
    form.asks_for.key: form for form in (Ec2Form, EcsForm, EksForm, LambdaForm)
}
