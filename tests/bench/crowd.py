"""A large fleet for measurements, written straight into a store."""

import random

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.domain.machines.packing import Point
from bot.domain.machines.readings import Gpu
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import Rate
from bot.services.context import Context
from bot.services.sharing import claims
from store import Store
from store.machines import fleet as stored_fleet
from store.machines import readings as stored_readings

GPUS = 8
TEAMS = ("nlp", "vision", "speech", "platform")
STATES = ("active", "active", "active", "free", "held", "partial", "unknown")


def instances(count: int, now: int, provider: str = "ec2") -> list[Instance]:
    """Running machines of 8 GPUs with names like a company's."""
    source = "ec2/111122223333/us-east-1" if provider == "ec2" else "owned"
    return [
        Instance(
            id=f"i-{number:017x}" if provider == "ec2" else f"node-{number}.gpu.example.com",
            name=f"{random.Random(number).choice(TEAMS)}-train-{number}",
            provider=provider,  # type: ignore[arg-type]
            source=source,
            type="p4d.24xlarge" if provider == "ec2" else "owned",
            state="running",
            gpu_model="A100-SXM4-40GB",
            gpu_count=GPUS,
            gpu_memory_mib=40_960,
            nvme_gb=8_000,
            launched_at=now - 3 * DAY_MS,
            tags={"Name": f"train-{number}", "team": "nlp"},
        )
        for number in range(count)
    ]


def verdict(state: str, now: int) -> Verdict:
    """One with evidence of the usual length."""
    each = tuple(GpuVerdict(gpu, "free" if state != "active" else "active", now - 3 * HOUR_MS) for gpu in range(GPUS))
    words = "no GPU above 1 % for 3 h; 1.2 GB used by python3 of ada on GPU 0; 71 W a GPU"
    return Verdict(state, now - 3 * HOUR_MS, words, now, each)  # type: ignore[arg-type]


def fill(ctx: Context, count: int, provider: str = "ec2") -> list[Instance]:
    """That many instances with rates and verdicts; every tenth has a claim."""
    now, chance = ctx.clock(), random.Random(7)
    made = instances(count, now, provider)
    rate = Rate(21_957_642, "AWS on-demand, us-east-1")
    judged = {each.id: (verdict(chance.choice(STATES), now), chance.choice([0, 21_957_642])) for each in made}
    with ctx.store.writing() as db:
        stored_fleet.note_source_read(db, SourceSnapshot(made[0].source, tuple(made)), now)
        stored_fleet.save_all(db, [(each, chance.choice(TEAMS), rate) for each in made])
        stored_fleet.save_verdicts(db, judged)
    for number, each in enumerate(made[:: max(10, count // 500)]):
        claims.claim_gpus(ctx, each.id, f"U{number:09d}", length=8 * HOUR_MS, note="fine-tune of the big model")
    return made


def remember(store: Store, hosts: list[str], now: int, length: int) -> None:
    """What agents of these hosts have told in the last `length` minutes: all quiet."""
    first = now // MINUTE_MS * MINUTE_MS
    with store.writing() as db:
        for host in hosts:
            rows = []
            for gpu in range(GPUS):
                row = stored_readings.new_gpu(host, Gpu(gpu, f"GPU-{host}-{gpu}", "NVIDIA A100-SXM4-40GB", 40_960))
                known = {
                    "last_minute_at": first - MINUTE_MS,
                    "last_known_at": first - MINUTE_MS,
                    "quiet_since": now - DAY_MS,
                }
                quiet = {
                    "quiet_head": first - MINUTE_MS,
                    "quiet_bits": ((1 << length) - 1).to_bytes(length // 8 + 1, "little"),
                }
                rows.append(row | known | quiet | {"util_max": 0.0, "watts": 61.0, "memory_used_mib": 4})
            stored_readings.save_gpus(db, rows)
            told = [Point(gpu, "quiet", 0.0, 0.0, 61.0, 4, 0) for gpu in range(GPUS)]
            stored_readings.add(db, host, {first - ago * MINUTE_MS: told for ago in range(1, length + 1)})
