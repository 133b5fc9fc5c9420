"""A worker in a process of its own that does nothing but carry deliveries."""

from __future__ import annotations

import time

import django


def main() -> None:
    django.setup()
    from accounts.models import Delivery
    from accounts.tasks import carry_on
    from accounts.work.queue import nothing_sent
    from accounts.work.threads import leases_extended

    with nothing_sent(), leases_extended():
        while True:
            for number in Delivery.objects.due().values_list("number", flat=True):
                carry_on("delivery", str(number))
            time.sleep(0.1)


if __name__ == "__main__":
    main()
