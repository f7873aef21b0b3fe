"""Compiles the committed ``.po`` catalogues to the ``.mo`` files Django reads, without gettext's tools.

Only a missing or outdated file is written, through a temporary file and a rename, so that processes starting
at the same moment never read half a catalogue.
"""

import os
import tempfile
from pathlib import Path


def compile_catalogues(directory: Path) -> list[Path]:
    """Bring every ``.mo`` below ``directory`` up to date; returns those that were written."""
    sources = sorted(directory.glob("*/LC_MESSAGES/*.po"))
    return [compile_catalogue(source) for source in sources if is_stale(source)]


def is_stale(source: Path) -> bool:
    target = source.with_suffix(".mo")
    return not target.exists() or target.stat().st_mtime_ns < source.stat().st_mtime_ns


def compile_catalogue(source: Path) -> Path:
    import polib  # Needed once per edit, while this module is imported by every process.

    target = source.with_suffix(".mo")
    written_at = source.stat().st_mtime_ns
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".mo.tmp")
    os.close(handle)
    try:
        polib.pofile(str(source)).save_as_mofile(temporary)
        # The source's own time: an edit made while this ran leaves the result outdated, to be compiled again.
        os.utime(temporary, ns=(written_at, written_at))
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target
