"""What makes a text a security report: a thread that is born private, seen by maintainers alone (pure).

It needs plainer evidence than the other kinds, and a phrase that merely names a protection ("CSRF token") is taken out
again. Words find what is written in the words of the trade; tests/outside/test_triage_security.py says how little of
the rest, for which there is the box "Report a security problem privately".
"""

import re
from collections.abc import Mapping

from categories.triage.phrases import Found, Index, find_phrases, index_of, word_set

# A grave word decides by itself in a short text; a long one quotes, lists and digresses, and needs a second.
LONG_TEXT_WORDS = 120
SECURITY_NEEDS = 4
SECURITY_NEEDS_IN_LONG_TEXT = 6
# A title that asks how or where, or that wants something, is no report; its text must speak the more plainly.
SECURITY_NEEDS_TO_BE_NO_QUESTION = 7

# Weights: 4 is enough alone in a short text; 3 or less only beside something else.
SECURITY: Mapping[int, str] = {
    8: "missing csrf protection | no csrf protection | without csrf protection | lacks csrf protection",
    4: """vulnerability | vulnerabilities | vulnerable | xss | cross site scripting | csrf | xsrf | ssrf | xxe |
        sqli | cross site request forgery | sql injection | command injection | code injection | shell injection |
        rce | html injection | script injection | template injection | header injection | remote code execution |
        arbitrary code execution | execute arbitrary code | execute arbitrary commands | arbitrary file |
        path traversal | directory traversal | privilege escalation | escalate privileges |
        authentication bypass | auth bypass | authorization bypass | bypass authentication |
        bypass authorization | bypasses authentication | zero day | 0day | exploitable | an exploit |
        exploit for | exploit in | security exploit | account takeover | idor | session hijacking |
        session fixation | clickjacking | open redirect | insecure deserialization | zip slip | redos |
        security hole | security flaw | security bug | security issue | security problem | security breach |
        security vulnerability | security report | security disclosure | data breach | responsible disclosure |
        responsibly disclose | coordinated disclosure | backdoor | prototype pollution | buffer overflow |
        heap overflow | use after free | out of bounds write | request smuggling | hardcoded password |
        hardcoded credentials | hardcoded secret | stored in plain text | stored in plaintext |
        passwords in plain text | in clear text | other users data | other user's data | another user's data |
        data of other users | data of another user | sicherheitslücke | vulnérabilité | faille de sécurité |
        vulnerabilidad | vulnerabilità | vulnerabilidade | beveiligingslek | уязвимость | denial of service |
        brute force | brute forced | no lockout | impersonate | impersonates | impersonation | phishing |
        take over the account | take over an account | take over any account | take over accounts | embargoed |
        under embargo | crafted file | crafted archive | crafted header | crafted request | crafted input |
        crafted link | specially crafted | signature wrapping | alg none | promote themselves | become admin |
        admin without | log in as anybody | log in as anyone | log in as any user | logged in as somebody else |
        logged in as someone else | log in as somebody else | with any password | without a password |
        each other's session | still valid after logout | valid after logging out | password hashes |
        password hash | accepts any certificate | accepts every certificate | world readable | infostealer |
        coordinate disclosure | coordinate the disclosure | responsible way to disclose | external entity |
        external entities | user enumeration | account enumeration | enumerate users | got a shell | reverse shell |
        web shell | man in the middle | mitm | no permission check | without permission check | missing authorization |
        no authorization check | broken access control | insecure direct object reference | mass assignment |
        timing attack | side channel attack | replay attack | downgrade attack | cache poisoning | dns rebinding |
        subdomain takeover | supply chain attack | log injection | crlf injection | csv injection | ldap injection |
        nosql injection | xpath injection | formula injection | code execution | unauthenticated access | memory corruption | double free |
        out of bounds read | type confusion | format string vulnerability | toctou | cleartext password |
        unsalted | weak random | predictable token | predictable tokens | predictable id | predictable ids |
        can be guessed | predict the next | still log in | still sign in | bug bounty | hackerone |
        security researcher | cvss | cwe | vuln""",
    3: """exploit | exploited | attacker | attackers | attacker's | attackers' | hijack | malicious user | malicious code | plaintext |
        as another user | crafted | spoof | spoofed | forge | forged | evil | poc | clear text | default password |
        rate limit lets | no rate limit | missing rate limit | admin's session | admin rights | without any check |
        no check on the server | not checked on the server | executed with | runs code | run code on |
        execute code | runs arbitrary | never compared | in private | keep this private | confidentially |
        fuzzing | addresssanitizer | session of another | stolen | unauthenticated | cleartext | guessable |
        can be skipped | skips the check | still has access | still have access | arbitrary files | arbitrary host |
        local files | over http | without signature | unsigned update | lets me in | session cookie of""",
    2: """malicious | hacked | security | proof of concept | bypass | bypassed | unauthorized | untrusted input |
        disclosure | embargo | never expires | not verified | never verified | does not verify | doesn't verify |
        doesn't check | without checking | no check | without permission | privileges | privilege | overwrite |
        rotate them | secret key | secret access key | encryption key | 2fa | mfa | unauthorised | open to the internet |
        exposed to the internet | reachable from the internet | reachable from the network | from the outside |
        debug console | state parameter | is not checked | is not validated | not validated | hard coded | hardcoded |
        session tokens | victim | victim's | decrypt""",
    # how one came to what is not one's own: beside the reaching they make a report of it
    1: """by changing | changing the id | changing user_id | changing the number | replaced the number | simply typed |
        typed a different | another id | a different id | in the url shows | customer data | user data | no error |
        works for any | answers 204 | answers 200 | i could download | i could read | i got the | and got""",
}
# What names a protection, a tool or a habit instead of a hole takes back the weight of the word inside it.
NOT_SECURITY: Mapping[int, str] = {
    4: """csrf token | csrf tokens | csrf protection | csrf check | csrf checks | csrf middleware |
        csrf verification | csrf cookie | csrf failed | xsrf token | xss filter | xss protection |
        ssrf protection | vulnerability scanner | vulnerability scan | vulnerability scanning |
        vulnerability database | npm audit | pip audit | not a vulnerability | not vulnerable |
        not a security issue | no security issue""",
    3: """to exploit | can exploit the | we exploit | exploit the | exploit parallelism | could exploit parallelism |
        what is the default password | default password for""",
    2: "security group | security groups | security reasons | security policy | spring security | security settings",
}
# "Leaks the API key", in either order: a word of giving away within a few words of a secret.
LEAKING = word_set("leak leaks leaked leaking leakage steal steals stolen")
SHOWING = word_set("expose exposes exposed exposing disclose discloses disclosed reveals revealed")
SECRETS = word_set("password passwords credential credentials secret secrets apikey cookie cookies emails pii")
# What lies open: "token visible in the log", "the live key is committed".
LYING_OPEN = word_set("visible readable committed printed published public downloadable")
GUARDED = word_set("password passwords credential credentials secret secrets apikey token tokens password_hash")
# Everyday words elsewhere ("exposes the data"): they count only beside a word of leaking.
EVERYDAY_SECRETS = word_set("key keys token tokens session sessions account accounts email addresses private")
# "Memory leak" gives nothing away.
HARMLESS_LEAKS = word_set("memory resource goroutine thread descriptor handle connection fd ram")
# "Private tickets are visible to other users": a word of each within a few words.
HIDDEN = word_set("private confidential hidden restricted secret internal deleted")
SEEN = word_set(
    "visible readable accessible see sees read reads access view views open opens opened download downloads downloaded "
    "lists listed shows get gets got fetch fetches change changes delete deletes deleted reachable"
)
OUTSIDERS = word_set(
    "anyone anybody everyone everybody others other anonymous public unauthenticated guest guests strangers outsiders"
)
NEAR_WORDS = 5
# "I can read other people's invoices": what is done, near whose it is. The words between may be a few more.
OTHERS = (
    "other people's | other people | other users | other users' | other user's | other customers | other customer's |"
    " other tenants | another user | another user's | another customer | another tenant | different company |"
    " different customer | different user | different account | different patient | different person | of a different |"
    " foreign | belong to others | belongs to others | belongs to somebody else | belongs to someone else | somebody else's | someone else's | of somebody else |"
    " of someone else | strangers' | of all members | of all users | of every user | of everybody | any user's |"
    " anybody's | anyone's"
)
# "... without being logged in": the same, near a door that nobody went through.
UNASKED = (
    "without being logged in | without logging in | without signing in | without an account | without authentication |"
    " without any authentication | without a login | while logged out | not logged in | not being logged in |"
    " as a guest | anyone with | anybody with | anyone who knows | anybody who knows | everybody who pulls | anyone can |"
    " anybody can | whoever visits | whoever opens | without being asked | any signed in user | any logged in user |"
    " by anyone | by anybody"
)
REACH_WORDS = 12
# Done to what is not one's own.
REACHED = SEEN | word_set(
    "edit edits edited remove removes removed take takes overwrite overwrites reset resets run runs execute executes "
    "upload uploads login logins receive received"
)
# Words of an attack, wherever they stand, code included; `../..` alone is half of it, since imports are written so.
_PAYLOAD = re.compile(
    r"<(?:img|svg|script|iframe|body|a)\b[^>]{0,200}\bon[a-z]{3,20}\s*=|<script\b[^>]{0,80}>\s*alert|document\.cookie"
    r"|\bpg_sleep\(|\bor\s+1\s*=\s*1\b|union\s+select\b|169\.254\.169\.254|/etc/(?:passwd|shadow)\b|__proto__"
    r"|\"alg\"\s*:\s*\"none\"|\$\((?:curl|wget|id|touch)\b|;\s*(?:drop table|rm -rf)\b|__reduce__",
    re.IGNORECASE,
)
_TAKEN_OVER = re.compile(r"\b(?:take|takes|took|taking|taken) over (?:[\w']+ ){0,3}accounts?\b")
_CLIMBING = re.compile(r"(?:\.\./){2,}|\.\.\\\\\.\.")
_CVE = re.compile(r"\bcve-\d{4}-\d{3,}")
# Scripts without spaces between words are looked through as they stand.
_UNSPACED = re.compile("脆弱性|漏洞")

_SECURITY_INDEX = index_of({"security": SECURITY})
_OTHERS_INDEX = index_of({"security": {3: OTHERS}})
_UNASKED_INDEX = index_of({"security": {3: UNASKED}})
_NOT_SECURITY_INDEX = index_of({"security": NOT_SECURITY})


def _gives_away(words: list[str]) -> str | None:
    """The first words that together say that a secret got out ("leaked ... password"), in any order, or None."""
    for place, word in enumerate(words):
        if word in LEAKING or word in SHOWING:
            if place and words[place - 1] in HARMLESS_LEAKS:
                continue
            for near in words[max(0, place - NEAR_WORDS) : place + NEAR_WORDS + 1]:
                if near in SECRETS or (word in LEAKING and near in EVERYDAY_SECRETS):
                    return f"{word} ... {near}"
        elif word in LYING_OPEN:
            for near in words[max(0, place - NEAR_WORDS) : place + NEAR_WORDS + 1]:
                if near in GUARDED:
                    return f"{word} ... {near}"
        elif word in HIDDEN:
            around = words[max(0, place - NEAR_WORDS) : place + NEAR_WORDS + 1]
            seen, by = SEEN.intersection(around), OUTSIDERS.intersection(around)
            if seen and by:
                return f"{word} ... {min(seen)} ... {min(by)}"
    return None


def _reaches(words: list[str], index: Index) -> str | None:
    """The first words that together say that somebody reached what is not theirs, or through no door; or None."""
    for place, word in enumerate(words):
        for phrase, _weight, _kind, reason in index.get(word, ()):
            if tuple(words[place : place + len(phrase)]) == phrase:
                around = words[max(0, place - REACH_WORDS) : place + len(phrase) + REACH_WORDS]
                if done := REACHED.intersection(around):
                    return f"{min(done)} ... {reason}"
                break
    return None


def evidence(words: list[str], text: str, raw: str, *, wants: bool) -> Found | None:
    """The evidence that this is a private report, or None where it does not reach the mark. `raw`: with its code;
    `wants`: its title asks or requests something."""
    found: Found = {}
    find_phrases(words, _SECURITY_INDEX, found)
    if _TAKEN_OVER.search(text):
        found["security", "[account taken over]"] = 4
    for index in (_OTHERS_INDEX, _UNASKED_INDEX):
        if reached := _reaches(words, index):
            found["security", reached] = 3
    if payload := _PAYLOAD.search(raw):
        found["security", f"[{payload.group()[:20]}]"] = 4
    if _CLIMBING.search(raw):
        found["security", "[../..]"] = 2
    pair = _gives_away(words)
    if pair:
        found["security", pair] = 4
    cve = _CVE.search(text)
    if cve:
        found["security", cve.group()] = 6
    unspaced = _UNSPACED.search(text)
    if unspaced:
        found["security", unspaced.group()] = 6
    if not found:
        return None
    excused: Found = {}
    find_phrases(words, _NOT_SECURITY_INDEX, excused)
    needed = SECURITY_NEEDS_IN_LONG_TEXT if len(words) > LONG_TEXT_WORDS else SECURITY_NEEDS
    if wants:
        needed = SECURITY_NEEDS_TO_BE_NO_QUESTION
    return found if sum(found.values()) - sum(excused.values()) >= needed else None
