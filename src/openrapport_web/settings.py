"""The one settings file: from the environment, refusing to start when something is wrong.

Every variable stands in docs/settings.md; a test compares the two.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

import openrapport
from openrapport_web.environment import Environment

_HERE = Path(__file__).parent
env = Environment("OPENRAPPORT_")
os.umask(0o077)  # whatever this process writes is for its owner alone, the database included

# -- what a practice decides -------------------------------------------------------------------
HOME = env.folder("HOME")
DEMO = env.flag("DEMO", default=False)
HTTPS = env.flag("HTTPS", default=True)
ALLOWED_HOSTS = env.names("HOSTS", "localhost 127.0.0.1")
ORIGIN = env.text("ORIGIN", "http://localhost:8000" if not HTTPS else "https://localhost:8000").rstrip(
    "/"
)
# Data keys lie apart from the data: a backup of the data alone stays unreadable, for good where a
# client's key was deleted. The copy is a second folder, kept current, for the day the disk dies.
KEYS_DIR = env.folder("KEYS_DIR", HOME / "keys")
KEYS_COPY_DIR = env.folder("KEYS_COPY_DIR") if env.text("KEYS_COPY_DIR") else None
MASTER_KEY = env.text("MASTER_KEY")
MASTER_KEY_FILE = env.folder("MASTER_KEY_FILE", HOME / "master.key")
FILES_DIR = HOME / "files"
MAX_UPLOAD_BYTES = env.number("MAX_UPLOAD_MB", default=4096, low=1, high=65_536) * 2**20
SESSION_HOURS = env.number("SESSION_HOURS", default=10, low=1, high=72)
SESSION_IDLE_MINUTES = env.number("SESSION_IDLE_MINUTES", default=30, low=1, high=24 * 60)
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in ("WARNING", "INFO", "ERROR"):
    env.complain(
        "LOG_LEVEL", f"is {LOG_LEVEL!r}; expected INFO, WARNING or ERROR (DEBUG could log content)"
    )
if not HTTPS and not set(ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]", "testserver"}:
    env.complain(
        "HTTPS",
        "is off, which is for this machine alone; set it to yes or take other names out of OPENRAPPORT_HOSTS",
    )
if (urlsplit(ORIGIN).scheme == "https") != HTTPS or not urlsplit(ORIGIN).hostname:
    env.complain(
        "ORIGIN", f"is {ORIGIN!r}; expected {'https' if HTTPS else 'http'}://, and a host's name"
    )
elif urlsplit(ORIGIN).hostname not in ALLOWED_HOSTS:
    env.complain("ORIGIN", "names a host that is not among OPENRAPPORT_HOSTS; add it there")
if "*" in ALLOWED_HOSTS:
    env.complain("HOSTS", "holds *; name the hosts that people type into their browsers")
if KEYS_COPY_DIR is not None and KEYS_COPY_DIR == KEYS_DIR:
    env.complain("KEYS_COPY_DIR", "is the folder of the keys itself; name a folder on another disk")


def _secret() -> str:
    given = env.text("SECRET_KEY")
    path = HOME / "secret.key"
    if not given and path.is_file():
        given = path.read_text("ascii").strip()
    if len(given) < 50:
        env.complain(
            "SECRET_KEY",
            f"is missing or shorter than 50 characters, and {path} does not help; run 'openrapport init'",
        )
    return given


SECRET_KEY = _secret()
env.refuse_if_wrong()

# -- Django ------------------------------------------------------------------------------------
DEBUG = False
ROOT_URLCONF = "openrapport_web.urls"
ASGI_APPLICATION = "openrapport_web.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.User"
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [_HERE / "locale"]
FORMAT_MODULE_PATH = "openrapport_web.formats"
SITE_ID = 1

INSTALLED_APPS = [
    "openrapport_web.people",
    "openrapport_web.caseload",
    "openrapport_web.recordings",
    "openrapport_web.audit",
    "openrapport_web.place",
    "openrapport_web.feedback",
    "openrapport_web.repairs",
    "openrapport_web.goals",
    "openrapport_web.course",
    "openrapport_web.api",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    # These two stand outside all others, so that no answer goes out without their headers.
    "csp.middleware.CSPMiddleware",
    "openrapport_web.middleware.headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "openrapport_web.middleware.session_limits",
    "openrapport_web.middleware.second_factor",
    "openrapport_web.middleware.own_ways",
    "openrapport_web.feedback.kiosk.only_questions",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "openrapport_web.people.context.practice",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "practice.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # A write lock is taken when a transaction begins, so that two writers wait for each
            # other instead of one failing in the middle.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: what was acknowledged survives a power cut, not only a crash of the process.
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                "PRAGMA secure_delete=ON; PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456;"
                # Sorting leaves no file behind; "insert or replace" does not slip past the triggers
                # that keep the audit log.
                "PRAGMA temp_store=MEMORY; PRAGMA recursive_triggers=ON;"
            ),
        },
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
# Counts of attempts, shared by all processes; nothing of a client. A migration of people makes the table.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # The default of 300 would let somebody push other people's counts out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

STATIC_URL = "/static/"
# The parts of a report bring their style along from the core.
_PARTS = Path(openrapport.__file__).parent / "reporting" / "templates" / "css"
STATICFILES_DIRS = [_HERE / "static", ("openrapport/report", _PARTS)]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False

# -- signing in --------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "openrapport_web.people.passwords.NotOfThisPlace"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "openrapport_web.people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation reaches the address, which proves it
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody gets a letter because somebody typed their address
ACCOUNT_USER_DISPLAY = "openrapport_web.people.adapters.display_name"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {
    # Passwords are counted by axes, for an address and an account together. This counts codes of
    # second factors, which only somebody who knows the password gets to type.
    "login_failed": "5/15m/key",
    "first_visit": "10/m/ip",
    "welcome": "20/m/ip",
    "invite": "60/h/user",
}
PASSWORD_RESET_TIMEOUT = 4 * 3600
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "OpenRapport"
MFA_TOTP_TOLERANCE = 1  # clocks of telephones differ; one step of 30 s either way
MFA_ADAPTER = "openrapport_web.people.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "openrapport_web.people.factor_forms.CodeForm",
    "reauthenticate": "openrapport_web.people.factor_forms.CodeAgainForm",
    "authenticate_webauthn": "openrapport_web.people.factor_forms.PasskeyTooForm",
    "login_webauthn": "openrapport_web.people.factor_forms.PasskeyAloneForm",
    "reauthenticate_webauthn": "openrapport_web.people.factor_forms.PasskeyAgainForm",
    "add_webauthn": "openrapport_web.people.factor_forms.PasskeyForm",
}
USERSESSIONS_TRACK_ACTIVITY = False  # it writes on every request; session_limits does once a minute
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # the audit log and the list of sessions say it
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "openrapport_web.people.adapters.typed_name"
AXES_CLIENT_IP_CALLABLE = "openrapport_web.people.adapters.network_address"
AXES_CLIENT_STR_CALLABLE = "openrapport_web.people.adapters.unnamed"
AXES_SENSITIVE_PARAMETERS = ["login", "next", "csrfmiddlewaretoken"]
AXES_LOCKOUT_TEMPLATE = "people/locked.html"
AXES_VERBOSE = False
# What pages say after a change may hold a name: with the session it lies sealed, in a cookie it would not.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_SERIALIZER = "openrapport_web.people.sealed_session.SealedSession"
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # scripts take the token from the page's form
# Words that greet somebody can name people, so they lie in the session, not in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_TRUSTED_ORIGINS = [ORIGIN]
CSRF_FAILURE_VIEW = "openrapport_web.errors.csrf_failure"

# -- what a browser may do with our pages --------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# What every answer carries, also one that is given before Django sees the request (streams.py).
ANSWER_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation",
            "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb",
        )
    ),
}  # fmt: skip
if HTTPS:
    ANSWER_HEADERS["Strict-Transport-Security"] = (
        f"max-age={SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    )
BEHIND_PROXY = env.flag("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
FILE_UPLOAD_PERMISSIONS = 0o600
# A body stays in memory: on its way to a sealed file, content never lies open on a disk.
# streams.py lets nothing larger in.
FILE_UPLOAD_MAX_MEMORY_SIZE = 8 * 2**20
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# -- letters and logs ----------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.%s.EmailBackend" % (
    "smtp" if env.text("SMTP_HOST") else "filebased" if DEMO else "console"
)
EMAIL_FILE_PATH = HOME / "letters"
EMAIL_HOST = env.text("SMTP_HOST")
EMAIL_PORT = env.number("SMTP_PORT", default=587, low=1, high=65_535)
EMAIL_HOST_USER = env.text("SMTP_USER")
EMAIL_HOST_PASSWORD = env.text("SMTP_PASSWORD")
EMAIL_USE_TLS = bool(EMAIL_HOST)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "openrapport@localhost")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_content": {"()": "openrapport_web.logs.NoContent"}},
    "formatters": {"line": {"()": "openrapport_web.logs.Line"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_content"]}
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # What axes has to say of each sign-in stands in the audit log.
    "loggers": {"django": {"handlers": [], "propagate": True}, "axes": {"level": "WARNING"}},
}
env.refuse_if_wrong()
