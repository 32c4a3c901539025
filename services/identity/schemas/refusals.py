"""Why a password is refused, in words for whoever chose it."""

from flask_babel import gettext

from services.identity.rules.passwords import (
    LONGEST_BYTES,
    SHORTEST,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooWeak,
    PasswordUnreadable,
)
from services.identity.rules.weakness import (
    DATE,
    KEYBOARD,
    REPEAT,
    SEQUENCE,
    WORD,
    WORD_AND_SIGNS,
    YEAR,
    Reason,
)


def N_(text: str) -> str:  # noqa: N802 - the customary name of a marker that only extracts
    """Mark a text of a library for extraction."""
    return text


ZXCVBN_SAYS = (
    N_("Use a few words, avoid common phrases."),
    N_("No need for symbols, digits, or uppercase letters."),
    N_("Add another word or two. Uncommon words are better."),
    N_("Straight rows of keys are easy to guess."),
    N_("Short keyboard patterns are easy to guess."),
    N_("Use a longer keyboard pattern with more turns."),
    N_('Repeats like "aaa" are easy to guess.'),
    N_('Repeats like "abcabcabc" are only slightly harder to guess than "abc".'),
    N_("Avoid repeated words and characters."),
    N_('Sequences like "abc" or "6543" are easy to guess.'),
    N_("Avoid sequences."),
    N_("Recent years are easy to guess."),
    N_("Avoid recent years."),
    N_("Avoid years that are associated with you."),
    N_("Dates are often easy to guess."),
    N_("Avoid dates and years that are associated with you."),
    N_("This is a top-10 common password."),
    N_("This is a top-100 common password."),
    N_("This is a very common password."),
    N_("This is similar to a commonly used password."),
    N_("A word by itself is easy to guess."),
    N_("Names and surnames by themselves are easy to guess."),
    N_("Common names and surnames are easy to guess."),
    N_("Capitalization doesn't help very much."),
    N_("All-uppercase is almost as easy to guess as all-lowercase."),
    N_("Reversed words aren't much harder to guess."),
    N_("Predictable substitutions like '@' instead of 'a' don't help very much."),
)


def explain_refusal(error: Exception) -> str:
    """Why a password is refused, in the reader's language."""
    match error:
        case PasswordTooLong():
            return gettext(
                "The password is too long: at most %(n)d bytes (letters with accents count double).", n=LONGEST_BYTES
            )
        case PasswordTooShort():
            return gettext("The password is too short: at least %(n)d characters.", n=SHORTEST)
        case PasswordUnreadable():
            return gettext("The password holds characters that cannot be typed.")
        case PasswordTooWeak():
            return " ".join([gettext("This password is easy to guess."), *_why(error), _how_to_mend()])
    raise TypeError(error)


def _why(error: PasswordTooWeak) -> list[str]:
    if error.reasons:
        return [_text_of(reason) for reason in error.reasons]
    return [gettext(text) for text in (error.warning, *error.suggestions) if text in ZXCVBN_SAYS]


def _text_of(reason: Reason) -> str:
    texts = {
        "name": gettext("“%(word)s” is part of the name.", word=reason.word),
        "document": gettext("“%(word)s” is part of the document number.", word=reason.word),
        "email": gettext("“%(word)s” is part of the e-mail address.", word=reason.word),
        "user": gettext("“%(word)s” is part of the user name.", word=reason.word),
        "code": gettext("“%(word)s” is part of the client code.", word=reason.word),
        WORD: gettext("Common words, names and passwords are tried first."),
        WORD_AND_SIGNS: gettext("A common word with digits or signs beside it is guessed quickly."),
        KEYBOARD: gettext("Keys that lie side by side are easy to guess."),
        REPEAT: gettext("Repeating the same adds very little."),
        SEQUENCE: gettext("Rows such as abc or 6543 are easy to guess."),
        YEAR: gettext("Years are tried first."),
        DATE: gettext("Dates are tried first."),
    }
    return texts[reason.kind]


def _how_to_mend() -> str:
    return gettext("Use three or four words that have nothing to do with each other.")
