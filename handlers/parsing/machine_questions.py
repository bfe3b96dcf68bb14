"""Questions about machines: who has it, is it free, what can I have, who waits; each as the words of a verb."""

from handlers.parsing.question_rules import QuestionRule, fixed, of_days, of_exact_machine, of_machine, of_sort, wanting

_THINGS = r"(?:machines?|instances?|gpus?|boxes|servers?|nodes?|cards?|ones|hosts?|things)"
_I = r"(?:i|we|one|somebody|someone)"
_TAKE = r"(?:have|use|get|take|claim|grab|borrow|reserve|book)"
_M = r"(?P<machine>.+?)"
_MINE = r"(?:my|all my)"
_LATELY = r"(?: (?:last night|yesterday|today|lately|recently|overnight|this morning|last week))?"
_FOR_HOW_LONG = r"(?: (?P<span>(?:for|until|till|tonight|today|tomorrow|this|now|over|on|at|from|next|in) ?.*))?"
STATE_WORDS = {
    **dict.fromkeys(("idle", "unused", "idling", "not used", "not in use", "wasted"), "idle"),
    **dict.fromkeys(("free", "available", "unclaimed", "left", "open", "vacant", "to be had"), "free"),
    **dict.fromkeys(("busy", "in use", "used", "working", "active", "being used"), "active"),
    **dict.fromkeys(("running", "up", "on"), "running"),
    **dict.fromkeys(("stopped", "off", "down", "shut down", "turned off"), "stopped"),
    **dict.fromkeys(("unknown", "silent", "dark", "not reporting"), "unknown"),
    **dict.fromkeys(("partly idle", "partial"), "partial"),
    **{word: word for word in ("owned", "rented", "dormant")},
}
"""Words for a state, and the filter of `status` that each of them is."""
_STATE = "(?P<state>" + "|".join(sorted(STATE_WORDS, key=len, reverse=True)) + ")"
_OF_ONE = (
    r"(?:free|idle|available|busy|taken|claimed|used|in use|being used|running|working|up|down|stopped|off|on|there|"
    r"unclaimed|unused|unknown|occupied|reserved|alive|open|mine|ours|owned|gone|silent|blocked|wasted|full|empty)"
)
_WAITS = r"(?:waiting|in line|in the line|in a line|in the queue|in queue|queueing|queuing|queued|standing in line)"

OWN = (
    fixed(
        "gpu status mine",
        rf"(?:what|which(?: of the)? {_THINGS}|which) (?:do|have|am|are|is) (?:i|mine)(?: got)?"
        r"(?: (?:have|hold|holding|using|claimed|got|own|use|running on|on))?(?: claimed)?",
        rf"(?:(?:list|show)(?: me)? |what are |where are |which are |how are )?{_MINE} (?:{_THINGS}|claims?|stuff)"
        r"(?: doing)?",
        r"(?:do|am|have) i (?:have|hold|holding|using|claimed|got) (?:anything|something|any .+)",
        rf"(?:when|until when|how long) (?:does|do|is|are|will) {_MINE} (?:claims?|{_THINGS}|time) "
        r"(?:end|ends|expire|run out|last|be over|over)",
        r"(?:how long|until when) (?:do|can) i (?:have|keep|use)(?: (?:it|them|this))?(?: for)?",
    ),
    of_machine("gpu status", rf"(?:how long|until when) (?:do|can|have) i (?:have|keep|use|got|hold) {_M}"),
)
LINES = (
    of_machine("gpu line", rf"(?:who|who else) (?:is|are) (?:{_WAITS}|next(?: in line)?) (?:for|on) {_M}"),
    of_machine("gpu line", rf"is there a (?:line|queue|waiting list) (?:for|at|on) {_M}"),
    of_machine("gpu line", rf"(?:line|queue|waiting list) (?:for|of|at|on) {_M}"),
    of_machine("gpu line", rf"who (?:waits|wants|needs) (?:for )?{_M}"),
    of_machine("gpu line", rf"how (?:long|big) is the (?:line|queue|waiting list) (?:for|of|at) {_M}"),
    of_machine("gpu line", rf"(?:is|are) (?:anybody|anyone|somebody|someone|people|others) {_WAITS} for {_M}"),
    of_machine("gpu line", rf"how many(?: people)?(?: are)? (?:wait|{_WAITS}) for {_M}"),
    fixed(
        "gpu line",
        rf"(?:who|who else|how many|how many people)(?: is| are)? (?:wait|waits|{_WAITS}|next|next in line|"
        rf"first in line)",
        r"(?:how long|how big|what|where) is the (?:line|queue|waiting list)",
        rf"(?:is|are) (?:anybody|anyone|somebody|someone|people|others) {_WAITS}",
        r"(?:where|when|what)(?: is| am)? (?:i|my (?:place|position|turn)|it my turn)(?: in(?: the)? (?:line|"
        r"queue))?",
        r"(?:what|which ones) (?:am|are) (?:i|we) waiting for",
        r"how long (?:do|will|must) (?:i|we) (?:have to )?wait",
        r"am i (?:next|in line|in the line|in the queue|still in line)(?: in line)?",
        r"is there a (?:line|queue|waiting list)",
    ),
)
BOOKED = (
    fixed(
        "gpu bookings mine",
        r"what (?:have|did|do) (?:i|we) (?:have )?(?:booked|book|reserved)",
        rf"{_MINE} (?:bookings|reservations)",
        r"do i have (?:any |a )?(?:bookings?|reservations?)",
    ),
    fixed("gpu bookings", r"(?:what|which|who)(?: is| are| has)? (?:booked|reserved)", r"what bookings are there"),
    fixed(
        "gpu bookings",
        r"(?:what|which|who) (?:is|are|has) (?:booked|reserved) (?:for |on )?(?:today|tonight|tomorrow|this "
        r"week|next week|"
        r"(?:this |next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)",
    ),
    of_machine("gpu bookings", rf"(?:what|who|when)(?: is| has| have)? (?:booked|reserved) (?:on |for |of )?{_M}"),
    of_machine("gpu bookings", rf"(?:when|what|until when) is {_M} (?:booked|reserved)"),
    of_machine("gpu bookings", rf"is {_M} (?:booked|reserved){_FOR_HOW_LONG}"),
    of_machine("gpu bookings", rf"(?:bookings|reservations|calendar) (?:of|for|on) {_M}"),
    fixed(
        "gpu runs", r"(?:what|which) (?:jobs|runs) (?:are|is) (?:running|there|on)", rf"{_MINE} (?:jobs|runs|job|run)"
    ),
    fixed("gpu runs", rf"(?:how|what|where) (?:is|are) {_MINE} (?:jobs?|runs?)(?: doing)?"),
)
WHY_RULES = (
    of_machine(
        "gpu why",
        rf"(?:how )?(?:why|how come)(?: is| was| are| does)? {_M}(?: is)?(?: not)?(?: (?:{_OF_ONE}|red|yellow|"
        rf"orange))?",
        rf"(?:what is|is (?:anything|something)) (?:wrong|the matter|the problem|up) with {_M}",
        rf"how (?:do|does) (?:you|valet) know(?: that| whether| if)? {_M} is .+",
        rf"(?:should|can|could|may) (?:i|we|somebody|someone) (?:stop|kill|shut down|turn off) {_M}\??",
        rf"(?:can|may|could|should) {_M} be (?:stopped|shut down|turned off|killed)",
        rf"what happens (?:if|when) (?:i|we) stop {_M}",
        rf"when (?:will|does|is) (?:valet |it )?(?:stop|going to stop) {_M}",
        rf"explain {_M}",
        rf"why (?:can|could|may)(?: not)? {_I}(?: not)? {_TAKE} {_M}",
        rf"why do you (?:say|think)(?: that)? {_M} is .+",
        rf"is {_M} (?:ok|okay|fine|healthy|broken|sick|responding)",
        rf"(?:anything|something) wrong with {_M}",
        rf"is it (?:ok|okay|fine|safe) to stop {_M}",
        rf"what (?:would|will|does|do) stopping {_M}(?: save)?(?: us)?",
        rf"how much (?:was|is|has been|is being) wasted (?:on|by|with) {_M}",
    ),
    of_machine(
        "gpu history",
        rf"what (?:has )?happened (?:to|with|on|at) {_M}{_LATELY}",
        rf"why (?:did|has|does) {_M} (?:stop|start|stopped|started)",
        rf"who (?:has )?(?:stopped|started|launched|released|rebooted|killed|booted|touched|resized|drained) {_M}",
        rf"when (?:was|did) {_M}(?: last)? (?:stopped|started|used|claimed|released|launched|stop|start)(?: last)?",
        rf"who (?:had|used|held|was (?:on|using)) {_M} (?:before|last|yesterday|earlier|last week|last night)",
        rf"history (?:of|for) {_M}",
    ),
)
WHO_RULES = (
    fixed(
        "gpu status", r"who (?:has|holds|uses|is using|is on) what", r"who is (?:on|using) (?:the )?(?:gpus|machines)"
    ),
    of_machine(
        "gpu status",
        r"who (?:has|have|holds|hold|owns|uses|use|took|claimed|booted|blocks|occupies)(?: got| claimed| "
        r"taken)? " + _M,
        r"who (?:is|are) (?:got|training on|using|on|holding|in|blocking|occupying|running|working on|sitting on|"
        r"logged in to|running (?:\S+ )?on|at) " + _M,
        rf"who (?:runs|works|trains|sits) (?:\S+ )?on {_M}",
        rf"(?:is|are) (?:anyone|anybody|someone|somebody|people) (?:using|on|in|working on|running on) {_M}",
        rf"(?:does|do|has) (?:anyone|anybody|someone|somebody) (?:use|have|hold|claimed|need) {_M}",
        rf"whose (?:machine |box |claim )?is {_M}",
        rf"who does {_M} belong to",
        rf"(?:by whom|who) is {_M} (?:claimed|used|held|taken|occupied)(?: by)?",
        rf"who(?: is| does)? {_M}(?: is)? (?:with|claimed by|held by|used by)",
    ),
)
WHEN = (
    of_machine(
        "gpu status",
        rf"(?:when|how soon)(?: is| will| does| can| could| do)? {_M}(?: is| be| become| get)? "
        r"(?:free|available|done|idle|over|back|end|ends|finish|finished|ready|released|free up|come free)(?: up)?"
        r"(?: again)?(?: for (?:me|us))?",
        rf"when (?:can|could|may|will) {_I} (?:{_TAKE}|work on|be on) {_M}(?: again)?",
        rf"when does \S+ (?:release|give back|leave|finish with|return) {_M}",
        rf"how long (?:until|till|before) {_M} is (?:free|available|done|idle)",
        rf"(?:how long|until when|till when)(?: is| will)? {_M}(?: be| is)? "
        r"(?:taken|claimed|busy|used|held|blocked|in use|occupied|gone)(?: for)?",
        rf"how long does \S+ (?:have|hold|need) {_M}",
        is_about_when=True,
    ),
)
ONE = (
    of_machine("gpu status", rf"(?:is|are|was) {_M}(?: not)? {_OF_ONE}{_FOR_HOW_LONG}"),
    of_machine(
        "gpu status",
        rf"(?:can|could|may|might) {_I} (?:{_TAKE}|work on|run on|log in to) {_M}{_FOR_HOW_LONG}",
        rf"am i allowed (?:to use|on) {_M}",
        rf"(?:how|where) is {_M}(?: doing)?",
        rf"what (?:is|are)(?: it with)? {_M}(?: doing| used for)",
        rf"what (?:runs|is running|is going on|is happening) (?:on|at|with) {_M}",
        rf"(?:what about|how about|tell me about|show me|show|status of|status for|state of|details of|info on) {_M}",
        rf"(?:how|what) (?:busy|used|loaded|idle) is {_M}",
        rf"{_M} {_OF_ONE}",
    ),
)
WANTS = (
    wanting(
        rf"what(?: else)?(?: {_THINGS})? (?:can|could|may|might|should) {_I} (?:{_TAKE}|run on|work on|train "
        rf"on|work with|"
        r"run)(?: (?P<wanted>.+))?",
        rf"which (?:{_THINGS}|ones?|one)? ?(?:can|could|may|should) {_I} (?:{_TAKE}|run on|work on)(?: "
        rf"(?P<wanted>.+))?",
        rf"(?:can|could|may) {_I} (?:please )?(?:{_TAKE}) (?P<wanted>.+)",
        r"(?:is|are) there(?: any| some| an?)? (?P<wanted>.+?)(?: left| for me| for us)?",
        r"(?:do|does) (?:we|you|anyone|anybody|somebody|i) have(?: any| some| an?)? (?P<wanted>.+?)(?: left)?",
        r"(?:have|has) (?:you|we|anyone|anybody|somebody)(?: got)?(?: any| some| an?)? (?P<wanted>.+?)(?: left)?",
        r"(?:is|are)(?: any| some| an?) (?P<wanted>.+)",
        r"(?:any|some|got any) (?P<wanted>.+)",
        rf"where (?:can|could|is|are)(?: {_I})?(?: {_TAKE}| run| find| train| there)?(?: an?| some)? (?P<wanted>.+)",
        r"(?:find|get|give)(?: me| us) (?P<wanted>.+)",
        rf"{_I} (?:need|want|would like|am looking for|could use|require)(?: to (?:have|use|get|find|run on))? "
        rf"(?P<wanted>.+)",
        r"(?:looking for|need|in need of) (?P<wanted>.+)",
        r"who (?:can spare|has spare|has free) (?P<wanted>.+)",
        rf"what is(?: {_THINGS})? (?:free|available)(?: for (?:me|us))? (?P<wanted>.+)",
        r"when (?:is|will|can|are)(?: the next| an?| some| any)? (?P<wanted>.+?)(?: be)? (?:free|available)"
        r"(?: again)?",
        r"(?:can|could) (?:anyone|anybody|someone|somebody) (?:lend|give|spare)(?: me| us) (?P<wanted>.+)",
    ),
)
SORTS = (
    of_sort(
        "gpu status",
        rf"(?:which|what|how many|are(?: there)?(?: any)?|all|(?:show|list)(?: me)?(?: all)?) "
        rf"?(?:the )?"
        rf"{_STATE} (?P<sort>.+)",
        rf"{_STATE} (?P<sort>.+)",
        rf"(?:which|what|how many|are any|are the|are|is any) (?P<sort>.+?)(?: are| is)? {_STATE}",
        states=STATE_WORDS,
    ),
    of_sort(
        "gpu status",
        r"(?:which|what|how many) (?P<sort>.+?) (?:do we have|are there|have we(?: got)?|exist)",
        rf"(?:what|which {_THINGS}|which) (?:does|do|is|are|has) (?P<sort>.+?) (?:use|using|hold|holding|have|"
        rf"run|running|got|on)",
        rf"(?:(?:show|list)(?: me)? )?(?:the |all )?{_THINGS} (?:of|for|with) (?P<sort>.+)",
        rf"(?P<sort>.+?) {_THINGS}",
    ),
)
FLEET = (
    QuestionRule(
        "gpu",
        frozenset({"status"}),
        (
            (
                rf"(?:what|which|which ones|(?:what|which) {_THINGS}|who)(?: else)?(?: is| are|'s)?(?: all| being)? "
                rf"{_STATE}"
                r"(?: for (?:me|us))?"
            ),
            rf"how many(?: {_THINGS})?(?: is| are)? {_STATE}",
            (
                rf"(?:is|are) (?:there )?(?:any|some|anything|something|any of them|a)? ?(?:{_THINGS}|machine|gpu)? "
                rf"?{_STATE}"
            ),
            rf"(?:anything|something|any|nothing|what)(?: {_THINGS})? {_STATE}",
            (
                rf"(?:(?:show|list|give|tell)(?: me| us)?(?: all| what is| which are)?(?: the| our)? )?{_STATE}(?: "
                rf"{_THINGS})?"
            ),
            rf"(?:(?:show|list)(?: me| us)? )?all (?:the |our )?{_STATE}(?: {_THINGS})?",
            rf"(?:what|which) are (?:the |our )?{_STATE} {_THINGS}",
        ),
        lambda _, match: ["status", STATE_WORDS[match["state"]]],
    ),
    fixed(
        "gpu status owned", rf"(?:what|which)(?: {_THINGS})? (?:is|are) (?:ours|our own|on-prem|on prem|on premises)"
    ),
    fixed(
        "gpu status",
        r"(?:how much|what) (?:are we|do we|is) (?:spending|paying|burning|spend|pay|burn)(?: money)? (?:per "
        r"hour|an hour|a hour|"
        r"each hour|by the hour)",
        r"what is (?:our|the) (?:burn rate|hourly cost|cost per hour)",
    ),
    fixed(
        "gpu",
        r"(?:what|anything|something|is anything|is something)(?: is| else)? (?:waits?|waiting|open|to do|"
        r"there|left)? ?for me"
        r"(?: to (?:do|approve|decide|answer))?",
        r"what needs my (?:approval|answer|attention|yes)",
        r"(?:do|must) i (?:have|need) to (?:approve|decide|answer)(?: anything| something| what)?",
        r"what (?:do|must|should) i (?:have to |need to )?(?:approve|decide|answer)",
    ),
    fixed(
        "gpu status",
        r"(?:what is|what's) (?:going on|up|happening|there|new|running where|the status|the state)",
        rf"(?:overview|everything|(?:list|show)(?: me)?(?: all)?(?: the| our)? (?:everything|{_THINGS}|fleet)|"
        rf"all {_THINGS})",
        r"how (?:is|are) (?:the |our )?(?:fleet|machines|gpus|we)(?: doing)?",
        rf"(?:what|which|how many) {_THINGS} (?:do we have|are there|have we(?: got)?|exist|do we (?:own|rent|run))",
        r"what do we (?:have|own|rent|run)",
        rf"(?:status|state) of (?:the |our |all |all the |all our )?(?:fleet|everything|all|{_THINGS})",
        r"what (?:runs|is on|is up) (?:now|here|where)?",
    ),
    of_days(
        "cost idle by person",
        r"who (?:wastes|wasted|is wasting|idles)(?: the)?(?: most| money| gpus)*(?: (?P<days>.+))?",
    ),
)
BRIEF = (of_exact_machine("gpu status", r"(?P<machine>.+)"), wanting(r"(?P<wanted>.+)", only_gpus=True))
MACHINE_RULES: tuple[QuestionRule, ...] = (
    *(*LINES, *BOOKED, *OWN, *WHY_RULES, *WHO_RULES, *WHEN, *FLEET, *SORTS, *ONE, *WANTS, *BRIEF),
)
"""In the order in which they are tried: what is narrower comes first."""
