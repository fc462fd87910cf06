"""Log lines as JSON, one a line, on standard error. Names, addresses and what a person typed are never logged."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from types import TracebackType

STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Time, level, logger, message, and whatever `extra` named."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({name: value for name, value in record.__dict__.items() if name not in STANDARD})
        if record.exc_info:
            line["exception"] = chain_of(record.exc_info[1])
        return json.dumps(line, default=str, ensure_ascii=False)


def chain_of(error: BaseException | None) -> list[dict[str, object]]:
    """What was raised and where, the cause last. Never its message: a database quotes the values it stumbles over."""
    found: list[dict[str, object]] = []
    while error is not None and len(found) < 5:
        found.append(
            {"type": f"{type(error).__module__}.{type(error).__qualname__}", "at": places(error.__traceback__)}
        )
        error = error.__cause__ or error.__context__
    return found


def places(trace: TracebackType | None) -> list[str]:
    """The innermost places, as file:line:function."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(trace)]
    return [f"{Path(code.co_filename).name}:{line}:{code.co_name}" for code, line in frames[-12:]]


def log_requests(level: int) -> None:
    """For the web, where nobody has set up logging: the portal's own lines as JSON on standard error."""
    logger = logging.getLogger("portal")
    if not logging.getLogger().handlers and not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        logger.addHandler(handler)
        logger.setLevel(level)


def log_to_stderr(level: int = logging.INFO) -> None:
    """Sends the portal's log lines to standard error; a library's only from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("portal").handlers.clear()
    logging.getLogger("portal").setLevel(level)
