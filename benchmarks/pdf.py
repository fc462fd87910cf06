"""How long letters take to print: the first of a process, which loads WeasyPrint and the fonts, and the next ones.

    python -m benchmarks.pdf [letters]

Prints one JSON line a language and the ratio of the first letter to the median of the next.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import date
from pathlib import Path

from portal.i18n import TONGUES, speaker
from portal.letters.slip import SlipKind, slip_pdf
from portal.policy.loader import load_policy

POLICY = Path(__file__).resolve().parent.parent / "portal/policy/jar_opleidingen.toml"


def main(letters: int) -> None:
    policy = load_policy(POLICY)

    def seconds(lang: str) -> tuple[float, int]:
        begun = time.perf_counter()
        made = slip_pdf(
            SlipKind.POST,
            speaker(lang),
            "482913",
            "https://privacy.school.example/nl/code",
            policy=policy,
            on=date(2026, 11, 23),
            expires=date(2026, 12, 7),
            address=("Dorpsstraat 14", "1723 AB NOORD-SCHARWOUDE"),
        )
        return time.perf_counter() - begun, len(made)

    first, _ = seconds("nl")
    medians = []
    for lang in TONGUES:
        runs = [seconds(lang) for _ in range(letters)]
        medians.append(statistics.median(taken for taken, _ in runs))
        print(json.dumps({"bench": "pdf", "lang": lang, "median_s": round(medians[-1], 4), "bytes": runs[0][1]}))
    following = statistics.median(medians)
    print(
        json.dumps(
            {
                "bench": "pdf",
                "first_s": round(first, 3),
                "next_s": round(following, 4),
                "ratio": round(first / following, 1),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
