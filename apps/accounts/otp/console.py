import sys


class ConsoleOtpProvider:
    """Writes the code to the server's standard output, for demo and tests. Production refuses it."""

    def send_code(self, *, to: str, code: str, channel: str, reference: str) -> None:
        """One flushed line, written at once so that lines of parallel requests do not mix."""
        sys.stdout.write(f"[otp] to={to} code={code}\n")
        sys.stdout.flush()
