"""The made-up people of the demonstration. Numbers come from test ranges, addresses end in example.org (RFC 2606)."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "fietsen-door-de-polder"  # noqa: S105 - of a demonstration, printed when it starts
TOTP_KEY = "DEMONSTRATIONSCHOOLKEYABCDEFGHIJ"  # base32; every made-up account has it, and /dev/code shows its code
FAMILY = "familie.haddad@example.org"


@dataclass(frozen=True, slots=True)
class Person:
    """A student. `ended` is how many days ago the programme ended, None while it runs; `letters` of a name that the
    school's old system could not keep have become question marks in its export."""

    number: str
    given: str
    family: str
    sex: str  # M | V | X
    born: str  # dd-mm-jjjj; 00 where the day or month is unknown
    place: str
    nationality: str
    language: str
    branch: str
    email: str = ""
    prefix: str = ""
    began: int = 300
    ended: int | None = None
    exemption: str = ""
    diploma_consent: bool = False


@dataclass(frozen=True, slots=True)
class Colleague:
    username: str
    name: str
    roles: tuple[str, ...]
    branch: str  # code, "" where the role is for every branch
    what: str  # for the list that `make run` prints
    language: str = "nl"


STAFF = (
    Colleague("anna", "Anna de Wit", ("case_handler",), "alkmaar", "case handler in Alkmaar"),
    Colleague("bram", "Bram Smit", ("case_handler",), "hoorn", "case handler in Hoorn"),
    Colleague("fatma", "Fatma Kaya", ("privacy_officer",), "", "privacy officer"),
    Colleague("dirk", "Dirk Bakker", ("director",), "", "director"),
    Colleague("esther", "Esther Vos", ("administrator",), "", "administrator, reads English", "en"),
)


def _mail(name: str) -> str:
    return f"{name}@example.org"


STUDENTS = (
    # Alkmaar
    Person("C90001", "Samira", "Haddad", "V", "03-05-1988", "Aleppo", "Syrische", "ar", "Alkmaar", FAMILY),
    Person("C90002", "Youssef", "Haddad", "M", "00-00-1985", "Aleppo", "Syrische", "ar", "Alkmaar", FAMILY),
    Person("C90003", "Layla", "Haddad", "V", "14-09-2006", "Homs", "Syrische", "ar", "Alkmaar", FAMILY, began=90),
    Person(
        "C90004", "Omar", "Khalil", "M", "21-11-1979", "Damascus", "Syrische", "ar", "Alkmaar", _mail("omar.khalil"),
        ended=500,
    ),
    Person("C90005", "Nour", "Salem", "V", "01-01-1992", "Idlib", "Syrische", "ar", "Alkmaar", _mail("nour.salem")),
    Person("C90006", "Emre", "Şahin", "M", "17-02-1990", "Kayseri", "Turkse", "tr", "Alkmaar", _mail("emre.sahin")),
    Person("C90007", "Ayşe", "Doğan", "V", "09-07-1984", "Konya", "Turkse", "tr", "Alkmaar", _mail("ayse.dogan")),
    Person(
        "C90008", "Oksana", "Kovalenko", "V", "30-03-1995", "Charkiv", "Oekraïense", "uk", "Alkmaar",
        _mail("oksana.kovalenko"), diploma_consent=True,
    ),
    Person(
        "C90009", "Andrij", "Shevchenko", "M", "12-12-1987", "Odesa", "Oekraïense", "uk", "Alkmaar",
        _mail("andrij.shevchenko"),
    ),
    Person("C90010", "Grace", "Mensah", "V", "25-06-1991", "Kumasi", "Ghanese", "en", "Alkmaar", _mail("grace.mensah")),
    Person("C90011", "Daniel", "Okafor", "M", "08-08-1989", "Enugu", "Nigeriaanse", "en", "Alkmaar", began=200),
    Person("C90012", "Sanne", "Visser", "V", "19-04-1993", "Alkmaar", "Nederlandse", "nl", "Alkmaar",
           _mail("sanne.visser"), prefix="de", ended=300),
    # Hoorn
    Person("C90013", "Reza", "Ahmadi", "M", "05-10-1982", "Isfahan", "Iraanse", "fa", "Hoorn", _mail("reza.ahmadi"),
           ended=420),
    Person("C90014", "Maryam", "Hosseini", "V", "00-07-1990", "Herat", "Afghaanse", "fa", "Hoorn",
           _mail("maryam.hosseini"), exemption="medisch"),
    Person("C90015", "Farid", "Noori", "M", "28-01-1998", "Kabul", "Afghaanse", "fa", "Hoorn", _mail("farid.noori")),
    Person("C90016", "Selam", "Tesfay", "V", "11-05-1996", "Asmara", "Eritrese", "ti", "Hoorn", _mail("selam.tesfay")),
    Person("C90017", "Dawit", "Gebre", "M", "00-00-1991", "Keren", "Eritrese", "ti", "Hoorn", _mail("dawit.gebre")),
    Person("C90018", "Luwam", "Abraha", "V", "23-02-1999", "Mendefera", "Eritrese", "ti", "Hoorn", began=150),
    Person("C90019", "Zeynep", "Yıldız", "V", "02-09-1986", "Izmir", "Turkse", "tr", "Hoorn", _mail("zeynep.yildiz"),
           ended=700),
    Person("C90020", "Iryna", "Bondar", "V", "16-06-1994", "Lviv", "Oekraïense", "uk", "Hoorn", _mail("iryna.bondar")),
    Person("C90021", "Hanan", "Al Masri", "V", "07-03-1983", "Hama", "Syrische", "ar", "Hoorn", _mail("hanan.almasri"),
           diploma_consent=True),
    Person("C90022", "Peter", "Novak", "M", "29-10-1980", "Brno", "Tsjechische", "en", "Hoorn", _mail("peter.novak"),
           exemption="aantoonbare inspanning"),
    Person("C90023", "Willem", "Berg", "M", "13-01-1977", "Hoorn", "Nederlandse", "nl", "Hoorn",
           _mail("willem.berg"), prefix="van den", ended=250),
    Person("C90024", "Amira", "Nasser", "X", "18-12-1997", "Caïro", "Egyptische", "nl", "Hoorn", _mail("amira.nasser")),
)  # fmt: skip
