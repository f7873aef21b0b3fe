"""Pictures in a server that speaks S3, on loopback: what a disk does with them, a bucket does too."""

import pytest
from django.core.files.storage import storages

from apps.accounts.tests.factories import OwnerFactory
from apps.salons.services import change_picture
from apps.salons.tests.factories import StaffFactory
from apps.salons.tests.test_pictures import encoded
from project.env import Profile, read_environment
from project.settings.environment import environment_settings
from project.tests.test_settings import S3

pytestmark = [pytest.mark.bucket, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def address():
    from moto.server import ThreadedMotoServer  # of a dependency group that the other tests do without

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(address, settings):
    """The empty bucket that is where pictures go."""
    variables = {**S3, "S3_ENDPOINT_URL": address, "S3_REGION": "us-east-1"}
    settings.STORAGES = environment_settings(read_environment(Profile.DEMO, variables))["STORAGES"]
    bucket = storages["default"].bucket
    bucket.create()
    yield bucket
    bucket.objects.all().delete()
    bucket.delete()


def names(bucket):
    return [item.key for item in bucket.objects.all()]


def test_a_picture_goes_to_the_bucket_and_the_one_before_leaves_it(bucket):
    owner, anna = OwnerFactory(), StaffFactory()
    first = change_picture(actor=owner, row=anna, field="photo", content=encoded()).photo.name
    assert names(bucket) == [first]

    second = change_picture(actor=owner, row=anna, field="photo", content=encoded(size=(9, 9))).photo.name

    assert second != first
    assert names(bucket) == [second]
    change_picture(actor=owner, row=anna, field="photo", content=None)
    assert names(bucket) == []


def test_a_picture_of_the_bucket_is_served_by_us_under_its_usual_address(client, bucket):
    anna = change_picture(actor=OwnerFactory(), row=StaffFactory(), field="photo", content=encoded())
    assert anna.photo.url == f"/media/{anna.photo.name}"

    answer = client.get(anna.photo.url)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert answer.getvalue() == bucket.Object(anna.photo.name).get()["Body"].read()
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(f"/media/{'0' * 32}.webp").status_code == 404


def test_a_picture_of_the_bucket_is_nobodys_without_a_key(bucket, address):
    name = change_picture(actor=OwnerFactory(), row=StaffFactory(), field="photo", content=encoded()).photo.name

    assert {grant["Grantee"].get("URI") for grant in bucket.Object(name).Acl().grants} == {None}
