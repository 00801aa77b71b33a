"""All settings, in one file. It starts with no environment at all; `manage.py check` says what is amiss."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

from assistant.configuration import env, forwarding, graphs, runners, scanner, schedule, shares

ROOT = Path(__file__).resolve().parent.parent
HOME = env.folder("CHANCERY_HOME", ROOT / "var")

# Development and `make run` serve plain HTTP on loopback; a deployment sets CHANCERY_HTTPS=1.
DEBUG = False
HTTPS = env.flag("CHANCERY_HTTPS")
SECRET_KEY = env.secret("DJANGO_SECRET_KEY") or "not-a-secret"  # refused at start by chancery.E001
ALLOWED_HOSTS = env.names("CHANCERY_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.names("CHANCERY_ORIGINS", [])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "governance",
    "inference",
    "ingestion",
    "assistant",
]

MIDDLEWARE = [
    "assistant.middleware.requests.RequestIds",
    "django.middleware.security.SecurityMiddleware",
    "assistant.middleware.static.WholeFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "assistant.middleware.languages.Languages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "assistant.middleware.callers.Callers",
    "assistant.middleware.operators.Operators",
    "assistant.middleware.faults.Faults",
]

ROOT_URLCONF = "assistant.urls"
ASGI_APPLICATION = "assistant.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "assistant.showing.context.portal",
            ],
            "builtins": ["assistant.templatetags.elements", "assistant.templatetags.permissions"],
        },
    }
]

# Two addresses of one database: the app's role owns nothing, the owner's is for migrations alone.
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL", "postgresql://chancery_app@127.0.0.1:5432/chancery")
    | {"CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": 0}
}
# A pool a process: a thread takes a connection for the length of a request, not of its life.
DATABASES["default"]["OPTIONS"] |= {
    "pool": {
        "min_size": 1,
        "max_size": env.number("CHANCERY_DB_POOL", 8, least=1, most=200),
        "timeout": 10,
        # Past it the next caller tries anew. The pool's own pauses between tries double all through an outage, and its
        # end would be noticed as much later as it had lasted.
        "reconnect_timeout": 5,
    }
}
MIGRATING = env.flag("CHANCERY_MIGRATING")  # the owner's role may run commands while this is set, to migrate
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "governance.Person"
AUTHENTICATION_BACKENDS = ["assistant.sign_in.LocalBackend"]
PASSWORD_MIN = env.number("CHANCERY_PASSWORD_MIN", 12, least=8, most=64)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": PASSWORD_MIN}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"

# django-allauth speaks OpenID Connect for us; its accounts, its single set of providers and its pages are not used: see
# docs/adr/0005-allauth-speaks-we-decide.md.
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "allauth.account.adapter.DefaultAccountAdapter"
SOCIALACCOUNT_ADAPTER = "assistant.sso.adapter.TenantAdapter"
# Identity providers inside the operator's own network, as host or host:port. No other private address is asked, since
# a tenant's admin writes the addresses. Plain HTTP is spoken to a loopback address that stands here, and to nothing else.
SSO_INTERNAL_HOSTS = env.names("CHANCERY_SSO_INTERNAL_HOSTS", [])
SSO_CA_FILE = env.text(
    "CHANCERY_SSO_CA_FILE"
)  # a company's own certificate authorities, beside none of the public ones
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "chancery_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = env.flag("CHANCERY_HTTPS_REDIRECT")
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("CHANCERY_BEHIND_PROXY") else None
# Whose X-Forwarded-For says where a request comes from. Without any, the connection's own address does.
TRUSTED_PROXIES = env.networks("CHANCERY_TRUSTED_PROXIES")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "report-uri": ["/csp-report"],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
FORMAT_MODULE_PATH = "assistant.formats"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [ROOT / "assistant" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [ROOT / "assistant" / "static"]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
MEDIA_ROOT = env.folder("CHANCERY_FILES", HOME / "files")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
UPLOAD_MAX_BYTES = env.number("CHANCERY_UPLOAD_MAX_BYTES", 50 * 2**20, least=1)
# Batches at once in a process, each on CHANCERY_EMBED_THREADS; while anybody is answered one.
EMBED_AT_ONCE = env.number("CHANCERY_EMBED_AT_ONCE", min(4, len(os.sched_getaffinity(0))), least=1, most=64)
# Milliseconds that the embedder rests before each batch while anybody is answered; 0 and it only is nice.
EMBED_REST_MS = env.number("CHANCERY_EMBED_REST_MS", 300, most=60_000)
PARSERS_AT_ONCE = env.number(
    "CHANCERY_PARSERS_AT_ONCE", 0, most=256
)  # on this machine; 0 is what half its memory holds
INGEST_PER_TENANT = env.number(
    "CHANCERY_INGEST_PER_TENANT", 5, least=1
)  # documents of one tenant that are read at once
# Of a whole request, before anybody knows whose it is; a form without a script may send several files at once.
BODY_MAX_BYTES = env.number("CHANCERY_BODY_MAX_BYTES", 4 * UPLOAD_MAX_BYTES + 2**21, least=2**20)
API_PER_MINUTE = env.number("CHANCERY_API_PER_MINUTE", 3_000, most=10**6)  # requests of one person; 0 is no limit
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20  # of a body that is not a file; a file goes to disk past 2.5 MB

REDIS_URL = env.secret("REDIS_URL") or "redis://127.0.0.1:6379/0"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker that was restarted is waited for, however long
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # the row's lease decides, not the broker
# A lost message is rung again by the sweep within seconds, so a redelivery may take its time.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_timeout": 5, "socket_connect_timeout": 3}
CELERY_TASK_ROUTES = schedule.ROUTES
CELERY_BEAT_SCHEDULE = schedule.BEAT

MODEL_URL = env.text("MODEL_URL", "http://127.0.0.1:8801/v1")
MODELS = env.folder("CHANCERY_MODELS", HOME / "models")
MODEL_KEY = env.secret("CHANCERY_MODEL_KEY")
MODEL_ENGINE = env.text("CHANCERY_ENGINE", "xllamacpp")  # or llama_cpp_python, or an Engine by its dotted path
MODEL_WORKER = runners.worker()
MODELS_BESIDE = env.names("CHANCERY_MODELS_BESIDE", [])  # further ones that the model worker serves by their names
MODEL_MEMORY_MIB = env.number("CHANCERY_MODEL_MEMORY_MIB", 0)  # that they may take together; 0 is what is free
MODEL_NAME = env.text("MODEL_NAME", "default")  # a server of several models, such as Ollama, wants one named
CHANCERY_RUNNERS = runners.every(MODEL_URL, MODEL_KEY, MODEL_NAME, MODELS)
CHANCERY_EMBEDDERS = runners.embedders()
CHANCERY_CHATS = [*runners.chats(), *runners.beside(MODEL_URL, MODEL_KEY, MODELS_BESIDE)]
# Which parts of ingestion.understanding are at work; "none" for none.
UNDERSTANDING = env.names(
    "CHANCERY_UNDERSTANDING", ["follow_up", "spelling", "glossary", "facets", "filters", "names", "quotes"]
)
# How much of its score a passage loses for each of its document that was found already; in hundredths (docs/retrieval.md).
SEARCH_DIVERSITY = env.number("CHANCERY_SEARCH_DIVERSITY", 0, most=1000) / 100
# Whether the best of a search are ordered by further features (docs/retrieval.md says for whose documents).
SEARCH_LIGHT_RERANKER = env.flag("CHANCERY_LIGHT_RERANKER")
# Characters of what was found that a model is sent: more hold more of the facts, and take longer to read (docs/prompts.md).
SENT_CHARACTERS = env.number("CHANCERY_SENT_CHARACTERS", 1_050, least=200, most=100_000)
# Whether what an answer leaves out of the passage it stands on is quoted under it (docs/evidence.md).
QUOTES = env.choice("CHANCERY_QUOTES", ["auto", "always", "never"])
VECTOR_STORE = {
    "BACKEND": "ingestion.stores.pgvector.PgVector",
    "OPTIONS": {
        "graphs_from": graphs.wanted_from(),
        "graph_mb": env.number("CHANCERY_GRAPH_MB", 512, least=64),
    },
}

SCANNER = scanner.scanner()
READ_UNSCANNED = env.flag("CHANCERY_READ_UNSCANNED")  # go on without a scanner that is away, and say so

# Mail carries links for setting a password. Without a host none is sent: whoever makes a link hands it over.
MAIL_IS_THERE = bool(env.text("CHANCERY_MAIL_HOST"))
EMAIL_HOST = env.text("CHANCERY_MAIL_HOST")
EMAIL_PORT = env.number("CHANCERY_MAIL_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = env.text("CHANCERY_MAIL_USER")
EMAIL_HOST_PASSWORD = env.secret("CHANCERY_MAIL_PASSWORD") or ""
EMAIL_USE_TLS = not env.flag("CHANCERY_MAIL_PLAIN")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("CHANCERY_MAIL_FROM", "chancery@localhost")

# The record's keys live outside Postgres, so that a backup of one does not carry the other.
RECORD_KEY = base64.b64decode(env.secret("CHANCERY_RECORD_KEY") or "")
RECORD_KEYRING = {
    "BACKEND": "governance.audit.keyring.FileKeyring",
    "OPTIONS": {"folder": str(env.folder("CHANCERY_KEYRING", HOME / "keyring"))},
}
# Heads are signed for `<origin>/<tenant>`; public keys lie where every process reads them, private ones with their owner alone.
RECORD_ORIGIN = env.text("CHANCERY_RECORD_ORIGIN", "chancery.localhost/record")
RECORD_FORMER_ORIGINS = env.names("CHANCERY_RECORD_FORMER_ORIGINS", [])  # before a restore: docs/operations.md
RECORD_KEYS = env.folder("CHANCERY_RECORD_KEYS", HOME / "record-keys")
SEALER = {
    "database": env.secret("CHANCERY_SEALER_URL"),
    "key": env.text("CHANCERY_SEALER_KEY", str(HOME / "sealer" / "key")),
    "witness": env.text("CHANCERY_WITNESS_URL"),
}
WITNESS_HOME = env.folder("CHANCERY_WITNESS_HOME", HOME / "witness")
# Seconds after which a tenant that demands it gets no answer. A head is signed every ten seconds and a witness asked for two:
# with less than 15 a slow one would be taken for one away.
FORWARD_PATIENCE_S = env.number("CHANCERY_FORWARD_PATIENCE", 600, least=15)
WITNESS_PATIENCE_S = env.number("CHANCERY_WITNESS_PATIENCE", 120, least=15)
# Where the record is sent to. Tenants' admins write https addresses and syslog hosts of their own: those inside your network
# have to be listed, as host or host:port. FORWARD_TARGETS are the installation's own, which get the record of every tenant.
FORWARD_INTERNAL_HOSTS = env.names("CHANCERY_FORWARD_INTERNAL_HOSTS", [])
FORWARD_CA_FILE = env.text("CHANCERY_FORWARD_CA_FILE")
FORWARD_TARGETS = forwarding.targets(FORWARD_CA_FILE)
# Places outside that collections are kept up to date from: which folders of this server each tenant may read (TENANT=/folder,
# or *=/folder for all), and which hosts inside your network, as host or host:port.
SOURCE_FOLDERS = shares.folders(env.names("CHANCERY_SOURCE_FOLDERS", []))
SOURCE_INTERNAL_HOSTS = env.names("CHANCERY_SOURCE_INTERNAL_HOSTS", [])
SOURCE_CA_FILE = env.text("CHANCERY_SOURCE_CA_FILE")
SOURCE_ITEMS_MAX = env.number("CHANCERY_SOURCE_ITEMS", 100_000, least=1)
SOURCE_ARCHIVE_MAX_BYTES = env.number("CHANCERY_SOURCE_ARCHIVE_BYTES", 2**30, least=1)
SOURCE_ITEM_SECONDS = env.number("CHANCERY_SOURCE_ITEM_SECONDS", 300, least=1)
SOURCE_LIST_SECONDS = env.number("CHANCERY_SOURCE_LIST_SECONDS", 1800, least=1)
SOURCES_AT_ONCE = env.number("CHANCERY_SOURCES_AT_ONCE", 3, least=1, most=100)
# The demo logins exist only while this is set; `make run` sets it with the embedded database alone.
DEMO_LOGINS = env.flag("CHANCERY_DEMO_LOGINS")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["assistant.api.authentication.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["assistant.api.authentication.SignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["assistant.api.reading.Json"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "assistant.api.reading.JsonForAll",
    "DEFAULT_SCHEMA_CLASS": "assistant.api.naming.Named",
    "EXCEPTION_HANDLER": "assistant.api.errors.render",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Chancery",
    "DESCRIPTION": "Cited answers from an organisation's own documents, on a record that can be verified.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "assistant.api.described.everywhere",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AnswerStatus": "assistant.models.Status",
        "DocumentStatus": "ingestion.models.Status",
        "Support": "assistant.models.Support",
        "Level": "assistant.api.shapes.LEVELS",
        "LevelAsked": "assistant.api.requests.LEVELS",
        "Measure": "governance.quotas.models.Measure",
        "Per": "governance.quotas.models.Per",
        "Stage": "governance.policy.ledger.STAGES",
        "TokenGiven": "assistant.api.token.GIVEN",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("CHANCERY_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}, "fido2": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # one e-mail address may belong to people of two tenants; our backend asks for the tenant
    "security.W004",  # HSTS and the redirect follow CHANCERY_HTTPS: plain HTTP on loopback is the default
    "security.W008",
    "security.W012",
    "security.W016",
]
