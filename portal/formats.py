"""How each language writes a day and an amount of money.

CLDR's rules, as far as pages need them. Babel has them too, and beside them the names of every territory, currency and
time zone: ten megabytes of memory and a tenth of a second at each start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Format:
    months: tuple[str, ...]  # as they stand behind the number of a day
    money: str  # with the places of the sign and of the amount
    thousands: str
    decimal: str

    def day(self, day: date) -> str:
        return f"{day.day} {self.months[day.month - 1]} {day.year}"

    def euros(self, amount: Decimal) -> str:
        """To the cent, in Latin figures in every language; half a cent goes to the even one."""
        figures = f"{abs(amount):,.2f}".translate({ord(","): self.thousands, ord("."): self.decimal})
        return self.money.format(sign="-" if amount < 0 else "", amount=figures)


def _format(months: str, money: str, thousands: str, decimal: str) -> Format:
    return Format(tuple(months.split()), money, thousands, decimal)


FORMATS = {
    "nl": _format(
        "januari februari maart april mei juni juli augustus september oktober november december",
        "€\u00a0{sign}{amount}",
        ".",
        ",",
    ),
    "en": _format(
        "January February March April May June July August September October November December",
        "{sign}€{amount}",
        ",",
        ".",
    ),
    "ar": _format(
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "\u200f{sign}{amount}\u00a0€",
        ",",
        ".",
    ),
    "fa": _format(
        "ژانویهٔ فوریهٔ مارس آوریل مهٔ ژوئن ژوئیهٔ اوت سپتامبر اکتبر نوامبر دسامبر",
        "{sign}\u200e€\u00a0{amount}",
        ",",
        ".",
    ),
    "ti": _format("ጥሪ ለካቲት መጋቢት ሚያዝያ ጉንበት ሰነ ሓምለ ነሓሰ መስከረም ጥቅምቲ ሕዳር ታሕሳስ", "{sign}€{amount}", ",", "."),
    "tr": _format(
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık", "{sign}€{amount}", ".", ","
    ),
    "uk": _format(
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "{sign}{amount}\u00a0EUR",
        "\u00a0",
        ",",
    ),
}
