"""The web processes of a real installation: `gunicorn --config deploy/gunicorn.conf.py 'portal:create_app()'`.

A proxy on the same machine ends TLS and speaks to the socket; the socket's folder is the service's own.
"""

from __future__ import annotations

import gc
import os

from portal.i18n import load_languages

bind = "unix:/run/privacy-portal/web.sock"
umask = 0o007  # the proxy's group may connect
workers = 2  # one a core; each keeps at most ten connections to a database
preload_app = True  # with `when_ready`: the processes share what is loaded, a fifth of their memory
worker_class = "gthread"
threads = 4
timeout = 60  # seconds: longer than the slowest page, an upload that is drawn anew
graceful_timeout = 30
keepalive = 5
max_requests = 20_000  # a process is replaced now and then, not all at once
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat of a process must not wait for a disk
forwarded_allow_ips = "*"  # only the proxy can reach the socket; TRUSTED_PROXIES says what of it counts
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 50
accesslog = None  # the portal logs each request itself, without addresses of pages or people
errorlog = "-"
loglevel = "warning"

load_languages()  # before the application


def when_ready(_server: object) -> None:
    """Before the processes part: what they share is no garbage, and each one's search for garbage would copy it."""
    gc.collect()
    gc.freeze()


if os.environ.get("WORKER_IN_WEB") == "yes":
    from portal.runners.in_web import post_worker_init, worker_exit  # noqa: F401 - gunicorn's hooks
