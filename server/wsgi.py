"""The WSGI application, which `server.rsgi` serves; it works the spool off as well, unless ``MIJIAN_FANOUT=0``."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from server.background import start  # noqa: E402 (models can be imported only now)

start()
