"""The field's terms as closed lists: the words that every room shares.

Values are stored and appear in addresses and exports, so a value never changes once released.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class RequestKind(StrEnum):
    """What a data subject can ask: the seven rights of the GDPR and the complaint (regulation, art. 10)."""

    ACCESS = "access"  # GDPR 15
    PORTABILITY = "portability"  # GDPR 20
    RECTIFICATION = "rectification"  # GDPR 16
    ERASURE = "erasure"  # GDPR 17
    RESTRICTION = "restriction"  # GDPR 18
    OBJECTION = "objection"  # GDPR 21
    WITHDRAWAL = "withdrawal"  # GDPR 7(3)
    COMPLAINT = "complaint"  # regulation, art. 10


class LegalBasis(StrEnum):
    """GDPR 6(1)."""

    CONSENT = "consent"  # (a)
    CONTRACT = "contract"  # (b)
    LEGAL_OBLIGATION = "legal_obligation"  # (c)
    VITAL_INTEREST = "vital_interest"  # (d)
    PUBLIC_TASK = "public_task"  # (e)
    LEGITIMATE_INTEREST = "legitimate_interest"  # (f)


OBJECTABLE = frozenset({LegalBasis.PUBLIC_TASK, LegalBasis.LEGITIMATE_INTEREST})  # GDPR 21(1)
PORTABLE = frozenset({LegalBasis.CONSENT, LegalBasis.CONTRACT})  # GDPR 20(1)(a)


class Sensitivity(StrEnum):
    ORDINARY = "ordinary"
    SENSITIVE = "sensitive"  # citizen number (UAVG 46), bank account, permit, exemption
    SPECIAL = "special"  # GDPR 9: data on health


class Source(StrEnum):
    """Where an item came from (regulation, art. 3.2; GDPR 14(2)(f))."""

    STUDENT = "student"
    SCHOOL = "school"
    THIRD_PARTY = "third_party"


class FieldType(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    BIRTH_DATE = "birth_date"  # may lack its day or month: kept as "1985-00-00"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"  # euros, two decimals, as a decimal string
    YES_NO = "yes_no"
    CHOICE = "choice"
    EMAIL = "email"
    PHONE = "phone"  # E.164
    POSTCODE = "postcode"
    BSN = "bsn"
    IBAN = "iban"
    IMAGE = "image"  # the id of a sealed file


class Level(IntEnum):
    """How sure the portal is who somebody is; a higher one holds all the lower ones (regulation, "Identity")."""

    NONE = 0  # L0: nobody has been identified
    ADDRESS = 1  # L1: reads the mail address on file
    KNOWLEDGE = 2  # L2: L1 and birth date with postcode or student number, or recognised by staff
    SECOND_CHANNEL = 3  # L3: a code by post, a call-back, or an ID seen at the desk


class Channel(StrEnum):
    """Through which door a request came (regulation, art. 9.4: the portal is one door, never the only one)."""

    PORTAL = "portal"
    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"
    DESK = "desk"


class Found(StrEnum):
    """What a search outside the portal came to (regulation, art. 9.1). Values are stored: they never change."""

    NOTHING = "nothing"
    COPY = "copy"  # pages were added, each reviewed before the release
    LOOK = "look"  # the student may come and look


class Showing(StrEnum):
    """What was decided on a picture. Values are stored: they never change."""

    RELEASE = "release"
    REDACT = "redact"
    WITHHOLD = "withhold"


class Letter(StrEnum):
    """What a letter of a case tells. Values are stored: they never change."""

    RECEIPT = "receipt"
    EXTENSION = "extension"
    LATE = "late"
    MESSAGE = "message"
    ANSWER = "answer"  # the decision; of a withdrawal its confirmation
    COPY = "copy"  # the answer to access and portability, with the facts of GDPR 15(1)
    DONE = "done"
    PLANNED = "planned"  # an erasure is approved and can still be stopped
    CHANGED = "changed"  # taken back, put with another request, not dealt with, or taken up again


class Outcome(StrEnum):
    """The decision on one item of a request."""

    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"


class TargetKind(StrEnum):
    """What one item of a request is about."""

    EVERYTHING = "everything"
    GROUP = "group"  # one of the ten groups of data
    RECORD = "record"  # one record of a dataset: one programme, one screenshot
    FIELD = "field"  # one value of one record
    ACTIVITY = "activity"  # a processing activity (objection, withdrawal)
    WORDS = "words"  # "something else, in my own words"


class StepKind(StrEnum):
    """A step of carrying out a decision."""

    OWN = "own"  # in the portal's own records; done by the portal itself
    HOLDER = "holder"  # a place outside the portal: student administration, paper file, mailbox
    RECIPIENT = "recipient"  # tell a recipient (GDPR 19)
    ACTIVITY = "activity"  # stop or resume a flow of data


class StepState(StrEnum):
    OPEN = "open"
    DONE = "done"
    IMPOSSIBLE = "impossible"  # with a reason


class Role(StrEnum):
    """Staff roles (regulation, "Who"). One person may hold several."""

    CASE_HANDLER = "case_handler"  # designated per branch, sees only the own branches
    PRIVACY_OFFICER = "privacy_officer"  # decides and approves across branches
    DIRECTOR = "director"  # final say, target of escalation
    ADMINISTRATOR = "administrator"  # accounts, branches, settings; sees no student data


class ActorKind(StrEnum):
    ANONYMOUS = "anonymous"
    STUDENT = "student"
    CASE_CODE = "case_code"  # whoever holds the code of one case
    REPRESENTATIVE = "representative"
    STAFF = "staff"
    SYSTEM = "system"


class Evidence(StrEnum):
    """By what a correction was checked. Of a paper nothing is kept but that it was seen (regulation, "Identity")."""

    SEEN = "seen"  # shown at the desk: no copy, no number
    COPY = "copy"  # the masked copy of the last resort, which is gone
    ON_FILE = "on_file"  # what the school holds already shows it
    NOT_NEEDED = "not_needed"  # nothing that needs showing
