"""What the server runs."""

import os

from django.core.asgi import get_asgi_application

from openrapport_web.streams import bounded_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrapport_web.settings")
application = bounded_bodies(get_asgi_application())
