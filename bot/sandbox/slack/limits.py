"""Slack's limits, each the smaller value where sources differ (they move within months; read 2026-11).

Sources: docs.slack.dev block-kit reference, slack_sdk 3.47 classes, slackblocks 2.1 and 3.0.
"""

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
SECTION_LIMIT = 3000
SECTION_FIELDS = 10
FIELD_TEXT = 2000
HEADER_LIMIT = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
BUTTON_LIMIT = 75
BUTTON_VALUE = 2000
BUTTON_URL = 3000
ACCESSIBILITY_LABEL = 75
ID = 255
OPTIONS = 100
QUERY_LENGTH = 3
"""So many characters are typed before an external select asks, unless its min_query_length says otherwise."""
OPTION_TEXT = 75
OPTION_VALUE = 150  # the docs say 150 since 2024, 75 before
OPTION_DESCRIPTION = 75
OVERFLOW_OPTIONS = 5
BOX_OPTIONS = 10
PLACEHOLDER = 150
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_LABEL = 30
IMAGE_URL = 3000
ALT_TEXT = 2000
INPUT_LABEL = 2000
INPUT_TEXT = 3000
MARKDOWN_TOTAL = 12_000
TABLE_ROWS = 100
TABLE_CELLS = 20
TABLE_CHARACTERS = 10_000
DATA_TABLE_ROWS = 101  # the head included; 201 since October 2026
DATA_TABLE_PAGE = 100
CHARTS = 2
CHART_TITLE = 50
CHART_SERIES = 6  # 12 since autumn 2026
SLACK_CHART_POINTS = 20
CHART_LABEL = 20
AXIS_LABEL = 50
ALERT_TEXT = 200

MESSAGE_TEXT = 40_000
UPDATE_TEXT = 4_000
BLOCKS_TEXT = 13_200  # undocumented, of messages: msg_blocks_too_long (bolt-js#2509)

VIEW_TITLE = 24
VIEW_BYTES = 250_000
PRIVATE_METADATA = 3000
MODAL_STACK = 3

RESPONSE_USES = 5
RESPONSE_MINUTES = 30
TRIGGER_SECONDS = 3
ACK_SECONDS = 3
"""Commands, clicks, submissions and questions for options are to be answered within."""

_COMMON = frozenset({"actions", "context", "divider", "header", "image", "input", "rich_text", "section"})
SURFACES = {
    "message": _COMMON | {"markdown", "table", "data_table", "data_visualization"},
    "modal": _COMMON | {"alert"},
    # Sources differ on tables and charts in a home tab; there they are refused.
    "home": _COMMON,
}
