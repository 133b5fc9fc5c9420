"""The forms that ask for each provider's details, by the provider's key."""

from __future__ import annotations

from accounts.web.wizard.provider_forms.base import DetailsForm
from accounts.web.wizard.provider_forms.ec2 import Ec2Form
from accounts.web.wizard.provider_forms.ecs import EcsForm
from accounts.web.wizard.provider_forms.eks import EksForm
from accounts.web.wizard.provider_forms.lambda_ import LambdaForm

FORMS: dict[str, type[DetailsForm]] = {
    form.asks_for.key: form for form in (Ec2Form, EcsForm, EksForm, LambdaForm)
}
