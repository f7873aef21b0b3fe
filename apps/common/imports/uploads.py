"""Where an uploaded file waits between the preview and the word of the operator: a folder only this service reads."""

import secrets
import tempfile
import time
from pathlib import Path

FOLDER = "salon-imports"


class Uploads:
    """Files by a name nobody can guess; what nobody came back for within `seconds` goes when the next one arrives."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def keep(self, content: bytes) -> str:
        """Store `content`; its name."""
        folder = self._folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        self._sweep(folder)
        name = secrets.token_hex(16)
        (folder / name).write_bytes(content)
        return name

    def read(self, name: str) -> bytes:
        """Raises FileNotFoundError."""
        return (self._folder() / name).read_bytes()

    def remove(self, name: str) -> None:
        """Whether or not it is still there."""
        (self._folder() / name).unlink(missing_ok=True)

    def _folder(self) -> Path:
        return Path(tempfile.gettempdir(), FOLDER)

    def _sweep(self, folder: Path) -> None:
        long_ago = time.time() - self.seconds
        for file in folder.iterdir():
            try:
                if file.stat().st_mtime < long_ago:
                    file.unlink()
            except FileNotFoundError:
                # Another upload swept it, or its import ended.
                continue
