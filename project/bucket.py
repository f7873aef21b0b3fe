"""Pictures in a bucket of a service that speaks S3; needs the extra `s3`.

The bucket stays private. The application serves pictures from it as it does from a disk, so that a picture has one
address and the same headers wherever it lies.
"""

from typing import Any
from urllib.parse import urljoin

from botocore.config import Config
from django.conf import settings
from storages.backends.s3 import S3Storage

CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 10, 2


class Bucket(S3Storage):
    """Takes `endpoint_url`, `bucket_name`, `region_name`, `access_key` and `secret_key`."""

    def __init__(self, **options: Any) -> None:
        config = Config(
            signature_version="s3v4",
            # Services of one's own have rarely a host name for each bucket, and know few kinds of check sums.
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": TRIES},
        )
        # A name is never used twice, so nothing is asked about it before it is written.
        super().__init__(client_config=config, default_acl=None, file_overwrite=True, **options)

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        return urljoin(settings.MEDIA_URL, name)
