"""The lines by which mail programs of many languages say "somebody wrote", "here begins the old mail", "sent from"."""

import re
from typing import Final

# Verbs of "wrote", wherever in the line they stand.
WROTE: Final = (
    r"wrote|writes|schrieb|skrev|schreef|geschreven|a écrit|a ecrit|ha scritto|napisał(?:\(a\)|a)?|escreveu|escribió|escribio"
    r"|写道|寫道|写到|kirjoitti|написала?|пишет|пише|писал\(?а?\)?|napsal\(?a?\)?|napísal\(?a?\)?|yazdı|şunu yazdı|đã viết|viết|a scris"
    r"|작성|썼습니다|のメール|書きました|さんは書|írta|έγραψε|כתב|ha escrit|napisao|je napisal|rašė|كتب|va escriure"
)
VERB: Final = re.compile(
    rf"(?:\b(?:{WROTE})\b|写道|寫道|写到|작성|썼습니다|のメール|書きました|さんは書|כתב|كتب|\(a\))", re.IGNORECASE
)
LAST: Final = re.compile(
    rf"(?:(?:{WROTE})(?:\s*[:：]?\s*(?:-{{2,}})?|\s+het volgende(?: geschreven)?[:：]?)|[:：])\s*$", re.IGNORECASE
)
# What such a line begins with, after quote marks: a word of the language, a date, a weekday or a name and address.
FIRST: Final = re.compile(
    r"^[>\s*_<-]{0,40}(?:"
    r"(?:On|At|Am|Den|Op|Le|Il|Dnia|Em|El|W dniu|Dne|Dňa|Pe data|Pe|Vào|In data|Ha|Tarih|Ter|A|Quoting|Zitat von|Citando)\b.{0,80}?\d"
    r"|El (?:lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado|domingo)|在|於|于"
    r"|\d{1,4}[-./年]\s?\d{1,2}|\d{1,2}\.?\s+\w{3,}\.?\s+\d{4}"
    r"|(?:понедельник|вторник|среда|среду|четверг|пятница|пятницу|суббота|воскресенье|пн|вт|ср|чт|пт|сб|вс)\b"
    r"|(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim)[a-z.]{0,7},?\s.{0,30}?\d"
    r"|[^<>\n]{1,80}<[^<>\s]{1,100}@"
    r"|(?:In message|In der Nachricht|In article)\b)",
    re.IGNORECASE,
)
# A date and a name with nothing more, as Gmail once did: "2013/7/20 Some One <some@one.example>".
DATED: Final = re.compile(
    r"^\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}\s(?:\d{1,2}:\d{2}\s)?(?:GMT[+-]\d{1,2}:\d{2}\s)?[^<>\d\n]{2,60}(?:<[^<>\s]+@[^<>\s]+>)?:?\s*$"
)
# A date, a name and an address that end in a colon, whatever the language says between them.
MAILED: Final = re.compile(
    r"^[>\s*_<-]{0,40}(?=.{0,120}?(?:\d{1,2}[:.]\d{2}|\b\d{4}\b))[^\n]{8,220}?<?\\?<?\[?[^\s<>@]{1,80}@[^\s<>@]{3,120}>?\)?>?\s?[:：]\s*$"
)
ZOHO: Final = re.compile(r"^\s*-{3,}\s*(?:On|Am|Le|El)\b.{5,200}\bwrote\b\s*-{3,}\s*$", re.IGNORECASE)
# "-----Original Message-----" and its like: all below is an older mail.
OLD_MAIL: Final = re.compile(
    r"^[>\s]{0,20}[*_]{0,2}\s?[-_=]{2,}\s*(?:original message|original appointment|forwarded message|forwarded by\b.{0,80}"
    r"|reply message|begin forwarded message"
    r"|(?:ursprüngliche|weitergeleitete) nachricht|mensaje (?:original|reenviado)|message (?:d'origine|original|transféré|transmis)"
    r"|mensagem (?:original|encaminhada)|messaggio (?:originale|inoltrato)|oorspronkelijk bericht|doorgestuurd bericht"
    r"|ursprungligt meddelande|original(?:t)? (?:meddelelse|melding)|videresendt (?:meddelelse|melding)|wiadomość oryginalna"
    r"|исходное сообщение|пересылаемое сообщение|původní zpráva|元のメッセージ|转发邮件|原始邮件|原始郵件|원본 메시지|alkuperäinen viesti)"
    r"\s*[-_=]*\s?[*_]{0,2}\s*$",
    re.IGNORECASE,
)
FORWARDED: Final = re.compile(
    r"^[>\s*_]{0,20}(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)|début du message (?:réexpédié|transféré)"
    r"|inicio del mensaje reenviado|inizio messaggio inoltrato|início da mensagem (?:encaminhada|reencaminhada)"
    r"|begin doorgestuurd bericht|vidarebefordrat brev)\s*[:：]?\s*[*_]{0,2}\s*$",
    re.IGNORECASE,
)
# Header lines of an older mail, as Outlook and others write them above it.
HEADER: Final = re.compile(
    r"^[>\s|]{0,20}[*_]{0,2}(?:from|sent|to|cc|bcc|date|subject|reply-to|importance|attachments"
    r"|von|gesendet|an|betreff|datum|kopie|antwort an"
    r"|de|envoyé(?: le)?|message du|à|a|objet|sujet|copie(?: à)?|date|cc|répondre à"
    r"|enviado(?: el| em)?|para|asunto|fecha|assunto|data"
    r"|da|inviato|oggetto|risposta"
    r"|van|verzonden|aan|onderwerp"
    r"|från|skickat|till|ämne|fra|sendt|til|emne"
    r"|od|do|wysłano|temat|odesláno|komu|předmět"
    r"|от|кому|дата|тема|отправлено|发件人|发送时间|收件人|主题|抄送|寄件者|收件者|主旨|差出人|送信日時|宛先|件名|보낸 사람|받는 사람|제목|날짜)"
    r"\s?[:：][*_]{0,2}(?:\s|$|(?=\S))",
    re.IGNORECASE,
)
# Headers that name a sender: without one of them, lines with colons are somebody's list.
FROM_LINE: Final = re.compile(
    r"^[>\s|]{0,20}[*_]{0,2}(?:from|von|de|da|van|från|fra|od|от|发件人|寄件者|差出人|보낸 사람)\s?[:：]", re.IGNORECASE
)
DEVICES: Final = (
    r"(?:my |mein(?:em)? |mon |mi |il mio |mijn |min |meu |)"
    r"(?:iphone|ipad|ipod|android|blackberry|samsung|galaxy|htc|nokia|lg|huawei|xiaomi|motorola|pixel|nexus|windows|mobile|phone|smartphone"
    r"|mobiltelefon|handy|tablet|cell|alcatel|ti-85|outlook|mailbox|yahoo|airmail|mail|typeapp|sparrow|spark|proton|k-9|postbox|newton)"
)
SENT_FROM: Final = re.compile(
    r"^\s*(?:>\s*)?[<(\[*_]{0,3}(?:"
    r"sent (?:from|via|with|by|using)\b.{0,120}"
    r"|someone from mobile|from my i?phone\b.{0,20}|from my (?:ipad|android|blackberry|mobile)\b.{0,20}"
    r"|(?:get|download)\s+\[?outlook\b.{0,100}"
    r"|envoy[ée] (?:depuis|de|à partir de|avec|via)\b.{0,100}|provenance\s*:.{0,60}"
    r"|(?:von meinem|diese nachricht wurde von|gesendet (?:von|mit)|von .{1,30} gesendet)\b.{0,100}"
    r"|enviado (?:desde|de|do|a partir d[eo]|com|con)\b.{0,100}|inviato (?:da|con)\b.{0,100}"
    r"|verzonden (?:met|vanaf|via|van)\b.{0,100}|verstuurd (?:vanaf|met|via)\b.{0,100}"
    r"|sendt fra\b.{0,100}|skickat från\b.{0,100}|lähetetty\b.{0,60}"
    r"|wysłan[eo] (?:z|ze)\b.{0,100}|отправлено (?:с|из)\b.{0,100}|odesláno z\b.{0,100}|iphone'?umdan gönderildi.{0,40}"
    r"|從我的.{1,30}傳送|发自我的.{1,30}|從我的.{1,30}|iphoneから送信.{0,30}|나의.{1,30}에서 보냄"
    r")[>)\]*_]{0,3}\s*$",
    re.IGNORECASE,
)
# A line of these alone; "-- " and a few others part a signature from what is above.
SIGNATURE: Final = re.compile(r"^\s{0,3}(?:--|__|—|–|ᐧ|-- )\s*$")
RULE: Final = re.compile(r"^\s*\*?(?:[-_=~+#*—–]\s?){3,}\*?\s*$")
FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})")
# What list servers put below everything.
LIST_FOOTER: Final = re.compile(r"^_{5,}$|^-{5,}$")
