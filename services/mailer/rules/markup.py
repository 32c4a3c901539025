"""HTML of letters: which is harmless and looks the same in mail programs, and plain text as HTML."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

TAGS = frozenset(
    (
        *("a", "b", "blockquote", "br", "center", "code", "div", "em", "font", "h1", "h2", "h3", "h4", "hr", "i"),
        *("li", "ol", "p", "pre", "small", "span", "strong", "sub", "sup", "u", "ul"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr"),
    )
)
VOID = frozenset(("br", "hr"))
ATTRIBUTES = frozenset(
    (
        *("align", "bgcolor", "border", "cellpadding", "cellspacing", "class", "color", "colspan", "dir", "face"),
        *("height", "href", "lang", "role", "rowspan", "size", "style", "title", "valign", "width"),
    )
)
ACTIVE = frozenset(
    (
        *("script", "iframe", "object", "embed", "applet", "form", "input", "button", "select", "textarea"),
        *("svg", "math", "base", "meta"),
    )
)
OUTSIDE = frozenset(("img", "picture", "source", "video", "audio", "link", "style"))
LINK = "{{ link }}"
SAFE_LINK = re.compile(r"(https?://|mailto:|tel:)[^\s\x00-\x1f]+", re.IGNORECASE)
ODD_STYLE = re.compile(r"url\s*\(|@import|expression|behavior|binding|javascript|\\|/\*|position", re.IGNORECASE)
ALONE = re.compile(r"https?://[^\s<>\"']+")
SPACED = ' style="margin: 0 0 16px 0;"'
LINKED = ' style="color: #0f4c5c; word-break: break-all;"'
"""What the frame's styles say of paragraphs and links: these come in when the styles are in their places already."""
MARK = "the-end-of-the-body"
END = f'\n<br class="{MARK}">'
HIDDEN = re.compile(r"\{\{|\}\}")


@dataclass(frozen=True)
class Fault:
    """Something that does not belong into a letter: a code, and what it is about."""

    code: str
    what: str = ""


@dataclass
class _Reader(HTMLParser):
    """Reads HTML and notes what is wrong with it, each thing once."""

    faults: dict[Fault, None] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    ended: bool = False
    """Whether the last tag was END: then no tag or quote before it was left open."""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)

    def note(self, code: str, what: str = "") -> None:
        self.faults.setdefault(Fault(code, what[:80]))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ended = attrs == [("class", MARK)]
        if tag in ACTIVE:
            self.note("active", tag)
        elif tag in OUTSIDE:
            self.note("outside", tag)
        elif tag not in TAGS:
            self.note("tag", tag)
        elif tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in TAGS and tag not in VOID:
            self.open.pop()
            self.note("unclosed", tag)  # browsers do not take <p/> for an end

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag not in TAGS:
            return
        if not self.open or self.open[-1] != tag:
            self.note("unopened" if tag not in self.open else "crossed", tag)
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_comment(self, data: str) -> None:
        self.note("comment", data)

    def handle_decl(self, decl: str) -> None:
        self.note("comment", decl)

    def handle_pi(self, data: str) -> None:
        self.note("comment", data)

    def unknown_decl(self, data: str) -> None:
        self.note("comment", data)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.note("active", name)
        elif name in ("src", "srcset", "background"):
            self.note("outside", name)
        elif name not in ATTRIBUTES:
            self.note("attribute", name)
        elif name == "href":
            if tag != "a" or (value.strip() != LINK and not (SAFE_LINK.fullmatch(value) and not HIDDEN.search(value))):
                self.note("href", value)
        elif HIDDEN.search(value):
            self.note("placed", name)
        elif name == "style" and ODD_STYLE.search(value):
            self.note("outside", "style")


def faults_of(markup: str) -> list[Fault]:
    """What is wrong with the HTML body of a template; empty if it may be used.

    Only what is known to be harmless passes: no scripts, nothing fetched from elsewhere (a mail program would block it,
    and it would tell others who reads), and every tag that is opened is closed.
    """
    reader = _Reader()
    reader.feed(markup + END)
    reader.close()
    for tag in reader.open:
        reader.note("unclosed", tag)
    if "\x00" in markup or not reader.ended:
        reader.note("broken")
    return list(reader.faults)


def paragraphs(text: str) -> str:
    """Plain text as HTML: blank lines divide paragraphs, an address on a line of its own becomes a link."""
    blocks = re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    return "\n".join(
        f"<p{SPACED}>{'<br>'.join(_line(line) for line in block.split(chr(10)))}</p>" for block in blocks if block
    )


def _line(line: str) -> str:
    escaped = html.escape(line)
    if not ALONE.fullmatch(line.strip()):
        return escaped
    return linked(line.strip(), line.strip())


def linked(url: str, words: str) -> str:
    """A link in the colours of the frame."""
    return f'<a class="plain"{LINKED} href="{html.escape(url)}">{html.escape(words)}</a>'
