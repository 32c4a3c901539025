"""Pictures are decoded and written anew: what was hidden in them, behind them, or about them, does not survive."""

import math
import threading
from typing import IO

from PIL import Image, ImageOps

from services.portal.rules.files import JPEG, MOST_PIXELS, PNG, WEBP, UnusableFile

KEPT_PIXELS = 12_000_000
"""Of a larger picture a smaller one is kept: 4000 by 3000 is enough to read a slip of paper."""
QUALITY = 88
FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}

_one_at_a_time = threading.Lock()
"""A decoded picture takes up to 200 MB."""


def rewrite_picture(source: IO[bytes], content_type: str, target: IO[bytes]) -> str:
    """Write the picture anew, upright and without any of its metadata; returns its content type, JPEG or PNG.

    Raises UnusableFile: `damaged`, or `pixels` if it has more than MOST_PIXELS.
    """
    with _one_at_a_time:
        try:
            return _rewrite(source, content_type, target)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise UnusableFile("pixels") from None
        # Pillow's readers raise whatever a broken file leads them into.
        except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError) as error:
            if getattr(error, "errno", None):  # the disk, not the picture
                raise
            raise UnusableFile("damaged") from None


def _rewrite(source: IO[bytes], content_type: str, target: IO[bytes]) -> str:
    with Image.open(source, formats=[FORMATS[content_type]]) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS:
            raise UnusableFile("pixels")
        opened.draft("RGB", _kept_size(width, height))  # a JPEG is decoded smaller at once
        picture: Image.Image = opened
        if opened.width * opened.height > KEPT_PIXELS:
            kept = _kept_size(opened.width, opened.height)
            picture = _plain(opened, content_type).resize(kept, reducing_gap=2.0)
        plain = _plain(ImageOps.exif_transpose(picture), content_type)
    plain.info.clear()
    if content_type == PNG:
        plain.save(target, "PNG")
        return PNG
    plain.save(target, "JPEG", quality=QUALITY)
    return JPEG


def _kept_size(width: int, height: int) -> tuple[int, int]:
    factor = min(1.0, math.sqrt(KEPT_PIXELS / (width * height)))
    return max(1, int(width * factor)), max(1, int(height * factor))


def _plain(picture: Image.Image, content_type: str) -> Image.Image:
    """In a mode that is kept as it is; what shines through is white, except in a PNG."""
    transparent = picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info
    if not transparent:
        return picture if picture.mode in ("RGB", "L") else picture.convert("RGB")
    seen = picture.convert("RGBA")
    if content_type == PNG:
        return seen
    ground = Image.new("RGB", seen.size, "white")
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground
