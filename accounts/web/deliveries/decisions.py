"""What people decide about deliveries; each press leads to the delivery's page."""

from __future__ import annotations

from accounts.models import Delivery
from accounts.spinnaker.deliveries.decisions import approve, discard, start_connected
from accounts.web.deliveries.views import DeliveryForm, delivery_page
from accounts.web.posts import one_of, post

posts = [
    post(
        "bundles/deliveries/start/",
        start_connected,
        name="delivery-start",
        given=lambda posted: {"agree": posted.getlist("agree")},
        refused="accounts:spinnaker",
    ),
    post(
        "bundles/deliveries/<int:number>/approve/",
        approve,
        name="delivery-approve",
        find=one_of(Delivery.objects.light()),
        form=DeliveryForm,
        page=delivery_page,
    ),
    post(
        "bundles/deliveries/<int:number>/discard/",
        discard,
        name="delivery-discard",
        find=one_of(Delivery.objects.light()),
        said="{0} is discarded. Nothing changed in Spinnaker.",
    ),
]
