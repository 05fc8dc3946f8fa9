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

from openrapport_web.settings import *  # noqa: E402, F403

# Argon2 is slow on purpose; what it protects is tested once, in test_sign_in.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]  # noqa: F405
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
