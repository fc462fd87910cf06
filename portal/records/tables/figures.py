"""Figures that outlive the cases they were counted from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.records.db import Model, Moment


class YearReport(Model):
    """The figures of one year as they were published when it was closed: small counts were hidden before they came
    here, so it tells of nobody and may stay when the cases go."""

    __tablename__ = "year_report"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    closed_at: Mapped[datetime] = mapped_column(Moment)
    figures: Mapped[str] = mapped_column(Text)  # JSON of codes and counts: portal/domain/year_report.py
