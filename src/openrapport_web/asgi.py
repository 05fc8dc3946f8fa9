"""What the server runs."""

import os
import warnings

from django.core.asgi import get_asgi_application

from openrapport_web.streams import bounded_bodies

# Style sheets and scripts are small: reading one whole costs nothing worth a line in the log.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrapport_web.settings")
application = bounded_bodies(get_asgi_application())
