"""Blocks rebuilt through slackblocks, a library by others whose constructors refuse what Slack refuses.

`refusals(blocks, surface)` is empty when slackblocks takes them all.
"""

from typing import Any

import slackblocks as sb
from slackblocks.errors import InvalidUsageError

_BLOCKS = {
    "actions": sb.ActionsBlock,
    "alert": sb.AlertBlock,
    "context": sb.ContextBlock,
    "data_table": sb.DataTableBlock,
    "data_visualization": sb.DataVisualizationBlock,
    "divider": sb.DividerBlock,
    "header": sb.HeaderBlock,
    "image": sb.ImageBlock,
    "input": sb.InputBlock,
    "markdown": sb.MarkdownBlock,
    "rich_text": sb.RichTextBlock,
    "section": sb.SectionBlock,
    "table": sb.TableBlock,
}
_OTHERS = {
    "area": sb.AreaChart,
    "bar": sb.BarChart,
    "button": sb.Button,
    "channels_select": sb.ChannelSelectMenu,
    "checkboxes": sb.CheckboxGroup,
    "conversations_select": sb.ConversationSelectMenu,
    "date": lambda fallback, **_: sb.RichText(fallback),  # slackblocks knows no dates in rich text
    "datepicker": sb.DatePicker,
    "datetimepicker": sb.DateTimePicker,
    "email_text_input": sb.EmailInput,
    "emoji": sb.RichTextEmoji,
    "external_select": sb.ExternalSelectMenu,
    "image": sb.Image,
    "line": sb.LineChart,
    "mrkdwn": sb.Markdown,
    "multi_external_select": sb.ExternalMultiSelectMenu,
    "multi_static_select": sb.StaticMultiSelectMenu,
    "multi_users_select": sb.UserMultiSelectMenu,
    "number_input": sb.NumberInput,
    "overflow": sb.OverflowMenu,
    "pie": sb.PieChart,
    "plain_text": sb.PlainText,
    "plain_text_input": sb.PlainTextInput,
    "radio_buttons": sb.RadioButtonGroup,
    "raw_number": sb.RawNumber,
    "raw_text": sb.RawText,
    "rich_text": sb.RichTextBlock,
    "rich_text_section": sb.RichTextSection,
    "static_select": sb.StaticSelectMenu,
    "text": sb.RichText,
    "timepicker": sb.TimePicker,
    "user": sb.RichTextUser,
    "users_select": sb.UserSelectMenu,
}
_BY_KEY = {
    "axis_config": sb.AxisConfig,
    "column_settings": sb.ColumnSettings,
    "confirm": sb.ConfirmationDialogue,
    "data": sb.DataPoint,
    "initial_option": sb.Option,
    "initial_options": sb.Option,
    "option_groups": sb.OptionGroup,
    "options": sb.Option,
    "segments": sb.ChartSegment,
    "series": sb.DataSeries,
}
_RENAMED = {"initial_date_time": "initial_datetime"}
"""What slackblocks calls otherwise than Slack does."""
_NEEDS_TEXT_OBJECT = ("section", "header", "button", "alert")


def refusals(blocks: list[dict[str, Any]], surface: str = "message") -> list[str]:
    """What slackblocks refuses; `surface` is "message", "modal" or "home"."""
    try:
        rebuilt = [_rebuilt(block, "", is_block=True) for block in blocks]
        if surface == "message":
            sb.Message(channel="C0", text="text", blocks=rebuilt).to_dict()
        elif surface == "modal":
            sb.ModalView(title="Title", blocks=rebuilt, submit="Go").to_dict()
        else:
            sb.HomeTabView(blocks=rebuilt).to_dict()
    except (InvalidUsageError, TypeError, ValueError, KeyError, AttributeError) as error:
        return [f"{type(error).__name__}: {error}"]
    return []


def _rebuilt(value: Any, key: str, *, is_block: bool = False) -> Any:
    if isinstance(value, list):
        return [_rebuilt(item, key) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    if kind in _NEEDS_TEXT_OBJECT and isinstance(value.get("text"), str):
        raise TypeError(f"{kind} needs a text object")
    if kind == "image" and not value.get("alt_text"):
        raise TypeError("an image needs an alt_text")
    known = _BLOCKS if is_block else _OTHERS
    build = _BY_KEY[key] if kind is None and key in _BY_KEY else known.get(kind)
    if build is None:
        raise TypeError(f"{kind or key} is not known")
    inner = {_RENAMED.get(name, name): _rebuilt(held, name) for name, held in value.items() if name != "type"}
    if kind == "table":  # a cell of rich text is its one section here
        inner["rows"] = [
            [cell.elements[0] if isinstance(cell, sb.RichTextBlock) else cell for cell in row] for row in inner["rows"]
        ]
    if "style" in inner and isinstance(value.get("style"), dict):
        raise TypeError("styles of rich text are not rebuilt here")
    return build(**inner)
