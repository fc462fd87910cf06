"""Delete what has had its time: drafts, one-time proofs, counters, sessions, files with an end, sent sign-in mails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.mail.delivery import EXPIRED, FAILED, SENT
from portal.records.tables.access import Bucket, Login, OneTime, SecondChannel
from portal.records.tables.cases import Draft
from portal.records.tables.factors import PasskeyChallenge, TotpSetup
from portal.records.tables.people import SealedFile
from portal.records.tables.proof import OutMail
from portal.services import sign_in
from portal.services.recognise import ABSOLUTE, IDLE
from portal.services.unit import writing

DAY = timedelta(days=1)
KEPT = timedelta(days=30)  # policy: retention.sign_in


def expire(clock: Clock) -> dict[str, int]:
    """Deletes it, a table a transaction; returns how many rows of each went."""
    now = clock.now()
    over = or_(
        *(
            and_(Login.kind == kind, or_(Login.seen_at <= now - IDLE[kind], Login.created_at <= now - ABSOLUTE[kind]))
            for kind in IDLE
        )
    )
    used = and_(OneTime.purpose == sign_in.PURPOSE, OneTime.used_at.is_not(None))  # when somebody signed in
    old_sign_in = and_(
        OutMail.kind == "sign_in", OutMail.state.in_((SENT, FAILED, EXPIRED)), OutMail.created_at <= now - DAY
    )
    rules: dict[str, tuple[Any, ColumnElement[bool]]] = {
        "drafts": (Draft, Draft.updated_at <= now - DAY),
        "one_time": (OneTime, and_(OneTime.expires_at <= now - DAY, ~used)),  # a day: an old link says that it is old
        "sign_ins": (OneTime, OneTime.expires_at <= now - KEPT),
        "second_channels": (SecondChannel, SecondChannel.expires_at <= now - KEPT),
        "buckets": (Bucket, Bucket.expires_at <= now),
        "sessions": (Login, over),
        "app_setups": (TotpSetup, TotpSetup.expires_at <= now),
        "passkey_challenges": (PasskeyChallenge, PasskeyChallenge.expires_at <= now),
        "files": (SealedFile, SealedFile.expires_at <= now),
        "sign_in_mails": (OutMail, old_sign_in),
    }
    gone = {}
    for name, (table, condition) in rules.items():
        with writing(SYSTEM, clock) as work:
            work.require(Act.EXPIRE_FILES)
            result = work.session.execute(
                delete(table).where(condition), execution_options={"synchronize_session": False}
            )
            gone[name] = int(result.rowcount)  # type: ignore[attr-defined]
    return gone
