"""Records with the longest and most hostile contents, and the judges of what is drawn of them."""

import copy
import logging
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.domain.acting.actions import Action, StopFacts
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.digest import Digest, DigestNow, IdleRow, MonthAhead, RowNow, Span, Tidy
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import FleetSource, Listing
from bot.domain.machines.sources import UnreadSource
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.forecast.report import (
    Driver,
    ForecastPiece,
    ForecastReport,
    IdleNights,
    KnownChange,
    Range,
    ReportDay,
)
from bot.domain.money.rates import Rate
from bot.domain.money.reports import Spent
from bot.domain.money.scope import Scope
from bot.domain.sharing.claims import Claim
from bot.sandbox.slack.check import problems, text_size
from handlers.blocks.parts import Reply
from tests.conftest import MONDAY
from tests.slackblocks_judge import refusals

NOW = MONDAY
MOST_BLOCKS = 45
MOST_TEXT = 12_000
LONG = "n" * 200
MARKUP = "<!channel> *b* `c` <@U0BOB0001> <https://evil.example|x> & " * 20
AMPS = "&" * 400
TEXTS = ("", "train-7", LONG, MARKUP, AMPS, "\u202e\u200b\ufdfa" * 200, "one\ntwo\n>three", "_:x:_ ~~~ ```")
NEWER = {"data_visualization", "data_table"}


def objections(reply: Reply, surface: str = "message") -> list[str]:
    """What anybody says against a reply: our own rules, slackblocks, slack_sdk's models, and the budgets."""
    found = [*problems(reply.blocks, surface), *refusals(reply.blocks, surface), *_changed_by_sdk(reply.blocks)]
    if not reply.text.strip():
        found.append("no text beside the blocks")
    if len(reply.text) > 4_000:
        found.append(f"{len(reply.text)} characters of fallback text")
    if surface == "message" and len(reply.blocks) > MOST_BLOCKS:
        found.append(f"{len(reply.blocks)} blocks")
    if text_size(reply.blocks) > MOST_TEXT:
        found.append(f"{text_size(reply.blocks)} characters of text")
    return found + _pings("\n".join([reply.text, *_marked_up(reply.blocks)]))


def _changed_by_sdk(blocks: list[dict[str, Any]]) -> list[str]:
    """Blocks that come out of slack_sdk's models otherwise than they went in; it knows no charts and no data_table."""
    known = [block for block in blocks if block["type"] not in NEWER]
    View(type="home", blocks=copy.deepcopy(known)).to_dict()
    logging.disable(logging.CRITICAL)
    try:
        out = [parsed.to_dict() if parsed else None for parsed in Block.parse_all(copy.deepcopy(known))]
    finally:
        logging.disable(logging.NOTSET)
    return [f"{was} became {now}" for was, now in zip(known, out, strict=True) if _plain(was) != _plain(now)]


def _plain(value: Any) -> Any:
    """As JSON, without what the SDK adds by itself."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items() if (key, held) != ("emoji", True)}
    return value


def _marked_up(value: Any) -> Iterator[str]:
    """Every text that Slack reads as markup."""
    if isinstance(value, list):
        for item in value:
            yield from _marked_up(item)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        yield from _marked_up(list(value.values()))


def _pings(shown: str) -> list[str]:
    tokens = re.findall(r"<[^>]*>", shown)
    known = re.compile(r"<(@[UW][A-Z0-9]+|#C[A-Z0-9]+|!date\^\d+\^[^^|<>]+\|[^<>]+)>")
    odd = [token for token in tokens if not known.fullmatch(token)]
    return [f"{token} in it" for token in odd]


def instance(name: str = "train-7", **fields: Any) -> Instance:
    given: dict[str, Any] = {"provider": "ec2", "source": f"ec2/111122223333/{LONG}", "type": "p4d.24xlarge"}
    given |= {"state": "running", "gpu_model": "A100", "gpu_count": 8, "launched_at": NOW - DAY_MS} | fields
    return Instance("i-0123456789abcdef0", name, **given)


def listing(text: str = "train-7", *, state: str = "held", claimed: bool = False, **fields: Any) -> Listing:
    """A running instance all of whose words are `text`."""
    gpus = tuple(GpuVerdict(number, "free", NOW - HOUR_MS) for number in range(8))
    verdict = Verdict(state, NOW - 40 * DAY_MS, text, NOW, gpus)  # type: ignore[arg-type]
    held = (claim(text),) if claimed else ()
    seen = instance(text, type=text or "p4d", gpu_model=text, **fields)
    return Listing(seen, text, Rate(32_770_000_000, text, exact=False), verdict, held)


def claim(note: str = "", **fields: Any) -> Claim:
    given: dict[str, Any] = {"from_at": NOW - HOUR_MS, "until_at": NOW + HOUR_MS, "gpus": tuple(range(8))} | fields
    return Claim("c" * 32, "i-0123456789abcdef0", "U0123456789AB", team=note, note=note, **given)


def shown(text: str) -> dict[str, Any]:
    """What every card shows."""
    return {"name": text, "type": text, "region": text, "rate_micros": 98_320_000_000, "capacity_short": True}


def held() -> dict[str, Any]:
    """What a card shows of a machine that is there."""
    claimed = {"claim_ids": ("c" * 32,), "holders": ("U0123456789AB",), "claim_until": NOW + HOUR_MS}
    return claimed | {"nvme_gb": 8_000}


def seen(text: str) -> dict[str, Any]:
    """What a card shows that a machine was seen to do."""
    return {"verdict": "held", "verdict_since": NOW - 40 * DAY_MS, "evidence": text}


def action(text: str = "train-7", *, state: str = "pending", **fields: Any) -> Action:
    facts = StopFacts(**shown(text), **held(), **seen(text))
    given: dict[str, Any] = {
        "created_at": NOW,
        "expires_at": NOW + 2 * HOUR_MS,
        "decider": "U0BOB0001",
        "decided_at": NOW,
    }
    given |= fields
    return Action(
        "a" * 32,
        "stop",
        "i-0123456789abcdef0",
        NOW - DAY_MS,
        "U0ADA0001",
        text,
        state,  # type: ignore[arg-type]
        facts=facts,
        reason=text,
        outcome=text,
        **given,
    )


def sources(text: str) -> list[FleetSource]:
    return [FleetSource(f"{text}{number}", NOW - MINUTE_MS, text) for number in range(9)]


def silent(text: str) -> tuple[UnreadSource, ...]:
    never = (UnreadSource(text, None),) if text else ()
    return (
        *never,
        *(UnreadSource(f"{text}{number}", NOW - 40 * DAY_MS, 12_345, 10**12, exact=False) for number in range(9)),
    )


def digest(text: str, state: str, rows: int = 40) -> DigestNow:
    row = IdleRow(
        instance_id="i-0123456789abcdef0",
        name=text,
        type=text,
        gpus=text,
        provider="ec2",
        team=text,
        state="held",
        since=NOW - 40 * DAY_MS,
        idle_gpus=8,
        idle_gpu_ms=8 * DAY_MS,
        waste_micros_per_hour=98_320_000_000,
        wasted_micros=98_320_000_000,
        holders=("U0123456789AB",),
        claim_until=NOW + HOUR_MS,
        evidence=text,
    )
    now = RowNow(row, state, who="U0123456789AB", at=NOW, until=NOW + HOUR_MS)  # type: ignore[arg-type]
    tidy = Tidy(12_345, 10**15, 99, 28, 12_345, 10**15, 60)
    month = MonthAhead(text[:60], date(2026, 11, 1), 10**15, 10**15, 0.995, 10**15)
    spent = Spent(*(10**15,) * 9)
    made = Digest(
        channel="C0GPUS001",
        local_date=date(2026, 11, 23),
        timezone="UTC",
        made_at=NOW,
        rows=(row,) * rows,
        tidy=tidy,
        month=month,
        left_out=(text,) * 9,
        span=Span(NOW - DAY_MS, spent, spent),
        windows=(15, 12 * 60),
        silent=silent(text),
    )
    return DigestNow(made, (now,) * rows)


def report(text: str) -> ForecastReport:
    days = tuple(ReportDay(date.fromordinal(739_900 + number), 10**9, 10**9, 0, 10**10) for number in range(121))
    return ForecastReport(
        scope=Scope("instance", "i-0123456789abcdef0", text),
        made_at=NOW,
        timezone="UTC",
        today=days[31].date,
        charged_micros=10**15,
        month=Range(10**15, 10**14, 10**16),
        known_rest_micros=10**15,
        variable_rest_micros=10**15,
        next_days=(Range(10**15, 10**14, 10**16),) * 3,
        trust="range-only",
        days=days,
        budget_micros=10**15,
        chance_over=0.37,
        over_on=days[40].date,
        drivers=tuple(Driver("i", text, text, 10**12, "usual") for _ in range(12)),
        changes=tuple(KnownChange("i", text, "launched", days[30].date, 10**12) for _ in range(12)),
        uncounted=(text,) * 3,
        notes=(text,) * 12,
        gaps=(text,) * 3,
        unpriced=12_345,
        owned=12_345,
        by_team=tuple(ForecastPiece(text, text, 10**12, 10**15, (10**12,) * 3, count) for count in (1, 2)) * 12,
        by_machine=tuple(ForecastPiece("", text, 10**12, 10**15, (10**12,) * 3, count) for count in (1, 2)) * 12,
        idle_nights=tuple(IdleNights("i", text, 28, 10**12) for _ in range(40)),
    )


texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=300))
