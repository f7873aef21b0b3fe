"""How the web process runs: `gunicorn project.wsgi --config docs/deploy/gunicorn.conf.py`, behind a proxy that buffers.

`WEB_CONCURRENCY` sets the number of processes, `--bind` on the command line the address.
"""

import os
import socket
import struct

# A request waits for the database most of its time: two processes for a core and threads inside. Each thread keeps a
# connection of its own, so PostgreSQL's max_connections has to exceed workers x threads and what task workers need.
workers = int(os.environ.get("WEB_CONCURRENCY", 2 * len(os.sched_getaffinity(0)) + 1))
worker_class = "gthread"
threads = 4
bind = "127.0.0.1:8000"

# A process whose main thread is silent for so long is replaced; no call to a provider may take that long.
timeout = 60
# On SIGTERM what is being answered may end. systemd and compose wait longer than this before they kill.
graceful_timeout = 30
# Longer than the proxy keeps idle connections to us, so that it never sends into one that is being closed.
keepalive = 75

# Memory that a library leaks is given back; the jitter keeps the processes from doing so together.
max_requests = 10_000
max_requests_jitter = 1_000

# The settings decide by TRUSTED_PROXY_COUNT what is believed of forwarded headers. Gunicorn itself believes nobody.
forwarded_allow_ips = ""
# A heartbeat on a disk that is busy would kill healthy workers, and a read-only file system has no place but this.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn makes an unnamed file there
control_socket_disable = True
accesslog = None

# Seconds that one read may wait for the client. A thread that has begun a request waits for it without an end
# otherwise, and four clients that send half a line would silence a process. What the proxy lets through is whole.
SLOWEST_READ = 10


def when_ready(server):
    """Accepted connections inherit this from the socket that listens."""
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SLOWEST_READ, 0))
