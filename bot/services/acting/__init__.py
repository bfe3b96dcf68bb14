"""Things done to machines: asked for, decided, carried out, and those that follow from rules.

One folder, so that a topic's file has the same name in every layer. Read it by rooms:

- asking: `approvals` (asking, deciding, auto-approval, breaking the glass) writes what `plans` freezes for a card, with
  what `allowances` and `scenes` know; `consents` asks holders first; `batches` puts several stops on one card.
- doing: `executor` runs `stop`, `start`, `launch`, `clone` and `resize`, each made of `steps`; `arrivals` hands a
  machine over or waits for capacity, `alternatives` offers others, `endings` closes it and tells people; `images` is
  what clones leave.
- rules: `hours` (on-hours and requests for them) and long idleness lead to `rule_stops` and `rule_starts`; `snooze` and
  `drain` are exceptions that people make; `launch_expiry` and `dormant` ask about what runs, or costs, for too long.
"""
