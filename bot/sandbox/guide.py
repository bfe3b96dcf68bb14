"""What the demo's page says to try, and as whom; docs/tour.md follows the same steps in the same order."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One thing to try: what to type or, in brackets, to press; `who` and `where` as people type them."""

    topic: str
    title: str
    who: str
    where: str
    what: str


def _topic(topic: str, *steps: tuple[str, str, str, str]) -> tuple[GuideStep, ...]:
    return tuple(GuideStep(topic, *step) for step in steps)


GUIDE = (
    *_topic(
        "Find your way in",
        ("Ask in plain words", "ada", "@ada", "what is free?"),
        ("Claim by a form", "ada", "#gpus", "/gpu claim"),
    ),
    *_topic(
        "Stop what nobody uses",
        ("See what stands idle", "ada", "#gpus", "/gpu status"),
        ("Ask for a stop", "ada", "#gpus", "/gpu stop train-7 the run is over"),
        ("Somebody else approves it", "bob", "#ml-platform", "[Stop train-7]"),
    ),
    *_topic(
        "Share machines",
        ("Claim a free one", "cy", "#gpus", "/gpu claim render-1 for 4h"),
        ("Stop what somebody holds: they are asked first", "ada", "#gpus", "/gpu stop render-1"),
        ("Stop what a job holds in memory", "cy", "#gpus", "/gpu stop nb-5 wrong data"),
        ("Claim what stands idle", "ada", "#gpus", "/gpu claim nb-2 for 2h"),
        ("Wait in line for it", "cy", "#gpus", "/gpu wait nb-2"),
        ("Run a job on an owned machine", "ada", "#gpus", "/gpu run nightly-eval dgx-1"),
        ("Stop a machine every evening", "bob", "#gpus", "/gpu hours scratch Mon-Sun 08:00-19:00"),
        ("Find GPUs for a while", "ada", "#gpus", "/gpu find 2xA100 for 6h"),
    ),
    *_topic(
        "See what it costs",
        ("What idleness costs", "ada", "#gpus", "/cost idle"),
        ("What the month will cost", "ada", "#gpus", "/cost forecast"),
        ("How much of the budget is left", "ada", "#gpus", "/cost budget"),
        ("Whether AWS bills the same", "ada", "#gpus", "/cost bill"),
        ("Whether to buy a server", "ada", "#gpus", "/cost rent-or-buy"),
        ("Where an A100 is cheap", "ada", "#gpus", "/cost prices A100"),
        ("What one machine costs elsewhere", "ada", "#gpus", "/cost prices sweep-1"),
        ("Let an hour pass: the job has ended", "ada", "@ada", "[Skip 1 hour]"),
        ("What the stops have saved", "ada", "#gpus", "/cost savings"),
    ),
)


def guide() -> list[dict[str, Any]]:
    """The steps as the page takes them."""
    return [asdict(step) for step in GUIDE]
