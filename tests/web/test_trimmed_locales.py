"""A web process forgets what CLDR says of the rest of the world, and formats whatever it shows as before."""

from __future__ import annotations

import json
import subprocess
import sys

from config import ROOT

# In a process of its own: what is forgotten stays so. Numbers around each rule of the plural, days of each month.
BOTH = """
import json
from datetime import date
from decimal import Decimal
from babel import localedata
from portal import i18n

AMOUNTS = [Decimal(each) / 100 for each in (*range(0, 2_500, 50), *range(9_900, 12_000, 100), -5, 123_456_789)]

def said():
    for kept in (i18n._long_date, i18n._euros):
        kept.cache_clear()
    return [
        [code, *(s.date(date(2026, month, day)) for month in range(1, 13) for day in (1, 2, 11, 28)),
         *map(s.money, AMOUNTS), *map(s.number, AMOUNTS), *map(s.number, range(30))]
        for code, s in ((code, i18n.speaker(code)) for code in i18n.TONGUES)
    ]

def known():
    return sum(len(json.dumps(localedata.load(each.locale), default=str)) for each in i18n.TONGUES.values())

whole, of_all = said(), known()
i18n.load_languages()
trimmed, of_what_is_left = said(), known()
i18n.load_languages()
print(json.dumps([whole, trimmed, of_all, of_what_is_left]))
"""


def test_what_is_forgotten_is_never_shown() -> None:
    asked = subprocess.run([sys.executable, "-c", BOTH], cwd=ROOT, capture_output=True, text=True, check=True)
    whole, trimmed, of_all, left = json.loads(asked.stdout)
    assert trimmed == whole
    assert any("٫" in said or "," in said for said in whole[0])
    assert {said[0] for said in whole} == {"nl", "en", "ar", "fa", "ti", "tr", "uk"}
    assert left < of_all / 4
