"""The one written rule for document numbers: which are valid, and when two spellings are the same document.

**Key.** Every document has a key, and two documents of one type are the same if their keys are. The key is the number
in capital letters without its separators (space, dot, comma, dash, apostrophe, slash, underscore); a number of digits
alone has no leading zeros. So `1.234.567-8`, `1234567-8` and `12345678` are one document.

**Writing is strict.** Nothing is guessed when a party is registered: a NIT has its check digit (it is part of the key),
and the check digit must be right; a number that lacks it is refused, with the digit that belongs there in the message.
Dots and commas stand before groups of three digits, so that `12345678.0` or `1,02E+09` from a spreadsheet is refused
and does not become another person's number.

**Finding is lenient.** Whoever searches or signs in types a number without its type, and maybe a NIT without its check
digit: `login_key` gives every key that the text may stand for.

| Type | What | Rule |
| --- | --- | --- |
| CC | cédula de ciudadanía (CO) | 3 to 10 digits |
| CE | cédula de extranjería (CO) | 3 to 10 digits |
| PPT | permiso por protección temporal (CO) | 3 to 10 digits |
| NIT | número de identificación tributaria (CO) | python-stdnum: digits with check digit; 6 to 11 in all, or 16 |
| PAS | passport | 5 to 16 letters and digits, at least one digit; zeros at the front count |
| RFC | registro federal de contribuyentes (MX) | python-stdnum: 12 or 13 characters with homoclave |
| CURP | clave única de registro de población (MX) | python-stdnum with its check digit |

The check digit of an RFC is not demanded: about 1.5 % of those in use have a wrong one, given out so by the authority.
"""

import re
import unicodedata

from stdnum.co import nit
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError
from stdnum.mx import curp, rfc

COLOMBIA = ("CC", "CE", "NIT", "PPT", "PAS")
MEXICO = ("RFC", "CURP")
DOCUMENT_TYPES = COLOMBIA + MEXICO
LONGEST = 40
"""Characters of a number as it is written, separators included."""

_SEPARATORS = re.compile(r"[\s.,'’´`_/\-\u2010-\u2015\u2212]+")
_UNGROUPED = re.compile(r"[.,](?!\d{3}(?!\d))")
_DIGITS = re.compile(r"[0-9]+")
_MODEST = {"CC": (3, 10), "CE": (3, 10), "PPT": (3, 10)}
_NIT_LENGTHS = (6, 16)


class BadDocument(ValueError):
    """A document number that does not follow the rule of its type.

    `reason` is one of `type`, `missing`, `format`, `length`, `checksum`, `check_digit_missing`; `hint` is what would be
    right where that can be said (the number with its check digit), otherwise "".
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"{reason} {hint}".strip())
        self.reason, self.hint = reason, hint


def document_type_of(text: str) -> str:
    """The document type that a text names (`c.c.` is CC). Raises BadDocument."""
    cleaned = re.sub(r"[\s.]+", "", text).upper()
    if cleaned not in DOCUMENT_TYPES:
        raise BadDocument("type")
    return cleaned


def document_key(document_type: str, number: str) -> str:
    """The key of a document: what makes two spellings the same one.

    Raises BadDocument if the number does not follow the rule of its type, or the type is none of DOCUMENT_TYPES.
    """
    if document_type not in DOCUMENT_TYPES:
        raise BadDocument("type")
    text = _plain(number)
    if not text:
        raise BadDocument("missing")
    if len(text) > LONGEST or not text.isprintable():
        raise BadDocument("length")
    compact = _compact(text)
    if document_type in _MODEST:
        return _digits(text, compact, *_MODEST[document_type])
    if document_type == "NIT":
        return _nit(text, compact)
    if document_type == "PAS":
        return _passport(compact)
    return _mexican(document_type, compact)


def login_key(text: str) -> list[str]:
    """Every key that a text without a type may stand for, the likeliest first; empty if it cannot be a document.

    At most three: the number itself, the same with the zeros at its front (a passport), and as a NIT whose check digit
    was left out.
    """
    plain = _plain(text)
    compact = _compact(plain)
    if not compact or len(plain) > LONGEST or (not compact.isalnum() and not _looks_mexican(compact)):
        return []
    if not _DIGITS.fullmatch(compact):
        return [compact]
    bare = compact.lstrip("0") or "0"
    candidates = [bare, compact]
    if len(bare) in range(_NIT_LENGTHS[0] - 1, _NIT_LENGTHS[1]):
        candidates.append(bare + nit.calc_check_digit(bare))
    return list(dict.fromkeys(candidates))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().upper()


def _compact(text: str) -> str:
    return _SEPARATORS.sub("", text)


def _digits(text: str, compact: str, shortest: int, longest: int) -> str:
    if not _DIGITS.fullmatch(compact) or _UNGROUPED.search(text):
        raise BadDocument("format")
    bare = compact.lstrip("0")
    if not shortest <= len(bare) <= longest:
        raise BadDocument("length")
    return bare


def _nit(text: str, compact: str) -> str:
    bare = _digits(text, compact, *_NIT_LENGTHS)
    if nit.calc_check_digit(bare[:-1]) == bare[-1]:
        return bare
    # With a dash before the last digit that digit was meant as the check digit, and so was the tenth or a later one.
    if re.search(r"[-\u2010-\u2015\u2212]\s*\d$", text) or len(bare) > 9:
        raise BadDocument("checksum", f"{bare[:-1]}-{nit.calc_check_digit(bare[:-1])}")
    raise BadDocument("check_digit_missing", f"{bare}-{nit.calc_check_digit(bare)}")


def _passport(compact: str) -> str:
    if not compact.isascii() or not compact.isalnum() or not any(letter.isdigit() for letter in compact):
        raise BadDocument("format")
    if not 5 <= len(compact) <= 16:
        raise BadDocument("length")
    return compact


def _looks_mexican(compact: str) -> bool:
    return re.fullmatch(r"[A-ZÑ&]{3,4}[0-9]{6}[0-9A-Z]{2,3}", compact) is not None


def _mexican(document_type: str, compact: str) -> str:
    if document_type == "RFC" and len(compact) not in (12, 13):  # ten: a person without homoclave, not unique
        raise BadDocument("length")
    try:
        return str(curp.validate(compact) if document_type == "CURP" else rfc.validate(compact))
    except InvalidLength:
        raise BadDocument("length") from None
    except InvalidChecksum:
        raise BadDocument("checksum") from None
    except (ValidationError, ValueError, IndexError):  # stdnum raises the latter on characters outside its alphabet
        raise BadDocument("format") from None
