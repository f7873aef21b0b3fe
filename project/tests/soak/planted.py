"""Two bugs, planted in the processes of an installation: half of the reads of own bookings crash, and each message is
sent twice. `python -m project.tests.soak.planted` is the passes with them, `application` the web process.
"""

from itertools import cycle

from project.wsgi import application as application  # sets Django up

# isort: split
from apps.bookings.api.views import BookingList
from apps.notifications.providers.twilio import TwilioProvider
from project.tests.soak.passes import main

well_read, well_sent = BookingList.get, TwilioProvider.send
is_broken = cycle([True, False])


def read(view, request, *args, **kwargs):
    if next(is_broken):
        raise RuntimeError("planted")
    return well_read(view, request, *args, **kwargs)


def send(provider, message):
    well_sent(provider, message)
    return well_sent(provider, message)


BookingList.get, TwilioProvider.send = read, send

if __name__ == "__main__":
    main()
