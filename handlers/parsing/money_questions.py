"""Questions about money: what was spent, what was wasted, what is expected; each as the words of a verb."""

from handlers.parsing.question_rules import QuestionRule, fixed, of_days, of_price, scope_rule

_DAYS = r"(?:(?: (?:in|during|over|for|on|this far))? (?P<days>.+?))?"
_WE = (
    r"(?:we|i|us|it all|everything|everybody|everyone|the company|they|all of us|people|gpus|the gpus|the machines|"
    r"the cloud)"
)
_MUCH = r"(?:how much|what|how many dollars)(?: money| usd)?"
_DID = r"(?: did| do| have| has| does| was| were| is| are)?"

MONEY_RULES: tuple[QuestionRule, ...] = (
    of_days(
        "cost idle",
        rf"{_MUCH}{_DID} {_WE} (?:waste|wasted|lose|lost|burn|burned|burnt|wasting|throw away){_DAYS}",
        rf"{_MUCH}{_DID}(?: being| getting)? (?:wasted|lost|burned|burnt|for nothing){_DAYS}",
        rf"how much(?: money)?{_DID} (?:idle|unused){_DAYS}",
        r"what (?:idled|was idle|stood idle|did idle(?:ness)? cost|went unused|was wasted|was unused) (?P<days>.+?)",
        rf"(?:how much|what) (?:did|does) idl(?:e|ing)(?: time| machines)? cost(?: us)?{_DAYS}",
        rf"(?:the )?waste{_DAYS}",
        rf"how much idle time (?:did|do|have) we (?:have|had){_DAYS}",
    ),
    of_days(
        "cost savings",
        rf"{_MUCH}{_DID} (?:{_WE}|you|valet) (?:save|saved|saving)(?: us)?{_DAYS}",
        rf"{_MUCH}{_DID}(?: been)? saved{_DAYS}",
        r"(?:what|how much) (?:is|are|were) (?:the |our )?savings(?: (?P<days>.+))?",
    ),
    of_days(
        "cost bill",
        rf"{_MUCH}(?: did| does| has)? (?:aws|amazon|the provider|the cloud|the clouds) (?:bill|billed|charge|"
        rf"charged|want)"
        rf"(?: us| from us)?{_DAYS}",
        r"(?:what|how (?:high|much|big|large)) (?:is|was|are) (?:on )?(?:the|our) (?:aws )?(?:bill|invoice)"
        r"(?: (?P<days>.+?))?",
    ),
    of_days(
        "cost report by person",
        r"who (?:spends|spent|has spent|is spending|costs|used)(?: the)? most(?: money)?(?: (?P<days>.+))?",
    ),
    of_days(
        "cost report by team",
        r"(?:which|what) teams? (?:spends|spent|spend|has spent|costs|cost|used)(?: the)?(?: most| how much| what)?"
        r"(?: money)?(?: (?P<days>.+))?",
        rf"{_MUCH}(?: did| has| have| does)? each team (?:spend|spent){_DAYS}",
        rf"{_MUCH}(?: did| has| have) (?P<team>.+?) (?:spend|spent|cost|used){_DAYS}",
        rf"{_MUCH} (?:does|is) (?P<team>.+?) (?:spend|spending){_DAYS}",
    ),
    *(
        of_days(
            f"cost report by {way}",
            rf"(?:the |our )?(?:spend|spending|costs?|money)(?: (?P<days>.+?))? (?:by|per) {way}s?",
        )
        for way in ("team", "person", "machine", "type")
    ),
    of_days(
        "cost report by machine",
        r"(?:what|which (?:machines?|instances?)) (?:costs|cost|is|was|were|are)(?: the)? most(?: expensive| "
        r"money)?(?: (?P<days>.+))?",
        r"where (?:did|does|has) (?:the|our|all the) money (?:go|gone)(?: (?P<days>.+))?",
    ),
    of_days(
        "cost report",
        rf"{_MUCH}{_DID} {_WE} (?:spend|spent|spending|pay|paid|paying|cost|use|used){_DAYS}",
        rf"{_MUCH} (?:was|is|were|got|has been|have been) (?:spent|paid|charged){_DAYS}",
        r"what (?:did|has|does) (?P<days>.+?) cost(?: us)?",
        r"(?:what (?:was|is|were) )?(?:the |our )?(?:total )?(?:spend|spending|costs?|total)(?: (?:of|in|for))?(?: "
        r"(?P<days>.+))?",
    ),
    scope_rule(
        "cost forecast",
        r"(?:how much|what) will (?:(?P<scope>.+?) )?(?:spend|cost|pay|be|come to|need)(?: us)?"
        r"(?: (?:this month|by the end of the month|at the end of the month|by month end|until the end of the "
        r"month|in total))?",
        r"(?:what|how much) (?:do|does) (?:you|we|valet) expect(?: for (?P<scope>.+?))?",
        r"(?:what is |show me )?(?:the |our )?forecast (?:for|of) (?P<scope>.+?)",
        r"(?:what is |show me |how is )?(?:the |our )?forecast",
        r"(?:how much|what) will (?:this month|the month|january|february|march|april|may|june|july|august|"
        r"september|october|"
        r"november|december) (?:cost|come to|be)(?: us)?",
        r"where (?:will|do|are) we (?:end|land|going to end|going to land)(?: up)?(?: (?:this month|at the "
        r"end of the month))?",
        r"(?:what|how much) (?:will|is) (?:the |this )?month (?:cost|come to|going to cost)",
    ),
    scope_rule(
        "cost budget",
        r"(?:are|is|will|am) (?P<scope>.+?)(?: be| go)? (?:over|within|under|above|below|on|in|exceeding|"
        r"inside)(?: the| our| its| my)? budget",
        r"(?:what|how|how much|how big|where) (?:is|are) (?:the |our |my )?(?:budget|budgets)(?: (?:of|for|"
        r"doing))?(?: (?P<scope>.+?))?",
        r"(?:what|how) is (?P<scope>.+?) budget",
        r"how much (?:budget|money|is left)(?: of the budget)?(?: is| do we have| have we got| has "
        r"(?P<scope>.+?))?(?: left| got left)?",
        r"budgets? (?:of|for) (?P<scope>.+?)",
        r"(?:are|is|will|do) (?P<scope>.+?) (?:going |go |be |get |running )+(?:over|above|out of|beyond)(?: "
        r"the| our| its)? budget",
        r"(?:will|do|does|did) (?P<scope>.+?) (?:exceed|blow|break|overrun)(?: the| our| its)? budget",
        r"(?:what|how much) is left (?:of|in|from) (?:the|our|my) budget",
    ),
    scope_rule(
        "cost rent-or-buy",
        r"(?:should|shall|would|must|do) (?:we|i) (?:rather )?(?:buy|rent|own)(?: or (?:buy|rent))?(?: "
        r"(?P<scope>.+?))?",
        r"(?:is|would) it (?:be )?(?:cheaper|better|worth it|worth) (?:to )?(?:buy|rent|buying|renting)(?: "
        r"(?P<scope>.+?))?",
        r"is (?:renting|buying|rent) (?:cheaper|better|more expensive) than (?:renting|buying|to buy)",
        r"(?:buy|rent)(?:ing)? or (?:buy|rent)(?:ing)?(?: (?P<scope>.+?))?",
    ),
    of_price(
        "cost prices",
        r"(?:how much|what) (?:does|do|would|is|are|will)(?: an?| one)? (?P<priced>.+?) (?:cost|costs)(?: an "
        r"hour| per hour|/h| a day)?",
        r"(?:what is|what are|show me)?(?: the)? ?(?:price|prices|rate|cost|hourly rate|hourly price) (?:of|"
        r"for)(?: an?| one)? (?P<priced>.+?)",
        r"how (?:much|expensive) (?:is|are|for)(?: an?| one)? (?P<priced>.+?)(?: an hour| per hour)?",
    ),
    fixed("cost forecast", r"how is the month (?:going|looking)"),
)
"""In the order in which they are tried: what is narrower comes first."""
