"""Valet decides and acts here; `handlers` is its Slack face, `store` its memory.

domain     plain records and decisions; imports the standard library only
services   load, decide, save, act: one topic a file
providers  where machines come from (EC2, on-prem)
telemetry  how busy they are: NVML, the wire format, the door for agents
jobs       one tick table
agent      runs on GPU hosts and knows only `domain` and `telemetry`
sandbox    a Slack on loopback and a fleet with a month of history: the demo, and what story tests use

`domain`, `services`, `store`, `handlers` and `handlers.blocks` have the same four areas, and in each area a topic
has the same name in every layer: machines (the fleet, readings, verdicts, sources), sharing (claims, the line,
bookings, limits), acting (stop, start, launch, clone, and the rules that lead to them), money (prices, ledger,
bill, forecast, budgets, savings, rent or buy). What belongs to all of them stands beside the areas.
docs/architecture.md lists the topics.

Arrows point from handlers to services to store and domain, never back; `wiring` knows everybody.
"""

__version__ = "0.1.0"
