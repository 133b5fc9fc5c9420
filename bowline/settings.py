"""Every setting of the site, read from the environment; .env.example lists them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import django_stubs_ext
import fontpkg_inter
from bootstrap_wrapper import get_bootstrap_dir
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from accounts.secrets import Reach
from accounts.workers.schedule import SCHEDULE
from bowline.environment.variables import caches, database, read_environment
from bowline.operations.logs import logging_settings
from bowline.single_sign_on import passwords_for, single_sign_on

# ModelForm[Run] is for the type checker; this makes it mean ModelForm when it runs.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent


env = read_environment()

# The site

DEBUG = env.DEBUG
SECRET_KEY = env.secret_key()
# Former keys: what they signed or encrypted is still read.
SECRET_KEY_FALLBACKS = [*env.SECRET_KEY_FALLBACKS]
# On its own machine the site answers by loopback, whatever it is called.
ALLOWED_HOSTS = [*env.ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]
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
    # Nothing below may read an address that a stranger made up.
    "bowline.client_address.ClientAddress",
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
    "accounts.web.you.sessions.SignInRequired",
    "accounts.web.you.sessions.CountUse",
    "accounts.web.factors.views.SecondFactorRequired",
    "accounts.people.doors.TriesRecorded",
    "accounts.people.doors.ViewersOnly",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.web.live.views.AnswerPolls",
    "accounts.web.failing.UnreadableRows",
    "accounts.web.failing.FormsOnly",
    "allauth.account.middleware.AccountMiddleware",
    # Last, as its documentation asks: it answers for a locked sign-in.
    "axes.middleware.AxesMiddleware",
]

# deploy/gunicorn.conf.py gives each process WEB_THREADS threads. Two are left for
# /healthz and static files when pages hang in all the others.
PAGES_AT_ONCE = env.WEB_THREADS - 2

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
STATIC_ROOT = env.STATIC_ROOT or BASE_DIR / "var" / "static"
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
DATABASES = {"default": database(env.DATABASE_URL or SQLITE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
KEEP_CHECKS_DAYS = env.KEEP_CHECKS_DAYS
KEEP_BUNDLES_DAYS = env.KEEP_BUNDLES_DAYS

# Whether the schedule reads the organization once a day, after somebody read it first.
READ_ORGANIZATION_DAILY = env.READ_ORGANIZATION_DAILY
# Days after which a proof is stale until the account is verified again, 0: never.
VERIFICATION_MAX_AGE = env.VERIFICATION_MAX_AGE

# Where templates for owners of accounts go; without a bucket, nowhere.
TEMPLATE_BUCKET = (env.TEMPLATES_BUCKET, env.TEMPLATES_REGION, env.TEMPLATES_PREFIX)
# What the operator allows, and an administrator may then choose from. No directory has,
# by default, what the platform itself put there, such as a pod's token.
SPINNAKER = Reach(
    env.SPINNAKER_ALLOWED_HOSTS,
    tuple(map(str, env.SPINNAKER_ALLOWED_NETWORKS)),
    env.SPINNAKER_SECRET_VARIABLES,
    env.SPINNAKER_SECRET_DIRECTORY,
    plain_http=env.SPINNAKER_ALLOW_HTTP,
)
NOTIFICATIONS = Reach(
    env.NOTICE_HOSTS,
    tuple(map(str, env.NOTICE_NETWORKS)),
    env.NOTICE_SECRET_VARIABLES,
    env.NOTICE_SECRET_DIRECTORY,
)

# Who may enter

SINGLE_SIGN_ON = single_sign_on(env)
PASSWORDS_FOR = passwords_for(env, SINGLE_SIGN_ON)
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "bowline.sign_in.Passwords",
]
if SINGLE_SIGN_ON:
    # Its tables stay empty: only what it knows of the protocol is used.
    INSTALLED_APPS += ["allauth.socialaccount"]
    INSTALLED_APPS += ["allauth.socialaccount.providers.openid_connect"]
    SOCIALACCOUNT_ADAPTER = "accounts.web.single_sign_on.adapter.Adapter"
    SOCIALACCOUNT_PROVIDERS = SINGLE_SIGN_ON.for_allauth
    AUTHENTICATION_BACKENDS += ["bowline.sign_in.SignedOn"]
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
SESSION_ENGINE = "accounts.web.you.preferences"
# A working day: whoever approves changes in AWS should have signed in that day.
SESSION_COOKIE_AGE = 12 * 60 * 60
# Until a session ends that nobody uses, 0: not before the above.
SESSION_IDLE_MINUTES = env.SESSION_IDLE_MINUTES
# Whether people who sign in by password must have a second factor, or may.
SECOND_FACTOR = env.SECOND_FACTOR
# Pages confirm who it is, and count wrong codes with wrong passwords, themselves.
MFA_ADAPTER = "accounts.web.factors.views.Factors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # steps by which a phone's clock, or a person, is early or late
MFA_WEBAUTHN_USER_VERIFICATION = "required"
# fido2 would accept every subdomain: accounts/web/factors/views.py accepts the site's.
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
TRUSTED_PROXIES = env.TRUSTED_PROXIES

# bowline/sign_in.py has the limits of wrong passwords, and says why.
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # the activity log has the sign-ins
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
HTTPS = env.HTTPS
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
CSRF_FAILURE_VIEW = "accounts.web.you.sessions.refused_as_forged"
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
SITE_URL = env.site_url()
# A proxy that changes the Host header leaves the browser's Origin as it is.
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL else []
EMAIL_HOST = env.EMAIL_HOST
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
)
EMAIL_PORT = env.EMAIL_PORT
EMAIL_HOST_USER = env.EMAIL_HOST_USER
EMAIL_HOST_PASSWORD = env.EMAIL_HOST_PASSWORD
# TLS from the first byte, on port 465; else STARTTLS, unless that is switched off.
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_USE_TLS = env.EMAIL_USE_TLS and not EMAIL_USE_SSL
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.DEFAULT_FROM_EMAIL or (
    f"bowline@{urlsplit(SITE_URL).hostname or 'localhost'}"
)
if EMAIL_HOST and not SITE_URL:
    raise ImproperlyConfigured(
        "EMAIL_HOST is set, but links in emails need SITE_URL: set it, such as "
        "https://bowline.example.com."
    )

# The API

# How many requests a minute each token may make, counted in Redis for all processes.
API_RATE = env.API_RATE
REDIS_URL = env.REDIS_URL
CACHES = caches(REDIS_URL)

# Background work: the Run row is the record of a job, so no result is kept

# How many runs each process of a worker carries at once, each in a thread with its own
# database connection: what people started, and what the schedule did.
RUN_THREADS = env.RUN_THREADS
SCHEDULE_THREADS = env.SCHEDULE_THREADS
# A worker that is asked to stop finishes what ends within these seconds; others
# continue the rest at once.
STOP_SECONDS = env.STOP_SECONDS
# How many roles the nightly verification assumes a second, on average.
SCHEDULE_ASSUMES_A_SECOND = env.SCHEDULE_ASSUMES_A_SECOND

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
CELERY_BEAT_SCHEDULER = "accounts.workers.schedule:Beat"
CELERY_BEAT_SCHEDULE_FILENAME = str(BASE_DIR / "var" / "beat-schedule")
CELERY_BEAT_SCHEDULE = SCHEDULE

# What is written down

LOGGING = logging_settings(
    form=env.LOG_FORMAT,
    level=env.LOG_LEVEL,
)

# Whether each entry of the activity log is a JSON line on standard output, too.
ACTIVITY_TO_STDOUT = env.ACTIVITY_TO_STDOUT

# How it is watched: who may read /metrics. Neither: nobody.

METRICS_TOKEN = env.METRICS_TOKEN
METRICS_NETWORKS = env.METRICS_NETWORKS
# Where the site's certificate is served, of which /metrics says how long it is valid.
TLS_ADDRESS = env.TLS_ADDRESS
