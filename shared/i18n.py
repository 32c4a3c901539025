"""Languages: which one a reader gets, and translating outside of a request.

Message ids are English; the catalogs are `translations/<language>/LC_MESSAGES/messages.po` of each service and of
`shared`. A page is in the language of `?lang=`, else of the cookie that `?lang=` left, else of the signed-in person's
preference, else of the browser, else of the setting.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations
from flask import Flask, Response, has_request_context, request
from flask_babel import Babel, force_locale, get_locale

from shared.settings import LANGUAGES, CommonSettings

COOKIE = "porteria_lang"
NAMES = {"es": "Español", "en": "English"}
SHARED_CATALOGS = Path(__file__).parent / "translations"
YEAR = 365 * 24 * 3600

Preference = Callable[[], str | None]
"""Gives the language that the signed-in person chose, if any."""

__all__ = ["LANGUAGES", "NAMES", "catalog", "force_locale", "init_i18n", "language"]


def init_i18n(app: Flask, settings: CommonSettings, preference: Preference) -> None:
    """Give the application its languages, its zone, and the switch `?lang=` with its cookie."""
    folders = [str(SHARED_CATALOGS)]
    own = Path(app.root_path) / "translations"
    if own.is_dir():
        folders.insert(0, str(own))

    def select() -> str:
        return _choose(settings.language, preference) if has_request_context() else settings.language

    Babel(
        app,
        default_locale=settings.language,
        default_timezone=settings.timezone,
        default_translation_directories=";".join(folders),
        locale_selector=select,
    )
    app.after_request(_remember)
    app.jinja_env.globals.update(language=language, language_names=NAMES)


def language() -> str:
    """The language of the present request (or `force_locale`): `es` or `en`."""
    locale = get_locale()
    return locale.language if locale is not None else LANGUAGES[0]


def _choose(default: str, preference: Preference) -> str:
    wanted = request.args.get("lang", "")
    if wanted in LANGUAGES:
        return wanted
    # REST answers by the header alone: a cookie of the same browser is not the caller's wish.
    if not request.path.startswith("/api/"):
        for choice in (request.cookies.get(COOKIE), preference()):
            if choice in LANGUAGES:
                return str(choice)
    return request.accept_languages.best_match(LANGUAGES, default) or default


def _remember(response: Response) -> Response:
    wanted = request.args.get("lang", "")
    if wanted in LANGUAGES and not request.path.startswith("/api/"):
        response.set_cookie(COOKIE, wanted, max_age=YEAR, secure=request.is_secure, httponly=True, samesite="Lax")
    return response


@cache
def catalog(chosen: str, *folders: Path) -> NullTranslations:
    """The merged translations of some folders and of `shared`, for workers that write outside of a request."""
    merged = Translations.load(str(SHARED_CATALOGS), [chosen])
    for folder in folders:
        more = Translations.load(str(folder), [chosen])
        if isinstance(more, Translations) and isinstance(merged, Translations):
            merged.merge(more)
        elif isinstance(more, Translations):
            merged = more
    return merged
