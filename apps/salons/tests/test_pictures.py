"""Pictures of people and salons: what is kept of a file, what is refused, and which files stay on the disk."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, PngImagePlugin

from apps.accounts.roles import SalonRole
from apps.common.errors import Forbidden
from apps.common.pictures import MOST_BYTES, rewritten
from apps.salons import services
from apps.salons.models import Staff
from apps.salons.tests.factories import MembershipFactory, StaffFactory

pytestmark = pytest.mark.django_db

SECRET = b"GPS-of-home"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def anna(salon):
    return StaffFactory(salon=salon)


def encoded(size=(30, 20), *, kind="PNG", mode="RGB", **options):
    written = BytesIO()
    Image.new(mode, size, "red").save(written, kind, **options)
    return written.getvalue()


def page_of(row):
    return reverse(f"admin:salons_{row._meta.model_name}_pictures_action", args=[row.pk])


def upload(client, row, content, field="photo", name="me.jpg"):
    return client.post(page_of(row), {"field": field, "picture": SimpleUploadedFile(name, content), "reason": "New"})


def files(media):
    return sorted(path.name for path in media.iterdir())


def opened(media):
    [path] = media.iterdir()
    return Image.open(path)


def with_metadata():
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    return [
        pytest.param(encoded(kind="PNG", pnginfo=text), id="png"),
        pytest.param(encoded(kind="JPEG", exif=exif, comment=SECRET), id="jpeg"),
        pytest.param(encoded(kind="WEBP", exif=exif, xmp=SECRET), id="webp"),
    ]


@pytest.mark.parametrize("content", with_metadata())
def test_a_picture_is_written_anew_without_what_the_file_said_besides(client, manager, anna, media, content):
    assert SECRET in content

    answer = upload(client, anna, content)

    anna.refresh_from_db()
    assert (answer.status_code, files(media)) == (302, [anna.photo.name])
    assert (opened(media).format, opened(media).size) == ("WEBP", (30, 20))
    assert SECRET not in (media / anna.photo.name).read_bytes()
    version = anna.history.first()
    assert (version.history_user, version.history_change_reason) == (manager, "New")


def test_a_large_picture_is_made_small_and_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    small = Image.open(BytesIO(rewritten(encoded((2000, 1000), kind="JPEG", exif=exif), longest=512)))

    assert small.size == (256, 512)


HOSTILE = [
    pytest.param(b"", id="empty"),
    pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", id="svg"),
    pytest.param(b"GIF89a/*" + b"\x00" * 60 + b"*/=alert(1)", id="gif-and-script"),
    pytest.param(encoded(kind="GIF"), id="gif"),
    pytest.param(encoded(kind="BMP"), id="bmp"),
    pytest.param(encoded((400, 400), kind="JPEG")[:300], id="cut-jpeg"),
    pytest.param(encoded((400, 400), kind="PNG")[:60], id="cut-png"),
    pytest.param(encoded((7000, 6000), mode="1"), id="too-many-pixels"),
    pytest.param(encoded((20000, 20000), mode="1"), id="bomb"),
    pytest.param(encoded() + b"x" * MOST_BYTES, id="too-many-bytes"),
    pytest.param(b"%PDF-1.7\n" + b"\x00" * 200, id="pdf"),
]


@pytest.mark.parametrize("content", HOSTILE)
def test_what_is_no_picture_or_too_large_is_refused_and_nothing_is_stored(client, manager, anna, media, content):
    answer = upload(client, anna, content)

    anna.refresh_from_db()
    assert (answer.status_code, len(answer.context["pictures"][0]["errors"])) == (200, 1)
    assert (anna.photo.name, files(media), anna.history.count()) == ("", [], 1)


def test_of_a_picture_that_is_a_page_as_well_only_the_picture_is_kept(client, manager, anna, media):
    upload(client, anna, encoded(kind="JPEG") + b"<html><script>alert(1)</script>", name="../../x.html")

    [name] = files(media)
    assert (len(name), name[-5:]) == (37, ".webp")
    assert b"script" not in (media / name).read_bytes()


@pytest.mark.django_db(transaction=True)
def test_a_replaced_or_removed_picture_leaves_no_file(client, manager, anna, media):
    upload(client, anna, encoded())
    [first] = files(media)
    upload(client, anna, encoded((40, 40)))
    [second] = files(media)
    client.post(page_of(anna), {"field": "photo", "remove": "on"})

    anna.refresh_from_db()
    assert first != second
    assert (anna.photo.name, files(media)) == ("", [])


@pytest.mark.django_db(transaction=True)
def test_the_file_goes_with_the_person(client, manager, anna, media):
    upload(client, anna, encoded())
    Staff.objects.get(pk=anna.pk).delete()

    assert files(media) == []


def test_a_change_that_fails_leaves_no_file(salon, anna, media):
    desk = MembershipFactory(salon=salon, role=SalonRole.RECEPTIONIST).user

    with pytest.raises(Forbidden):
        services.change_picture(actor=desk, row=anna, field="photo", content=encoded())

    anna.refresh_from_db()
    assert (anna.photo.name, files(media)) == ("", [])


def test_a_salon_has_a_logo_and_a_cover(client, manager, salon, media):
    upload(client, salon, encoded((900, 900)), "logo")
    upload(client, salon, encoded((3000, 1000)), "cover")

    salon.refresh_from_db()
    sizes = [Image.open(media / picture.name).size for picture in (salon.logo, salon.cover)]
    assert sizes == [(512, 512), (1600, 533)]


def test_people_of_another_salon_have_no_page_here_and_other_columns_are_no_pictures(client, manager, anna, media):
    stranger = StaffFactory()

    assert client.get(page_of(stranger)).status_code in {403, 404}
    assert upload(client, stranger, encoded()).status_code in {403, 404}
    for field in ("search_text", "user", "x"):
        assert upload(client, anna, encoded(), field).status_code == 404

    assert (files(media), Staff.history.count()) == ([], 2)


def test_a_picture_is_served_as_what_it_is_and_nothing_else_of_the_disk(client, manager, anna, media):
    upload(client, anna, encoded())
    anna.refresh_from_db()
    (media / "secret.txt").write_text("secret")
    client.logout()

    answer = client.get(anna.photo.url)

    headers = [answer[name] for name in ("Content-Type", "X-Content-Type-Options", "Content-Security-Policy")]
    assert (answer.status_code, headers) == (200, ["image/webp", "nosniff", "default-src 'none'; sandbox"])
    for path in ("secret.txt", "../secret.txt", "%2e%2e/x.webp", f"{'0' * 32}.webp", f"{'0' * 32}.webp/x"):
        assert client.get(f"/media/{path}").status_code == 404
    assert client.post(anna.photo.url).status_code == 405
