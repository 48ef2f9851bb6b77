"""Every setting of Guitai, in one file: environment over defaults.

The defaults run with no service installed. With DEBUG off nothing insecure has a default: an empty
environment refuses to start because SECRET_KEY is missing. `.env.example` lists the variables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="development-only-" * 4 if DEBUG else environ.Env.NOTSET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))  # everything written at run time
VAR_DIR.mkdir(parents=True, exist_ok=True)
_HOME = "http://localhost:8000" if DEBUG else f"https://{ALLOWED_HOSTS[0]}"
SITE_URL = env("SITE_URL", default=_HOME)  # for links in mail and SMS

INSTALLED_APPS = [
    "merchants",
    "orders",
    "livestream",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_filters",
    "phonenumber_field",
    "rest_framework",
    "rest_framework_api_key",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.permissions_policy",
    "config.middleware.page_instead_of_refusal",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
FORM_RENDERER = "merchants.renderers.GuitaiFormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "merchants.context_processors.page",
                "orders.context_processors.to_ship",
                "livestream.context_processors.on_air",
            ]
        },
    }
]

# --- rows -------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Without IMMEDIATE two writers that read first deadlock: "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # Under ASGI each request may run in another thread, so a kept connection is a lost one: a pool.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=20), "timeout": 10}
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis, if there is one: cache, channel layer, broker -------------------------------------
REDIS_URL = env("REDIS_URL", default="")
# How often a guest orders, and whether a stream moves, each process remembers by itself: a Redis
# that is dead must stop no sale (P13) and no picture.
_OWN_MEMORY = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "OPTIONS": {"MAX_ENTRIES": 50_000},  # at the default of 300 it would forget who tried
}
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
        },
        "own": _OWN_MEMORY,
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
    }
else:
    CACHES = {
        "default": _OWN_MEMORY,
        "own": _OWN_MEMORY,
    }
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": 10_000},  # beyond it messages are dropped without a word
        }
    }

# --- jobs -------------------------------------------------------------------------------------
# Without Redis a clock of the web process calls what beat and workers do with it (config.clock).
EMBEDDED = not REDIS_URL
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "send-notifications": {"task": "merchants.tasks.send_notifications", "schedule": 2.0},
    "expire-orders": {"task": "orders.tasks.expire_orders", "schedule": 10.0},
    "ask-gateways": {"task": "orders.tasks.ask_gateways", "schedule": 5.0},
    "ask-trackers": {"task": "orders.tasks.ask_trackers", "schedule": 60.0},
    "send-refunds": {"task": "orders.tasks.send_refunds", "schedule": 5.0},
    "serve-waitlists": {"task": "orders.tasks.serve_waitlists", "schedule": 5.0},
    "purge-carts": {"task": "orders.tasks.purge_carts", "schedule": 3600.0},
    "forget-photos": {"task": "orders.tasks.forget_photos", "schedule": 3600.0},
    "agree-refunds": {"task": "orders.tasks.agree_refunds", "schedule": 60.0},
    "announce-rooms": {"task": "livestream.tasks.announce_rooms", "schedule": 10.0},
    "sweep-rooms": {"task": "livestream.tasks.sweep_rooms", "schedule": 2.0},
    "tend-streams": {"task": "livestream.tasks.tend_streams", "schedule": 2.0},
    "sweep-draws": {"task": "livestream.tasks.sweep_draws", "schedule": 2.0},
    "finish-replays": {"task": "livestream.tasks.finish_replays", "schedule": 5.0},
    "make-films": {"task": "livestream.tasks.make_films", "schedule": 5.0},
    "settle-levels": {"task": "merchants.tasks.settle_levels", "schedule": 2.0},
    "develop-photos": {"task": "merchants.tasks.develop_photos", "schedule": 1.0},
    "develop-review-photos": {
        "task": "orders.tasks.develop_review_photos",
        "schedule": 1.0,
    },
    "run-imports": {"task": "merchants.tasks.run_imports", "schedule": 2.0},
    "tidy-recordings": {"task": "livestream.tasks.tidy_recordings", "schedule": 3600.0},
    "purge": {"task": "merchants.tasks.purge", "schedule": 3600.0},
}
for entry in CELERY_BEAT_SCHEDULE.values():  # a sweep nobody took in time is one too many
    entry["options"] = {"expires": entry["schedule"]}

# --- who --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "merchants.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/dashboard/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "merchants.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "phone"]  # SignUpForm makes one field of both
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60  # a text message may take its time
ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ACCOUNT_PHONE_VERIFICATION_MAX_ATTEMPTS = 5
ACCOUNT_PHONE_VERIFICATION_TIMEOUT = 10 * 60
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = 4
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 4
ACCOUNT_RATE_LIMITS = {
    "verify_phone": None,  # merchants.pace counts every text message
    "confirm_email": "6/10m/key",  # who mends a wrong form asks again within seconds
}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_FORMS = {
    "login": "merchants.forms.sign_in.SignInForm",
    "request_login_code": "merchants.forms.sign_in.CodeForm",
    "signup": "merchants.forms.sign_up.SignUpForm",
    "verify_phone": "merchants.forms.sign_up.PhoneCodeForm",
}
ACCOUNT_SESSION_REMEMBER = True  # a clerk signs in once on the shop's phone
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
ADMIN_REQUIRES_MFA = env.bool("ADMIN_REQUIRES_MFA", default=not DEBUG)
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# --- words and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env("TIME_ZONE", default="Asia/Shanghai")
CELERY_TIMEZONE = TIME_ZONE
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = "CN"

# --- files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/hls.js", BASE_DIR / "node_modules" / "hls.js" / "dist"),
    ("vendor/zxing", BASE_DIR / "node_modules" / "@zxing" / "library" / "umd"),
]
SERVESTATIC_KEEP_ONLY_HASHED_FILES = True
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
LIVE_ROOT = Path(env("LIVE_ROOT", default=str(VAR_DIR / "live")))
POSTER_FONT = env("POSTER_FONT", default="")  # empty: a font with Chinese letters is looked for
LIVE_FFMPEG = env("LIVE_FFMPEG", default="")  # empty: the binary of the imageio-ffmpeg wheel
LIVE_KEEP_SEGMENTS = env.int("LIVE_KEEP_SEGMENTS", default=7)  # days; 0: for ever
LIVE_KEEP_FILMS = env.int("LIVE_KEEP_FILMS", default=0)  # days; 0: for ever
LIVE_KEEP_BANNED = env.int("LIVE_KEEP_BANNED", default=180)  # days, for the record; 0: for ever
LIVE_TRANSCODES = env.int("LIVE_TRANSCODES", default=None)  # empty: one processor stays free
# One media server beside the embedded picture, for apps that publish by RTMP or WHIP: "nginx_rtmp",
# "janus", "mediamtx", "srs" or "tencent" (docs/media.md). "embedded": none.
LIVE_PROVIDER = env("LIVE_PROVIDER", default="embedded")
if LIVE_PROVIDER not in {"embedded", "nginx_rtmp", "janus", "mediamtx", "srs", "tencent"}:
    raise ImproperlyConfigured("LIVE_PROVIDER names no media server that Guitai knows.")
LIVE_RTMP_URL = env("LIVE_RTMP_URL", default="").rstrip("/")  # what apps publish to
LIVE_WHIP_URL = env("LIVE_WHIP_URL", default="").rstrip("/")
LIVE_HLS_URL = env("LIVE_HLS_URL", default="").rstrip("/")  # where viewers find the playlists
LIVE_REWIND_URL = env("LIVE_REWIND_URL", default="").rstrip("/")  # and those of the whole show
LIVE_API_URL = env("LIVE_API_URL", default="").rstrip("/")  # where we ask, and send away
LIVE_API_ID = env("LIVE_API_ID", default="")
LIVE_API_KEY = env("LIVE_API_KEY", default="")
LIVE_HOOK_TOKEN = env("LIVE_HOOK_TOKEN", default="")  # in the address that it calls back
LIVE_HOOK_KEY = env("LIVE_HOOK_KEY", default="")  # with which it signs what it tells
LIVE_PUSH_KEY = env("LIVE_PUSH_KEY", default="")  # with which we sign addresses
LIVE_PLAY_KEY = env("LIVE_PLAY_KEY", default="")
LIVE_RECORDINGS = env("LIVE_RECORDINGS", default="")  # the folder that it records into
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.storage.SpareStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- what people agree to ---------------------------------------------------------------------
# Who signs up agrees to these, and the version is kept. An operator with words of her own
# (templates/merchants/platform/) gives them versions of her own.
LEGAL_VERSIONS = {
    "terms": env("TERMS_VERSION", default="2026-11-28"),
    "privacy": env("PRIVACY_VERSION", default="2026-11-30"),
}

# --- news outward -----------------------------------------------------------------------------
# The console is for development: codes and numbers of customers must not end in a log.
vars().update(env.email_url("EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost"))
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Guitai <counter@localhost>")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)  # seconds; without it a silent server hangs us
_SMS = "ConsoleGateway" if DEBUG else "NoGateway"
SMS_GATEWAY = env("SMS_GATEWAY", default=f"merchants.channels.sms.{_SMS}")
# Seconds after which a killed worker's news is another's: longer than any gateway's time limit.
NOTIFICATION_LEASE = env.int("NOTIFICATION_LEASE", default=120)

# --- money ------------------------------------------------------------------------------------
# The practice bank lets anybody pay with a click. In production it opens only for an operator who
# says twice that she wants it: for a demonstration.
SANDBOX_PAYMENTS = env.bool("SANDBOX_PAYMENTS", default=DEBUG)
SANDBOX_IN_PRODUCTION = env.bool("SANDBOX_IN_PRODUCTION", default=False)
if SANDBOX_PAYMENTS and not DEBUG and not SANDBOX_IN_PRODUCTION:
    raise ImproperlyConfigured("SANDBOX_PAYMENTS would let anybody pay with a click: unset it.")
SANDBOX_SECRET = env("SANDBOX_SECRET", default=SECRET_KEY)
# What the keys of payment providers are sealed with. To change it, put the new one first and leave
# the old ones behind it.
PAYMENT_SECRETS = env.list("PAYMENT_SECRETS", default=[]) or [SECRET_KEY]
WECHATPAY_URL = env("WECHATPAY_URL", default="https://api.mch.weixin.qq.com").rstrip("/")
# Where WeChat is asked who pays within it: its page, and what that page's code is turned in for.
WECHAT_OPEN_URL = env("WECHAT_OPEN_URL", default="https://open.weixin.qq.com").rstrip("/")
WECHAT_API_URL = env("WECHAT_API_URL", default="https://api.weixin.qq.com").rstrip("/")
KUAIDI100_URL = env("KUAIDI100_URL", default="https://poll.kuaidi100.com").rstrip("/")
ALIPAY_URL = env("ALIPAY_URL", default="https://openapi.alipay.com/gateway.do")

# --- how much one guest may hold ------------------------------------------------------------------
# Orders placed from one network address in ten minutes: a shop full of customers may share one.
ORDERS_PER_ADDRESS = env.int("ORDERS_PER_ADDRESS", default=30)
RETURN_DAYS = env.int("RETURN_DAYS", default=15)  # after the goods came, to ask for money back
# Days for which photos are kept: of a refund after it is over, of a review after it was hidden.
# 0: for ever.
KEEP_REFUND_PHOTOS = max(env.int("KEEP_REFUND_PHOTOS", default=180), 0)
KEEP_HIDDEN_PHOTOS = max(env.int("KEEP_HIDDEN_PHOTOS", default=180), 0)
HOLD_MINUTES = min(max(env.int("HOLD_MINUTES", default=15), 1), 120)  # to pay an order in
OPEN_ORDERS = env.int("OPEN_ORDERS", default=5)  # unpaid at once, by one number or one device

# --- draws --------------------------------------------------------------------------------------
# The most that one prize of a draw may be worth, in minor units.
DRAW_MOST_VALUE = env.int("DRAW_MOST_VALUE", default=500_000)
# Where a draw gets a number that nobody knew when its list was frozen: "none" or "drand".
DRAW_BEACON = env("DRAW_BEACON", default="none")
# drand's chain “quicknet”: a round every three seconds.
_QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
DRAND_URL = env("DRAND_URL", default=f"https://api.drand.sh/{_QUICKNET}")
DRAND_GENESIS = env.int("DRAND_GENESIS", default=1_692_803_367)  # seconds since 1970
DRAND_PERIOD = env.int("DRAND_PERIOD", default=3)  # seconds

# --- programs ---------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["merchants.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "merchants.api.pagination.NewestFirst",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "merchants.api.problems.answer",
    "DEFAULT_THROTTLE_CLASSES": ["merchants.api.throttling.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"key": "600/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Guitai API",
    "DESCRIPTION": "The second door: products, rooms and orders of one merchant.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# --- safety -----------------------------------------------------------------------------------
_HLS_ORIGIN = sorted(
    {
        "/".join(url.split("/")[:3])
        for url in (LIVE_HLS_URL, LIVE_REWIND_URL)
        if url.startswith("http")
    }
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:", *_HLS_ORIGIN],
        "connect-src": [SELF, *_HLS_ORIGIN],
        "worker-src": [SELF],
        # Old WeChat clients carry their bridge's calls in frames. Not verified on a phone.
        "frame-src": [SELF, "weixin:"],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_AGE = 60 * 60 * 24 * 90
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "merchants.views.error.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^hooks/"]
    SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"celery": {"level": "WARNING"}, "kombu": {"level": "WARNING"}},
}
