"""What people write to anybody: hello, thanks, fine; it gets a line, and never a manual."""

import re
from collections.abc import Sequence

_GREETING = re.compile(
    r"(?:(?:hi|hello|hey|hallo|hola|yo|moin|servus|howdy|greetings|good (?:morning|afternoon|evening|day)|morning)"
    r"|how are you(?: doing)?|there|valet|all|team|everyone|everybody|you|again| )+"
)
_THANKS = re.compile(
    r"(?:(?:ok|okay|great|perfect|cool|nice|awesome|super|alright|oh|wow|haha|and) )*"
    r"(?:many |much |very much )?(?:thanks|thank you|thank u|thankyou|thx|thanx|ty|tysm|cheers|merci|danke|gracias)"
    r"(?: (?:a lot|a bunch|so much|very much|valet|all|again|everyone|you|much|man|mate|bot|for (?:the|your) help|"
    r"that helps?|that helped|that is great|that is perfect))*"
)
_FINE = re.compile(
    r"(?:(?:ok|okay|great|perfect|cool|nice|awesome|super|good(?: bot| job| work| one| stuff)?|nice (?:work|job|one)|"
    r"great (?:work|job|stuff)|well done|got it|alright|all right|fine|sure|lol|haha|wow|bye|goodbye|good night|"
    r"see you|cya|done|yes|no|never mind|nevermind|love it|k)(?: |$))+"
)
_EMOJI = re.compile(r":[a-z0-9_+-]+:|[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f\U0001f3fb-\U0001f3ff]")


def pleasantry_kind(words: Sequence[str]) -> str:
    """ "hello", "thanks" or "fine" where the words are nothing else; empty where they ask for something."""
    said = " ".join(word.lower() for word in words)
    text = " ".join(re.sub(r"[.,;:!?()\u2026]", " ", _EMOJI.sub(" ", said)).split())
    if not text:
        return "fine" if said else ""
    kinds = (("thanks", _THANKS), ("hello", _GREETING), ("fine", _FINE))
    return next((kind for kind, pattern in kinds if pattern.fullmatch(text)), "")
