"""Which instance a host label means."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.machines.source_history import Target
from bot.settings.measuring import PrometheusSettings


class HostNames:
    """Label values to instances: the map in the settings first, then ids, names and private addresses.

    A name counts whole or up to the first dot, an address as it is or as EC2 names hosts by it: ip-10-0-1-2. What two
    instances share means neither: readings of one must not speak for the other.
    """

    def __init__(self, settings: PrometheusSettings, targets: Sequence[Target]) -> None:
        self._labels = settings.host_labels
        self._ids: dict[str, set[str]] = {}
        for target in targets:
            for template in settings.host_names:
                self._add(_filled(template, target), target.id)
            for name in _by_address(target.private_address):
                self._add(name, target.id)
        self._mapped = {host.lower(): self._one(means) for host, means in settings.hosts.items()}
        self._seen: dict[str, str | None] = {"": None}
        """What each value of a label meant: each host is named by all of its GPUs, in every query."""

    def instance_of(self, labels: Mapping[str, str]) -> str | None:
        """The instance's id; None when no label names a running one."""
        for label in self._labels:
            value = labels.get(label, "")
            if value not in self._seen:
                self._seen[value] = self._named(value)
            if found := self._seen[value]:
                return found
        return None

    def strangers(self, seen: Iterable[Mapping[str, str]]) -> list[str]:
        """Hosts among labels that mean no running machine, each once, by the first label that names one."""
        found = [labels for labels in seen if self.instance_of(labels) is None]
        told = (next((labels[each] for each in self._labels if labels.get(each)), "") for labels in found)
        return sorted({name for name in told if name})

    def pattern_of(self, instance_id: str) -> str:
        """A quoted regular expression that fits every label value that means this instance, and few others."""
        names = {name for name, means in self._ids.items() if instance_id in means}
        names |= {host for host, means in self._mapped.items() if means == instance_id}
        return json.dumps(f"(?i:{'|'.join(re.escape(name) for name in sorted(names))})([.:].*)?", ensure_ascii=False)

    def _named(self, value: str) -> str | None:
        for form in _forms(value):
            if form in self._mapped:
                return self._mapped[form]
            if form in self._ids:
                return self._one(form)
        return None

    def _add(self, name: str, instance_id: str) -> None:
        self._ids.setdefault(name.lower(), set()).add(instance_id)

    def _one(self, name: str) -> str | None:
        means = self._ids.get(name.lower(), set())
        return next(iter(means)) if len(means) == 1 else None


def _filled(template: str, target: Target) -> str:
    return template.replace("{id}", target.id).replace("{name}", target.name)


def _by_address(address: str) -> tuple[str, ...]:
    return (address, f"ip-{address.replace('.', '-')}") if address else ()


def _forms(value: str) -> Iterable[str]:
    """The value as it is, without its port, and without its domain; an address in figures has none."""
    plain = value.strip().lower()
    host = plain.rpartition(":")[0] if plain.rpartition(":")[2].isdigit() else plain
    short = host.partition(".")[0]
    forms = [plain, host, *([short] if short and not short.isdigit() else [])]
    return [form for form in dict.fromkeys(forms) if form]
