"""A mail understood: who wrote it, what they wrote for us in Markdown, and what of it is folded away."""

import re
from dataclasses import dataclass
from typing import Final

from forum.mail.reading.bounces import Report, read_report
from forum.mail.reading.letter import Letter, Unreadable, read_letter
from forum.mail.reading.machines import Kind, is_bulk, kind_of_letter
from forum.mail.reading.quotes import split_reply

# A post holds 100,000 characters.
TEXT_MOST: Final = 90_000
CUT_MOST: Final = 8_000
# Something that HTML would take for a tag, and Markdown for nothing: "<stdio.h>", "<name>".
TAG_LIKE: Final = re.compile(r"<(?=[A-Za-z/!?])(?!https?://|mailto:|[A-Za-z0-9._%+-]{1,64}@)")
FENCES: Final = re.compile(r"^ {0,3}(?:`{3,}|~{3,})")


@dataclass(frozen=True)
class Understood:
    """`text`: Markdown of what was written for us · `cut`: plain text of what is folded away · `report`: of a bounce."""

    letter: Letter
    kind: Kind
    text: str
    cut: str
    is_bulk: bool
    report: Report | None = None


def understand(raw: bytes, *, envelope: str | None = None, own_domain: str = "") -> Understood:
    """Read a mail. `envelope` and `own_domain`: see `kind_of_letter`. Raises Unreadable, and nothing else."""
    letter = read_letter(raw)
    try:
        return _understood(letter, envelope, own_domain)
    except Exception as error:
        raise Unreadable(f"not understood ({type(error).__name__})") from None


def _understood(letter: Letter, envelope: str | None, own_domain: str) -> Understood:
    kind = kind_of_letter(letter, envelope=envelope, own_domain=own_domain)
    split = split_reply(letter.body.text)
    text = split.text if letter.body.is_html else as_markdown(split.text)
    cut = "\n\n".join(piece for piece in (split.cut, letter.body.quoted) if piece.strip())
    report = read_report(letter) if kind is Kind.BOUNCE else None
    return Understood(letter, kind, text[:TEXT_MOST], cut[:CUT_MOST], is_bulk(letter), report)


def as_markdown(text: str) -> str:
    """Plain text as Markdown: what looks like a tag stays to be seen; code that is fenced stays as it is."""
    made, is_code = [], False
    for line in text.split("\n"):
        if FENCES.match(line):
            is_code = not is_code
        is_code_line = is_code or line.startswith(("    ", "\t"))
        made.append(line if is_code_line else outside_code(line))
    return "\n".join(made)


def outside_code(line: str) -> str:
    """A line with its tags escaped, but for what stands between backticks."""
    if "<" not in line:
        return line
    pieces = re.split(r"(`+[^`]*`+)", line)
    return "".join(piece if piece.startswith("`") else TAG_LIKE.sub(r"\\<", piece) for piece in pieces)


def ended(text: str) -> str:
    """Markdown with the code block ended that it leaves open, or whatever stands below would be part of it."""
    fence = ""
    for line in text.split("\n"):
        found = FENCES.match(line)
        if found is None:
            continue
        mark, rest = found[0].strip(), line[found.end() :]
        if not fence:
            fence = mark if mark[0] == "~" or "`" not in rest else ""
        elif mark.startswith(fence) and not rest.strip():
            fence = ""
    return f"{text}\n{fence}" if fence else text


def folded(cut: str, summary: str) -> str:
    """What was cut, behind a line that opens it. In a fence: it names nobody, links nothing, and ends where it ends."""
    if not cut.strip():
        return ""
    longest = max((len(run) for run in re.findall(r"~+", cut)), default=0)
    fence = "~" * max(4, longest + 1)
    return f"\n\n<details><summary>{summary}</summary>\n\n{fence}text\n{cut}\n{fence}\n\n</details>"


# What somebody writes who only wants to thank, in the languages of the sites we know; after it at most a name.
THANKS: Final = re.compile(
    r"^(?:(?:hi|hello|hey|dear|hallo|bonjour|hola|ciao|liebe[rs]?)\b[^\n]{0,30}[,!.]?\s*)?"
    r"(?:ok(?:ay)?|great|perfect|awesome|super|cool|nice|wow|yes|yep|excellent|wonderful|parfait|perfekt|toll|klasse|genial|perfecto|ótimo|ottimo)?"
    r"[\s,.!:)👍🙏🎉-]*"
    r"(?:(?:many |a lot of |so many |1000 |thousand )?thanks|thank you|thankyou|thx|ty|tysm|cheers|much appreciated|appreciated"
    r"|(?:vielen |herzlichen |besten |tausend )?dank(?:e| dir| ihnen| euch)?|merci|gracias|muchas gracias|grazie(?: mille)?|obrigad[oa]|bedankt"
    r"|dank je(?: wel)?|tack(?: så mycket)?|takk|tak|kiitos|dzięki|dziękuję|díky|děkuji|спасибо|дякую|ありがとう(?:ございます)?|谢谢|謝謝|감사합니다|teşekkürler)"
    r"(?:[\s,.!]*(?:so much|very much|a lot|again|all|everyone|everybody|guys|team|mille|beaucoup|bien|schön|sehr|nochmals?|mucho|muito|for (?:the|your) (?:quick |fast |great |kind |prompt )?"
    r"(?:help|answer|reply|support|response|fix)|for (?:helping|answering)|it works(?: now| fine| perfectly)?|that (?:works|worked|helped|solved it|did it|was it)"
    r"|works(?: now| fine| perfectly)?|solved|fixed|problem solved|you(?:'re| are) (?:the best|great)|all good(?: now)?))*"
    r"[\s,.!:;)(👍🙏🎉😀🙂❤️-]*(?:\n[\s\S]{0,40})?$",
    re.IGNORECASE,
)
THANKS_MOST: Final = 160


def is_just_thanks(text: str) -> bool:
    """Whether a short mail says thanks and asks nothing: it does not bring a ticket back into the queue."""
    words = text.strip()
    return len(words) <= THANKS_MOST and "?" not in words and "？" not in words and THANKS.match(words) is not None


# The first line of a mail of the team's may say what it is for; in words that nobody writes by accident.
PURPOSE: Final = re.compile(r"^\s*#(whisper|reply|facts|resolve|thanks)\b[ \t:.]*", re.IGNORECASE)


def purpose_of(text: str) -> tuple[str, str]:
    """(purpose, the text without the word that named it); "" where none is named."""
    found = PURPOSE.match(text)
    return (found[1].lower(), text[found.end() :].lstrip("\n")) if found else ("", text)
