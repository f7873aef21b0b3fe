"""Providers that play a part: they record what they were asked to send and end each call as the test says."""

from apps.common.providers import Sent


class RecordingProvider:
    """Takes every message, or raises `failure` as long as it is set."""

    def __init__(self, failure=None):
        self.failure = failure
        self.messages = []

    def send(self, message):
        self.messages.append(message)
        if self.failure is not None:
            raise self.failure
        return Sent(f"id-{len(self.messages)}", "queued")
