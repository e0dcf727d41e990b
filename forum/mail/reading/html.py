"""Where a mail's HTML stops being what its sender wrote: the marks that mail programs put around what they quote."""

import re
from typing import Final

# Each begins what was quoted, and all that follows is that: Gmail, Yahoo, Outlook, Thunderbird, Apple Mail, Hotmail,
# Windows Mail, mail.ru, Yandex, Zimbra, ProtonMail.
BEGINS: Final = re.compile(
    r"<(?:div|blockquote|p|table|span|hr|section)\b[^<>]{0,400}?(?:"
    r"\bclass=(?:3D)?[\"']?[^\"'<>]{0,80}?(?:gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra"
    r"|ecxgmail_quote|OutlookMessageHeader|tutanota_quote|mail_quote)"
    r"|\bid=[\"']?(?:divRplyFwdMsg|stopSpelling|reply-intro|OLK_SRC_BODY_SECTION|appendonsend|mailQuote|replySplit)"
    r"|\btype=[\"']?cite"
    r"|\bstyle=[\"'][^\"'<>]{0,200}?(?:border-left:\s?\d?\s?(?:px)?\s?solid\s?(?:#00f|blue|#ccc|#0857A6|rgb)"
    r"|border:\s?none;\s?border-top:\s?solid\s?(?:#B5C4DF|#E1E1E1|windowtext|rgb\(181|rgb\(225)[^\"'<>]{0,60}?1\.0pt))"
    r"[^<>]{0,400}>",
    re.IGNORECASE,
)
OUTLOOK_2003: Final = re.compile(
    r"<div[^<>]{0,200}>\s*<div[^<>]{0,100}align=[\"']?center[\"']?[^<>]{0,100}>\s*"
    r"<font[^<>]{0,100}>\s*<span[^<>]{0,200}>\s*<hr\b|<hr\b[^<>]{0,100}\b(?:id=[\"']?(?:stopSpelling|EC_stopSpelling)|tabindex=[\"']?-1)",
    re.IGNORECASE,
)


def without_quotes(html: str) -> tuple[str, str]:
    """The HTML up to where the quoted text begins, and the rest; all of it where nothing would be left.

    What stands behind a quotation (an answer below it) keeps the whole in one piece: the text is then split by its words.
    """
    found = [match.start() for match in (BEGINS.search(html), OUTLOOK_2003.search(html)) if match is not None]
    if not found:
        return html, ""
    at = min(found)
    if not has_words(html[:at]):
        return html, ""
    rest = html[at:]
    end = rest.lower().rfind("</blockquote>")
    if end >= 0 and has_words(rest[end + len("</blockquote>") :]):
        return html, ""
    return html[:at], rest


# What is read of a page once its styles and comments are gone; and how deep its elements may stand in each other: the
# parser's time grows with the square of both.
HTML_MOST: Final = 300_000
DEPTH_MOST: Final = 200
SILENT: Final = re.compile(r"(?is)<!--.*?(?:-->|$)|<(style|script|head)\b.*?(?:</\1\s*>|$)")
TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})\b[^<>]{0,2000}>")
VOID: Final = frozenset(("br", "img", "hr", "meta", "link", "input", "wbr", "col", "area", "base"))


def light(html: str) -> str:
    """A page that is no burden to read: without styles, of some length; one that is nested too deeply as its words."""
    plain = SILENT.sub("", html)[:HTML_MOST]
    depth = deepest = 0
    for tag in TAG.finditer(plain):
        if tag[2].lower() not in VOID:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    # paragraphs and list items need not be closed
    return plain if deepest <= DEPTH_MOST or deepest * 2 < plain.count("</") else TAG.sub(" ", plain)


def has_words(html: str) -> bool:
    """Whether anything is left of it once its tags are gone."""
    body = re.sub(r"(?is)<(style|script|title|head)\b.*?(?:</\1>|$)", "", html)
    text = re.sub(r"<[^<>]*>|&nbsp;|&#160;", "", body)
    return bool(text.strip(" \t\r\n\u00a0\u200b>"))
