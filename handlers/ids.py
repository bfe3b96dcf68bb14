"""Every action_id; a button's value is an id of ours, never a fact."""

CLAIM = "claim"
RELEASE = "release"
RELEASE_OTHERS = "release_others"
ASK_STOP = "ask_stop"
KEEP_IDLE = "keep_idle"
APPROVE = "approve_action"
DENY = "deny_action"
STATUS_PAGE = "status_page"
STATUS_OF = "status_of"
WHY = "why"

ALL = (CLAIM, RELEASE, RELEASE_OTHERS, ASK_STOP, KEEP_IDLE, APPROVE, DENY, STATUS_PAGE, STATUS_OF, WHY)
