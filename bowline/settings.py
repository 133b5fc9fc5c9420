"""Every setting of the site, read from the environment; .env.example lists them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import django_stubs_ext
import fontpkg_inter
from bootstrap_wrapper import get_bootstrap_dir
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from accounts.workers.schedule import SCHEDULE
from bowline.environment import (
    caches,
    database,
    env_bool,
    env_choice,
    env_count,
    env_days,
    env_email,
    env_list,
    env_minutes,
    env_networks,
    env_notifications,
    env_port,
    env_secret,
    env_site_url,
    env_spinnaker,
    env_templates,
    secret_key,
    web_threads,
)
from bowline.operations.logs import logging_settings
from bowline.single_sign_on.described import env_saml, require_site_url
from bowline.single_sign_on.openid_connect import env_single_sign_on
from bowline.single_sign_on.variables import env_passwords_for

# ModelForm[Run] is for the type checker; this makes it mean ModelForm when it runs.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent


# The site

DEBUG = env_bool("DEBUG", default=False)
SECRET_KEY = secret_key(debug=DEBUG)
# Former keys: what they signed or encrypted is still read.
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
# On its own machine the site answers by loopback, whatever it is called.
ALLOWED_HOSTS = [*env_list("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "bowline.urls"
WSGI_APPLICATION = "bowline.wsgi.application"
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "bowline.formats"
TIME_ZONE = "UTC"
USE_TZ = True

INSTALLED_APPS = [
    "accounts",
    "accounts.admin_site.BowlineAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # Second factors, and who waits for one; the tables of `account` stay empty.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "ninja",
]

MIDDLEWARE = [
    # Before all that could hang or refuse.
    "bowline.health.Health",
    "bowline.operations.logs.RequestId",
    # Nothing below may read an address that a stranger made up, or log a token.
    "bowline.client_address.ClientAddress",
    "bowline.feed.token.HideFeedToken",
    "bowline.headers.SameOrigin",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bowline.places.Places",
    # Takes a place: scrapes of a database that hangs must not fill every thread.
    "bowline.operations.metrics.Metrics",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    # Within the one above, which measures what is sent.
    "accounts.web.invisible.ShowInvisible",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.web.you.preferences.TimeZone",
    "bowline.headers.NoStore",
    "accounts.web.you.limits.SignInRequired",
    "accounts.web.you.limits.CountUse",
    "accounts.web.factors.required.SecondFactorRequired",
    "accounts.people.doors.ViewersOnly",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.web.live.views.AnswerPolls",
    "accounts.web.unreadable.UnreadableRows",
    "allauth.account.middleware.AccountMiddleware",
    # Last, as its documentation asks: it answers for a locked sign-in.
    "axes.middleware.AxesMiddleware",
]

# deploy/gunicorn.conf.py gives each process WEB_THREADS threads. Two are left for
# /healthz and static files when pages hang in all the others.
PAGES_AT_ONCE = web_threads() - 2

# Pages

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.web.context.bowline",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

STATIC_URL = "static/"
STATIC_ROOT = os.environ.get("STATIC_ROOT") or BASE_DIR / "var" / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("bootstrap", get_bootstrap_dir()),
    ("fonts", fontpkg_inter.ROOT / "files"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

# Data

SQLITE_URL = f"sqlite:///{quote(str(BASE_DIR))}/var/bowline.sqlite3"
DATABASES = {"default": database(os.environ.get("DATABASE_URL") or SQLITE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
KEEP_CHECKS_DAYS = env_days("KEEP_CHECKS_DAYS", default=90)

# Whether the schedule reads the organization once a day, after somebody read it first.
READ_ORGANIZATION_DAILY = env_bool("READ_ORGANIZATION_DAILY", default=True)
# Days after which a proof is stale until the account is verified again, 0: never.
VERIFICATION_MAX_AGE = env_days("VERIFICATION_MAX_AGE", default=7)

TEMPLATE_BUCKET = env_templates()
SPINNAKER = env_spinnaker()
NOTIFICATIONS = env_notifications()

# Who may enter

SINGLE_SIGN_ON = env_single_sign_on()
SAML = env_saml()
SAML_INSTALLED = SAML is not None
PASSWORDS_FOR = env_passwords_for(SINGLE_SIGN_ON, SAML)
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "bowline.backends.Passwords",
]
if SINGLE_SIGN_ON:
    # Its tables stay empty: only what it knows of the protocol is used.
    INSTALLED_APPS += ["allauth.socialaccount"]
    INSTALLED_APPS += ["allauth.socialaccount.providers.openid_connect"]
    SOCIALACCOUNT_ADAPTER = "accounts.web.single_sign_on.adapter.Adapter"
    SOCIALACCOUNT_PROVIDERS = SINGLE_SIGN_ON.for_allauth
if SINGLE_SIGN_ON or SAML:
    AUTHENTICATION_BACKENDS += ["bowline.backends.SignedOn"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"
SESSION_ENGINE = "accounts.web.you.session_store"
# A working day: whoever approves changes in AWS should have signed in that day.
SESSION_COOKIE_AGE = 12 * 60 * 60
# Until a session ends that nobody uses, 0: not before the above.
SESSION_IDLE_MINUTES = env_minutes("SESSION_IDLE_MINUTES", default=120)
# Whether people who sign in by password must have a second factor, or may.
SECOND_FACTOR = env_choice("SECOND_FACTOR", ("optional", "required"))
# Pages confirm who it is, and count wrong codes with wrong passwords, themselves.
MFA_ADAPTER = "accounts.web.factors.adapter.Factors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # steps by which a phone's clock, or a person, is early or late
MFA_WEBAUTHN_USER_VERIFICATION = "required"
# fido2 would accept every subdomain: accounts/web/factors/forms.py accepts the site's.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # no address is used to sign in
MFA_REAUTHENTICATION_REQUIRED = False
ACCOUNT_RATE_LIMITS = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_TIMEOUT = 10 * 60  # from the password to the second factor
# How long a link to choose a password works that an administrator has made.
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
CONFIRM_AFTER = 10  # minutes until roles and settings ask for the password again

# The proxies in front, whose X-Forwarded-For is believed. None: the header is ignored.
TRUSTED_PROXIES = env_networks("TRUSTED_PROXIES")

# bowline/sign_in.py has the limits of wrong passwords, and says why.
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # accounts/admin.py shows the same, and records deletions
AXES_HANDLER = "bowline.sign_in.SignInLimits"
AXES_CLIENT_IP_CALLABLE = "bowline.sign_in.counted_as"
AXES_LOCKOUT_CALLABLE = "bowline.sign_in.wait_page"
# Wrong passwords for one name from one address, before it waits.
AXES_FAILURE_LIMIT = 5
# After a day without a wrong password they are forgotten; the right one forgives those
# for its name from its address, and no others.
AXES_COOLOFF_TIME = timedelta(days=1)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# Tries made while waiting do not prolong the wait.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False

# What a browser may do

# Behind a proxy that speaks TLS and sets X-Forwarded-Proto; false for plain HTTP.
HTTPS = env_bool("HTTPS", default=True)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^metrics$"]  # scrapers call the process, not the proxy
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    # Browsers let no other host set cookies of these names, not one of the same domain.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_HTTPONLY = True
# Preloading is for the owner of the whole domain to ask for, not for one site in it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
# SQLite ignores that an index of PostgreSQL holds more columns than it sorts by.
SILENCED_SYSTEM_CHECKS += ["models.W040"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        # Bootstrap draws the arrows of its selects and togglers as data: images.
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
    }
}

# Mail to people about what they started. Without EMAIL_HOST none is sent.

# Where links in mail lead: no request's Host header has a say in it.
SITE_URL = env_site_url("SITE_URL", hosts=env_list("ALLOWED_HOSTS"), https=HTTPS)
# A proxy that changes the Host header leaves the browser's Origin as it is.
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL else []
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
)
EMAIL_PORT = env_port("EMAIL_PORT", default=587)
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
# TLS from the first byte, on port 465; else STARTTLS, unless that is switched off.
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=True) and not EMAIL_USE_SSL
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_email(
    "DEFAULT_FROM_EMAIL",
    default=f"bowline@{urlsplit(SITE_URL).hostname or 'localhost'}",
)
if EMAIL_HOST and not SITE_URL:
    raise ImproperlyConfigured(
        "EMAIL_HOST is set, but links in emails need SITE_URL: set it, such as "
        "https://bowline.example.com."
    )
require_site_url(SAML, SITE_URL)

# The API

# How many requests a minute each token may make, counted in Redis for all processes.
API_RATE = env_count("API_RATE", default=600)
REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0"
CACHES = caches(REDIS_URL)

# Background work: the Run row is the record of a job, so no result is kept

# How many runs each process of a worker carries at once, each in a thread with its own
# database connection: what people started, and what the schedule did.
RUN_THREADS = env_count("RUN_THREADS", default=32)
SCHEDULE_THREADS = env_count("SCHEDULE_THREADS", default=8)
# A worker that is asked to stop finishes what ends within these seconds; others
# continue the rest at once.
STOP_SECONDS = env_count("STOP_SECONDS", default=15)
# How many roles the nightly verification assumes a second, on average.
SCHEDULE_ASSUMES_A_SECOND = env_count("SCHEDULE_ASSUMES_A_SECOND", default=10)

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# None: a worker outlasts any outage of the broker.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A killed worker's message comes back after this; Redis's default is an hour.
    # Longer tasks are fine: a second delivery does the same once more.
    "visibility_timeout": 90,
    # Kombu finds such messages each time that it checks, and not each tenth time only.
    "unacked_restore_throttle": 1,
    # A page that enqueues must not hang on a broker that is down (six seconds by
    # default): the sweep finds the run again.
    "interval_start": 0.1,
    "max_retries": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_TASK_DEFAULT_QUEUE = "bowline"
# What people wait for, and what the schedule does. A worker without --queues serves
# both.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name)  # or each gets the other's messages
    for name in ("bowline", "schedule")
]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# With REMAP_SIGTERM=SIGQUIT, a worker that stops queues longer tasks again.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = STOP_SECONDS
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(BASE_DIR / "var" / "beat-schedule")
CELERY_BEAT_SCHEDULE = SCHEDULE

# What is written down

LOGGING = logging_settings(
    form=env_choice("LOG_FORMAT", ("line", "json")),
    level=os.environ.get("LOG_LEVEL") or "INFO",
)

# Whether each entry of the activity log is a JSON line on standard output, too.
ACTIVITY_TO_STDOUT = env_bool("ACTIVITY_TO_STDOUT", default=False)

# How it is watched: who may read /metrics. Neither: nobody.

METRICS_TOKEN = env_secret("METRICS_TOKEN")
METRICS_NETWORKS = env_networks("METRICS_NETWORKS")
