"""The application's settings, in a folder of this test process's own."""

import os
import tempfile

from openrapport_web.crypto import new_master_key

_HOME = tempfile.mkdtemp(prefix="openrapport-tests-")
for name, value in {
    "HOME": _HOME,
    "HTTPS": "no",
    "SECRET_KEY": "for tests alone, and therefore of no worth whatsoever " * 2,
    "MASTER_KEY": new_master_key(),
}.items():
    os.environ[f"OPENRAPPORT_{name}"] = value
# Playwright runs a loop in the thread of the tests, which Django would take for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"

from openrapport_web.settings import *  # noqa: E402, F403

# Argon2 is slow on purpose; what it protects is tested once, in test_sign_in.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]  # noqa: F405
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# On disk, so that a live server's threads have connections of their own, as in a practice.
DATABASES["default"]["TEST"] = {"NAME": os.path.join(_HOME, "test.sqlite3")}  # noqa: F405, PTH118
