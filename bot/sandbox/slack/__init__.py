"""A small but faithful Slack on loopback: Web API, Socket Mode, response URLs, and people who type and press."""

from bot.sandbox.slack.app import Deliver, acknowledged
from bot.sandbox.slack.check import problems, view_problems
from bot.sandbox.slack.records import Group, Message, Person, SlackError, View
from bot.sandbox.slack.sandbox import Control, SandboxSlack
from bot.sandbox.slack.screens import options_text
from bot.sandbox.slack.server import SandboxServer
from bot.sandbox.slack.show import message_text, text_of_blocks, text_of_view

__all__ = [
    "Control",
    "Deliver",
    "Group",
    "Message",
    "Person",
    "SandboxServer",
    "SandboxSlack",
    "SlackError",
    "View",
    "acknowledged",
    "message_text",
    "options_text",
    "problems",
    "text_of_blocks",
    "text_of_view",
    "view_problems",
]
