"""EC2 as another process sees it, so that nobody who types waits while ten thousand machines are read.

It is one process for all accounts and regions, and begins with the first look. A place that it does not tell of, since
it died or hangs, is as AWS's own silence leaves it: old, with a word why.
"""

import logging
from collections.abc import Iterator, Sequence

from bot.domain.clock import Clock, system_clock
from bot.domain.machines.fleet import SourceSnapshot
from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import PAGE_SIZE, Ec2
from bot.providers.sweep_process import ProcessEnded, SweepProcess
from bot.providers.sweep_wire import Gathered, WireMessage, account_row

log = logging.getLogger(__name__)
LARGE = 500
"""So many machines are worth another process, which takes 40 MiB more: they are read in 0.2 s of CPU time. Where they
are fewer than half of that, it is given up again."""


class Ec2Apart(Ec2):
    """EC2, looked at by another process. All else is asked from here."""

    def __init__(
        self,
        accounts: Sequence[AwsAccount],
        process: SweepProcess,
        *,
        clock: Clock = system_clock,
        page_size: int = PAGE_SIZE,
        large: int = LARGE,
    ) -> None:
        super().__init__(accounts, clock=clock, page_size=page_size)
        self._accounts, self._process, self._clock = tuple(accounts), process, clock
        self._heard_at, self.large = 0, large
        self._is_large = True
        """Until it is known: the first look at many would be felt."""

    def sweep(self) -> Iterator[SourceSnapshot]:
        """One look per account and region, as `Ec2.sweep`; a small fleet is looked at from here."""
        apart, machines, is_whole = self._is_large, 0, True
        for look in self._from_there() if apart else super().sweep():
            machines += len(look.instances) + len(look.others or ())
            is_whole = is_whole and look.error is None and look.others is not None
            yield look
        self._is_large = machines >= (self.large // 2 if apart else self.large) or (apart and not is_whole)
        if apart and not self._is_large:
            self._process.rest()

    def _from_there(self) -> Iterator[SourceSnapshot]:
        """A process that dies is replaced once in a sweep."""
        missing = set(self.sources)
        for is_last in (False, True) if missing else ():
            try:
                for look in self._looks():
                    missing.discard(look.source)
                    yield look
            except ProcessEnded as error:
                log.warning("the process that looks at AWS %s", error)
                if not is_last and not error.is_over:
                    continue
                yield from (_untold(source, str(error)) for source in sorted(missing))
            return

    def _looks(self) -> Iterator[SourceSnapshot]:
        gathered, now = Gathered(), self._clock()
        for message in self._process.ask(lambda is_new: self._request(now, 0 if is_new else self._heard_at)):
            if "memory" in message:
                self.take_memory({message["source"]: message["memory"]})
            look = gathered.add(message)
            if look is None:
                continue
            if look.error is None:
                self._places[look.source].protection.forget_all_but([each.id for each in look.instances])
            yield look
        self._heard_at = now

    def _request(self, now: int, since: int) -> WireMessage:
        """What was read since the last look that was heard to its end, the other side may not know."""
        return {
            "now": now,
            "since": since,
            "accounts": [account_row(each) for each in self._accounts],
            "page_size": self._page_size,
            "memory": {source: self.memory_of(source, since=since) for source in self.sources},
        }


def _untold(source: str, why: str) -> SourceSnapshot:
    region = source.rsplit("/", 1)[-1]
    return SourceSnapshot(source, error=f"{region} was not read: the process that looks at AWS {why}")
