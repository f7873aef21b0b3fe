"""Static files of production: which are shipped, and under which names they may be kept for good."""

from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage

# What `npm run build` named by its contents; these files import each other under exactly those names.
NAMED_BY_THE_BUILD = "storefront/assets/"


class ShippedFilesConfig(StaticFilesConfig):
    """Leaves files of libraries behind that no page of ours asks for: half of what would be hashed and compressed."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "rest_framework", "redoc", "*.LICENSE.txt"]


class HashedFilesStorage(CompressedManifestStaticFilesStorage):
    """A hash in every name, and no second one: a page would fetch under it what other files fetch under the first."""

    def hashed_name(self, name: str, *args: Any, **kwargs: Any) -> str:
        hashed: str = name if name.startswith(NAMED_BY_THE_BUILD) else super().hashed_name(name, *args, **kwargs)
        return hashed
