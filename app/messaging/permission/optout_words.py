"""The words people answer with, as data: what each means, in which language, and whether it is on.

All forms are folded: lower case, no accents, one space between words. Sources: the product's French keywords
(STOP, ARRET, DESABONNER, "ne plus recevoir"), the keywords foreign platforms and US rule 47 CFR 64.1200(a)(10)
accept, and CONTACT and UNSTOP from French short-code practice. No French text fixes synonyms (unverified), so a
tenant may switch any of them off.
"""

from dataclasses import dataclass
from enum import StrEnum

FR, EN = "fr", "en"
BOTH = (FR, EN)


class Intent(StrEnum):
    """What an answer asks for. `doubtful` goes to a person, and marketing waits meanwhile."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    CONTACT = "contact"
    DOUBTFUL = "doubtful"


class InSentence(StrEnum):
    """What a word is worth when other words surround it."""

    NOTHING = "nothing"  # an ordinary word: "week-end", "cancel my order"
    DEPENDS = "depends"  # a request, unless it has another object: "stop au bruit"
    DOUBTFUL = "doubtful"  # hardly ever said about anything else


@dataclass(frozen=True, slots=True)
class Keyword:
    """Words that are a whole request."""

    words: str
    intent: Intent
    languages: tuple[str, ...]
    meaning: str
    in_sentence: InSentence = InSentence.NOTHING
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Phrase:
    """A way of saying a request with several words: a pattern over folded text."""

    pattern: str
    intent: Intent
    languages: tuple[str, ...]
    meaning: str
    enabled: bool = True


def _stop(words: str, languages: tuple[str, ...], meaning: str, in_sentence: InSentence) -> Keyword:
    return Keyword(words, Intent.OPT_OUT, languages, meaning, in_sentence)


KEYWORDS = (
    _stop("stop", BOTH, "end of marketing", InSentence.DEPENDS),
    _stop("arret", (FR,), "stop", InSentence.DEPENDS),
    _stop("arrete", (FR,), "stop (familiar)", InSentence.DEPENDS),
    _stop("arretez", (FR,), "stop (polite)", InSentence.DEPENDS),
    _stop("arreter", (FR,), "to stop", InSentence.DEPENDS),
    _stop("stopper", (FR,), "to stop", InSentence.DEPENDS),
    _stop("stoppez", (FR,), "stop (polite)", InSentence.DEPENDS),
    _stop("stop tout", (FR,), "stop everything", InSentence.DOUBTFUL),
    _stop("desabonner", (FR,), "unsubscribe", InSentence.DOUBTFUL),
    _stop("desabonne", (FR,), "unsubscribe", InSentence.DOUBTFUL),
    _stop("desabonnez", (FR,), "unsubscribe", InSentence.DOUBTFUL),
    _stop("desabonnement", (FR,), "unsubscription", InSentence.DOUBTFUL),
    _stop("desinscrire", (FR,), "unregister", InSentence.DOUBTFUL),
    _stop("desinscription", (FR,), "unregistration", InSentence.DOUBTFUL),
    _stop("stopall", (EN,), "stop everything", InSentence.DOUBTFUL),
    _stop("stop all", (EN,), "stop everything", InSentence.DEPENDS),
    _stop("unsubscribe", (EN,), "unsubscribe", InSentence.DOUBTFUL),
    _stop("optout", (EN,), "opt out", InSentence.DOUBTFUL),
    _stop("opt out", (EN,), "opt out", InSentence.DOUBTFUL),
    _stop("cancel", (EN,), "cancel", InSentence.NOTHING),
    _stop("quit", (EN,), "quit", InSentence.NOTHING),
    _stop("end", (EN,), "end", InSentence.NOTHING),
    _stop("revoke", (EN,), "revoke consent", InSentence.NOTHING),
    _stop("remove", (EN,), "remove", InSentence.NOTHING),
    _stop("td", (EN,), "tear down, a US carrier keyword", InSentence.NOTHING),
    Keyword("unstop", Intent.OPT_IN, BOTH, "undo a STOP", InSentence.DOUBTFUL),
    Keyword("start", Intent.OPT_IN, BOTH, "undo a STOP"),
    Keyword("contact", Intent.CONTACT, BOTH, "who is the sender"),
    Keyword("sotp", Intent.DOUBTFUL, BOTH, "STOP mistyped"),
    Keyword("stpo", Intent.DOUBTFUL, BOTH, "STOP mistyped"),
    Keyword("tsop", Intent.DOUBTFUL, BOTH, "STOP mistyped"),
)

# What the messages themselves are called: the object that makes "stop ..." a request.
_FR_NOUN = (
    r"(?:sms|mms|rcs|textos?|messages?|msgs?|pubs?|publicites?|spams?|notifs?|notifications?|alertes?|promos?"
    r"|promotions?|relances?|envois?|sollicitations?|demarchages?|campagnes?|newsletters?|offres?"
    r"|communications?|infos?|informations?)"
)
_FR_LINK = (
    r"(?:de|d|a|au|aux|le|la|les|l|vos|votre|tes|ces|ce|cet|cette|des|du|tous?|toutes?|tout|aucune?|autres?)"
)
_FR_TAIL = (
    r"(?: (?:publicitaires?|commerciaux|commerciale?s?|promotionnels?|promotionnelles?|de votre part|de vous"
    r"|sur (?:ce|mon) (?:numero|telephone|portable|mobile)))*"
)
_FR_OBJECT = rf"(?: (?:{_FR_LINK} )*{_FR_NOUN}{_FR_TAIL})"
_FR_WISH = r"(?:veux|voudrais|souhaite|souhaiterais|desire|desirerais|aimerais|accepte)"
_FR_SEND = (
    r"(?:envoye[rz]?|envoie|envoies|contacte[rz]?|ecrire|ecrivez|ecris|solliciter?|sollicitez|relance[rz]?"
    r"|spamme[rz]?|harcele[rz]?|derange[rz]?|importune[rz]?)"
)
_FR_LISTS = r"(?:listes?(?: de diffusion)?|fichiers?|bases?(?: de donnees)?|donnees|contacts?|envois?)"

_EN_NOUN = (
    r"(?:sms|mms|texts?|text messages?|messages?|msgs?|spam|ads?|notifications?|alerts?|updates?|promotions?"
    r"|offers?|newsletters?|marketing)"
)
_EN_LINK = (
    r"(?:all|any|the|your|these|this|those|such|more|further|of|from|receiving|getting|sending|me|us|to)"
)
_EN_TAIL = (
    r"(?: (?:anymore|any more|again|ever again|from you|to me|to us|me|us|to this number|this number))*"
)
_EN_LISTS = (
    rf"(?:(?:your|this|the|all|these|any) )*(?:(?:mailing |contact )?lists?|database|contacts|{_EN_NOUN})"
)


def _ask(pattern: str, languages: tuple[str, ...], meaning: str) -> Phrase:
    return Phrase(pattern, Intent.OPT_OUT, languages, meaning)


PHRASES = (
    _ask(
        rf"(?:stop|arret|arrete[zr]?|cesse[zr]?|stoppe[zr]?|fini|plus){_FR_OBJECT}",
        (FR,),
        "stop your messages",
    ),
    _ask(
        rf"(?:stop|arrete[zr]?|cesse[zr]?)(?: (?:de|d))?(?: (?:me|m|nous))? {_FR_SEND}(?:{_FR_OBJECT})?",
        (FR,),
        "stop sending me messages",
    ),
    _ask(
        rf"(?:(?:je|j|nous) )?(?:(?:ne|n) )?(?:{_FR_WISH} )?(?:ne )?plus (?:(?:rien|jamais) )?"
        rf"(?:recevoir|etre (?:contacte|sollicite|derange|importune)e?s?)(?:{_FR_OBJECT})?",
        (FR,),
        "I no longer want to receive",
    ),
    _ask(rf"(?:(?:je|j) )?(?:(?:ne|n) )?{_FR_WISH} plus{_FR_OBJECT}", (FR,), "I want no more messages"),
    _ask(
        rf"ne (?:(?:me|m|nous) )?{_FR_SEND} plus(?: (?:rien|jamais))?(?:{_FR_OBJECT})?",
        (FR,),
        "send me nothing more",
    ),
    _ask(
        rf"ne plus (?:(?:me|m|nous) )?{_FR_SEND}(?:{_FR_OBJECT})?",
        (FR,),
        "send me nothing more",
    ),
    _ask(
        rf"(?:je )?(?:(?:de )?(?:me|m|se) )?(?:desabonne[rz]?|desinscri(?:re|s|vez))(?: moi| nous)?"
        rf"(?: (?:{_FR_LINK} )*(?:{_FR_LISTS}|{_FR_NOUN}){_FR_TAIL})?",
        (FR,),
        "unsubscribe me",
    ),
    _ask(
        rf"(?:supprime[rz]?|retire[rz]?|enleve[rz]?|efface[rz]?|radie[rz]?)(?: moi| mon numero)"
        rf"(?: (?:{_FR_LINK} )*{_FR_LISTS})?",
        (FR,),
        "take me off the list",
    ),
    _ask(
        rf"stop (?:{_EN_LINK} )*(?:texting|messaging|contacting|spamming|{_EN_NOUN}){_EN_TAIL}",
        (EN,),
        "stop texting me",
    ),
    _ask(
        rf"(?:i )?(?:no longer|do not|don t|dont) (?:want|wish)(?: to (?:receive|get))?"
        rf"(?: {_EN_LINK})* {_EN_NOUN}{_EN_TAIL}",
        (EN,),
        "I no longer want messages",
    ),
    _ask(
        rf"(?:do not|don t|dont|never) (?:text|contact|message) (?:me|us){_EN_TAIL}", (EN,), "do not text me"
    ),
    _ask(rf"no more {_EN_NOUN}{_EN_TAIL}", (EN,), "no more messages"),
    _ask(rf"unsubscribe(?: (?:me|us))?(?: from {_EN_LISTS})?", (EN,), "unsubscribe me"),
    _ask(rf"opt (?:(?:me|us) )?out(?: (?:of|from) {_EN_LISTS})?", (EN,), "opt me out"),
    _ask(
        rf"(?:remove|delete|take) (?:me|us|my number)(?: (?:from|off) {_EN_LISTS})?",
        (EN,),
        "take me off the list",
    ),
    _ask(rf"cancel (?:(?:my|the|this) )?(?:subscription|{_EN_NOUN})", (EN,), "cancel the messages"),
    Phrase(r"s+t+o+p{2,}|s+t+oo+p+|ss+t+o+p+|st{2,}o+p+", Intent.DOUBTFUL, BOTH, "STOP mistyped or shouted"),
    Phrase(
        r"(?:laisse[zr]?|fiche[zr]?|foute[zr]?) moi (?:tranquille|la paix)",
        Intent.DOUBTFUL,
        (FR,),
        "leave me alone",
    ),
    Phrase(r"leave me alone", Intent.DOUBTFUL, (EN,), "leave me alone"),
)

# Words that may surround a request without changing it: courtesy, urgency, and ways to begin asking.
COURTESY = (
    *(
        "merci",
        "merci beaucoup",
        "merci bien",
        "merci d avance",
        "merci par avance",
        "non merci",
        "svp",
        "stp",
    ),
    *("s il vous plait", "s il te plait", "s vous plait", "sil vous plait", "sil te plait"),
    *("bonjour", "bonsoir", "salut", "coucou", "cordialement", "cdt", "bien cordialement", "bien a vous"),
    *("monsieur", "madame", "messieurs", "mesdames", "au revoir", "bonne journee", "bonne soiree"),
    *("bon week end", "bonne continuation", "salutations", "ok", "oui", "d accord", "desole", "desolee"),
    *("maintenant", "immediatement", "tout de suite", "definitivement", "des maintenant", "urgent"),
    *("envoye de mon iphone", "envoye depuis mon mobile", "sent from my iphone"),
    *("merci de", "merci d", "veuillez", "pouvez vous", "pourriez vous", "il faut", "je vous demande de"),
    *("je vous prie de", "je vous prie d", "je vous demande d", "je vous remercie de", "je vous remercie d"),
    *("je veux", "je souhaite", "je voudrais", "j aimerais", "je desire", "je demande", "je demande a"),
    *("please", "pls", "plz", "thanks", "thank you", "thank you very much", "thx", "ty", "many thanks"),
    *("thanks a lot", "no thanks", "no thank you", "hi", "hello", "dear sir", "dear madam", "bye", "goodbye"),
    *("regards", "kind regards", "best regards", "sorry", "sir", "madam", "yes", "now", "immediately"),
    *("right now", "can you", "could you", "would you", "will you", "i want to", "i would like to"),
    *("i d like to", "i wish to", "i want you to", "i would like you to"),
)

# Words that may stand between two requests, or before the short code.
LINKS = ("et", "and")
CODE_LEADS = ("au", "a", "to", "at", "sur", "vers", "via", "par")


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# What shows that "stop" or "arrêt" has another object, or is a noun.
OBJECT_AFTER = _words(
    "a au aux le la les l de du des d en sur sous pour par dans chez avec ce cet cette ces mon ma mes ton ta",
    "tes son sa ses notre nos votre vos leur leurs un une moi toi vous nous by at the an in on over off for",
    "from with here there these those my your his her our their",
    "work travail maladie cardiaque bus tram tramway metro image loss gap sign light watch motion",
)
NOUN_BEFORE = _words(
    "non un une l le la les du au aux en sans mon ma son sa cet cette prochain prochaine dernier premier auto",
    "bus tram m s t se me te nous n a an the next full last first pit one every each rest truck train",
)
