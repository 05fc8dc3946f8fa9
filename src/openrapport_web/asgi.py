"""What the server runs."""

import os
import warnings
from importlib import import_module
from threading import Thread

from django.core.asgi import get_asgi_application

from openrapport_web.streams import bounded_bodies

# Style sheets and scripts are small: reading one whole costs nothing worth a line in the log.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrapport_web.settings")
application = bounded_bodies(get_asgi_application())

# What looks at an answer needs it, and imports it late. The first answer shall not wait for that
# while it holds the database, nor the server with its start.
Thread(target=import_module, args=("scipy.special",), daemon=True).start()
