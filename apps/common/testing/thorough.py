"""Whether tests run in their long form, which tries more of the same: `THOROUGH=1`."""

import os

THOROUGH = bool(os.environ.get("THOROUGH"))
