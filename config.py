"""Settings, read from the environment once; production refuses weak ones.

The variables are part of the interface contract: PORTAL_ENV, SECRET_KEY, KEY_ENCRYPTION_KEY_FILE, DATABASE_URL,
KEYS_DATABASE_URL, BASE_URL, MAIL_URL, MAIL_FROM, PORTAL_POLICY, PORT.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
DEVELOPMENT_SECRET = "development only, refused in production"  # noqa: S105 - production refuses it
MINIMUM_SECRET = 32  # characters
MIB = 1024 * 1024
# Endpoints that take more than MAX_CONTENT_LENGTH, from whoever may come to them; the proxy has a location for each.
BODY_LIMITS = {"staff.intake": 128 * MIB}
THIS_MACHINE = "127.0.0.0/8 ::1/128"


class WeakSettings(Exception):
    """Production was asked to start with settings that do not protect; each fault names its variable."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    environment: str
    secret_key: str
    key_file: Path
    ledger_file: Path  # of erasures: outside both databases, never restored with them
    recovery_key: str  # public half, "" when none is set: to whom backups are sealed
    database_url: str
    keys_database_url: str
    base_url: str
    mail_url: str
    mail_from: str
    policy_file: Path | None
    port: int
    trusted_proxies: int
    clock_offset: timedelta
    metrics_token: str
    metrics_networks: tuple[str, ...]
    secret_is_ours: bool

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def on_postgresql(self) -> bool:
        return self.database_url.startswith("postgresql")

    @property
    def secure(self) -> bool:
        """Whether the portal is reached over TLS, so that cookies may carry the __Host- prefix."""
        return self.base_url.startswith("https://")

    @property
    def hosts(self) -> list[str]:
        host = urlsplit(self.base_url).hostname
        return [host] if host else []

    def flask(self) -> dict[str, Any]:
        """What Flask and its extensions read."""
        name = "__Host-session" if self.secure else "session"
        return {
            "SECRET_KEY": self.secret_key,
            "SETTINGS": self,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            # A bind does not inherit the options of the first database: it names its own.
            "SQLALCHEMY_BINDS": {"keys": {"url": self.keys_database_url, **engine_options(self.keys_database_url)}},
            "SQLALCHEMY_ENGINE_OPTIONS": engine_options(self.database_url),
            "TRUSTED_HOSTS": self.hosts if self.production else [*self.hosts, "127.0.0.1", "localhost"],
            "MAX_CONTENT_LENGTH": 12 * MIB,
            "BODY_LIMITS": BODY_LIMITS,
            "MAX_FORM_MEMORY_SIZE": MIB,
            "MAX_FORM_PARTS": 500,
            "SESSION_COOKIE_NAME": name,
            "SESSION_COOKIE_SECURE": self.secure,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_PATH": "/",
            "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a slow reader loses nothing
            "WTF_CSRF_SSL_STRICT": False,  # no referrer is ever sent (Referrer-Policy: no-referrer)
            "BABEL_DEFAULT_LOCALE": "nl",
            "BABEL_DEFAULT_TIMEZONE": "Europe/Amsterdam",
        }


OF_A_CONNECTION = (
    "statement_timeout=30000",
    "lock_timeout=10000",
    "timezone=UTC",
    # A row found by an index costs little more than the next one of a table, as on any disk without arms: what
    # PostgreSQL expects otherwise makes it read every student of a small school at each page.
    "random_page_cost=1.1",
)


def engine_options(url: str) -> dict[str, Any]:
    """Pool and time-outs: a dead connection is noticed, a stuck statement ends; no error quotes values."""
    if url.startswith("sqlite"):
        return {
            "connect_args": {"timeout": 10},
            "paramstyle": "named",  # a value that stands many times in a statement is bound once
            "hide_parameters": True,
            "pool_use_lifo": True,
            "pool_size": 2,  # each that is kept keeps pages of the file; a new one is soon open
            "max_overflow": 8,
        }
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_use_lifo": True,  # who was used last knows most: prepared statements, pages of the file
        "pool_size": 5,
        "max_overflow": 5,
        "connect_args": {"options": " ".join(f"-c {each}" for each in OF_A_CONNECTION)},
    }


def normal_url(url: str) -> str:
    """`postgres://` and `postgresql://` both mean psycopg 3 here."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def keys_url(environment: Mapping[str, str], database_url: str, folder: Path) -> str:
    """The keys' own database. On PostgreSQL it must be named: one backup line must not hold both (security.md)."""
    if given := environment.get("KEYS_DATABASE_URL"):
        return normal_url(given)
    if database_url.startswith("sqlite:///"):
        return f"sqlite:///{folder / 'keys.sqlite3'}"
    base, _, name = database_url.rpartition("/")
    database, question, query = name.partition("?")
    return f"{base}/{database}_keys{question}{query}"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises WeakSettings in production when a secret is missing, short or ours, the base URL is not https, or
    mail would not leave the house.
    """
    env = os.environ if environment is None else environment
    folder = Path(env.get("PORTAL_DATA", ROOT / "var"))
    database_url = normal_url(env.get("DATABASE_URL") or f"sqlite:///{folder / 'main.sqlite3'}")
    port = int(env.get("PORT") or 5000)
    settings = Settings(
        environment=env.get("PORTAL_ENV", "development"),
        secret_key=env.get("SECRET_KEY") or DEVELOPMENT_SECRET,
        key_file=Path(env.get("KEY_ENCRYPTION_KEY_FILE") or folder / "key-encryption-key"),
        ledger_file=Path(env.get("ERASURE_LEDGER_FILE") or folder / "erasure-ledger"),
        recovery_key=env.get("BACKUP_RECOVERY_KEY", ""),
        database_url=database_url,
        keys_database_url=keys_url(env, database_url, folder),
        base_url=(env.get("BASE_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
        mail_url=env.get("MAIL_URL") or f"file:{folder / 'mail'}",
        mail_from=env.get("MAIL_FROM") or "privacy@example.org",
        policy_file=Path(env["PORTAL_POLICY"]) if env.get("PORTAL_POLICY") else None,
        port=port,
        trusted_proxies=int(env.get("TRUSTED_PROXIES") or 0),
        metrics_token=env.get("METRICS_TOKEN") or "",
        metrics_networks=tuple((env.get("METRICS_NETWORKS") or THIS_MACHINE).split()),
        clock_offset=timedelta(seconds=int(env.get("PORTAL_CLOCK_OFFSET") or 0)),
        secret_is_ours=not env.get("SECRET_KEY"),
    )
    refuse_weak(settings, env)
    return settings


def names_a_host(url: str) -> bool:
    """Whether the portal's address is https, of a host that others can reach, and nothing more: it decides which Host
    is answered and where the links of mails lead."""
    parts = urlsplit(url)
    plain = parts.netloc in {parts.hostname, f"{parts.hostname}:{parts.port}"}
    known = parts.hostname not in {None, "localhost", "127.0.0.1", "::1", "0.0.0.0"}  # noqa: S104 - refused here
    return parts.scheme == "https" and plain and known and not (parts.path or parts.query or parts.fragment)


def is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def refuse_weak(settings: Settings, env: Mapping[str, str]) -> None:
    """Start-up check of ASVS 13.3.1 and 13.4.2: raises WeakSettings with every fault found."""
    faults = []
    if not all(is_network(network) for network in settings.metrics_networks):
        faults.append("METRICS_NETWORKS must be networks like 10.0.0.0/8, with spaces between them")
    if settings.environment not in {"development", "production"}:
        faults.append("PORTAL_ENV must be development or production")
    if settings.production:
        if settings.secret_is_ours or settings.secret_key == DEVELOPMENT_SECRET:
            faults.append("SECRET_KEY is not set")
        elif len(settings.secret_key) < MINIMUM_SECRET or len(set(settings.secret_key)) < 12:
            faults.append(f"SECRET_KEY is weak: use at least {MINIMUM_SECRET} random characters")
        if not env.get("KEY_ENCRYPTION_KEY_FILE"):
            faults.append("KEY_ENCRYPTION_KEY_FILE is not set")
        elif not settings.key_file.is_file():
            faults.append("KEY_ENCRYPTION_KEY_FILE names no file")
        if not names_a_host(settings.base_url):
            faults.append("BASE_URL must be https:// and the portal's own host name, with no path")
        if not settings.mail_url.startswith(("smtp://", "smtps://")):
            faults.append("MAIL_URL must be smtp:// or smtps://")
        if not env.get("MAIL_FROM"):
            faults.append("MAIL_FROM is not set")
        if env.get("FLASK_DEBUG", "0") not in {"", "0"}:
            faults.append("FLASK_DEBUG must be off")
        if settings.metrics_token and len(settings.metrics_token) < MINIMUM_SECRET:
            faults.append(f"METRICS_TOKEN is weak: use at least {MINIMUM_SECRET} random characters")
        if settings.clock_offset:
            faults.append("PORTAL_CLOCK_OFFSET is for the demonstration only")
        if settings.database_url == settings.keys_database_url:
            faults.append("KEYS_DATABASE_URL must differ from DATABASE_URL")
    if faults:
        raise WeakSettings(faults)
