import threading

import pytest

from apps.payments.moyasar import MoyasarClient
from apps.payments.standin import Standin
from apps.payments.tests.gateway.kit import SECRET_KEY, Receiver


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def standin(tmp_path):
    with Standin(tmp_path / "ledger.sqlite3", secret_key=SECRET_KEY) as running:
        yield running


@pytest.fixture
def hooked(tmp_path, receiver):
    """A stand-in that tells the receiver; its retries come within milliseconds."""
    options = {
        "secret_key": SECRET_KEY,
        "webhook_url": receiver.url,
        "webhook_secret": "shared",
        "retry_scale": 0.00001,
    }
    with Standin(tmp_path / "ledger.sqlite3", **options) as running:
        yield running


@pytest.fixture
def client(standin):
    return MoyasarClient(SECRET_KEY, standin.api_url, connect_timeout=5, read_timeout=10)


@pytest.fixture
def hasty_client(standin):
    return MoyasarClient(SECRET_KEY, standin.api_url, connect_timeout=0.5, read_timeout=0.5)
