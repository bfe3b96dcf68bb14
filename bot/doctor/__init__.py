"""The doctor looks at everything Valet depends on, changes nothing, and never shows a secret.

Ids: V1xx settings and database, V2xx time, V3xx Slack, V4xx people, V5xx AWS, V6xx agents, V7xx other
sources, V8xx the bill.
"""

from bot.doctor.examine import examine
from bot.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
