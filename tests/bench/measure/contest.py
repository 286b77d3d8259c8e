"""Contenders side by side: each is checked once, then all take turns, window by window."""

import json
import statistics
import urllib.request
from dataclasses import dataclass, field
from typing import Callable

from . import load
from .load import Ask
from .process import Trouble


#: Until pools are filled and caches warm.
WARM_S = 3
#: Until Node's compiler has seen enough: after 3 s it is three times as slow as after 20 on a busy machine.
NODE_WARM_S = 12
#: Below this a program waited for the other core or the disk, and its rate does not say what it can do.
BUSY_ENOUGH = 0.9


@dataclass
class Contender:
    """Somebody who answers the scenario's question."""

    name: str
    ask: Ask
    #: What its answer must contain; otherwise fast nonsense would win.
    contains: list[str]
    note: str = ""
    warm_s: float = WARM_S


@dataclass
class Row:
    """What a contender showed, window by window."""

    name: str
    note: str
    windows: list[dict] = field(default_factory=list)

    def median(self, what: str) -> float:
        """The median over the windows."""
        return statistics.median(window[what] for window in self.windows)

    def ratio(self, other: "Row", what: str = "rate") -> float:
        """The median of the ratios of neighbouring windows: weather that both had falls out."""
        pairs = zip(self.windows, other.windows)
        return statistics.median(mine[what] / theirs[what] for mine, theirs in pairs)

    def against(self, other: "Row") -> tuple[float, str]:
        """How much we do beside another with the same core: the smaller of the ratios of rates and of CPU per request.

        Where the other had to wait for load generator, upstream or disk, the ratio of rates flatters us; the ratio of CPU
        does not. Where we had to wait for the disk, the ratio of rates is the true one.
        """
        rates, costs = self.ratio(other), 1 / self.ratio(other, "cpu_us")
        waited = (
            "" if other.median("busy") >= BUSY_ENOUGH else f"; it was {100 * other.median('busy'):.0f} % busy"
        )
        return min(rates, costs), f"by rate {rates:.2f}, by CPU {costs:.2f}{waited}"

    def told(self) -> dict:
        """The row for `results.json`."""
        names = ["rate", "cpu_us", "audit_us", "busy", "p50_us", "p99_us", "memory"]
        return {
            "name": self.name,
            "note": self.note,
            **{name: self.median(name) for name in names},
            "failed": sum(window["failed"] for window in self.windows),
            "windows": self.windows,
        }


@dataclass
class Bar:
    """One promise, and what became of it."""

    text: str
    value: float
    bar: float
    at_most: bool = False
    to_reach: float | None = None
    unit: str = ""
    note: str = ""

    def told(self) -> dict:
        """The bar for `results.json`; a bar not met is said to be not met."""

        def met(bar: float) -> bool:
            return self.value <= bar if self.at_most else self.value >= bar

        verdict = "met" if met(self.bar) else "not met"
        if self.to_reach is not None and met(self.to_reach):
            verdict = "met, and what was to be reached"
        return {
            "text": self.text,
            "value": self.value,
            "bar": self.bar,
            "at_most": self.at_most,
            "to_reach": self.to_reach,
            "unit": self.unit,
            "verdict": verdict,
            "note": self.note,
        }


def judged(text: str, ours: Row, other: Row, bar: float, to_reach: float) -> Bar:
    """The promise to do so much beside another."""
    value, note = ours.against(other)
    return Bar(text, value, bar, to_reach=to_reach, unit="×", note=note)


@dataclass
class Scenario:
    """A promise's table."""

    id: str
    title: str
    rows: list[Row] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)

    def told(self) -> dict:
        """The scenario for `results.json`."""
        return {
            "id": self.id,
            "title": self.title,
            "rows": [row.told() for row in self.rows],
            "bars": [bar.told() for bar in self.bars],
            "facts": self.facts,
            "notes": self.notes,
        }


def check(contender: Contender) -> None:
    """Asks once and looks into the answer."""
    ask = contender.ask
    body = ask.body.read_text(encoding="utf-8").replace("«n»", "000035").encode() if ask.body else None
    headers = {"Content-Type": "application/json"} if body else {}
    for line in ask.headers.read_text().splitlines() if ask.headers else []:
        name, _, value = line.partition(": ")
        headers[name] = value
    request = urllib.request.Request(ask.url, data=body, headers=headers, method=ask.method)
    try:
        said = urllib.request.urlopen(request, timeout=30).read().decode()
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")
    plain = json.dumps(json.loads(said), ensure_ascii=False) if said.startswith("{") else said
    missing = [part for part in contender.contains if part not in plain]
    if missing:
        raise Trouble(f"{contender.name} answers without {missing}:\n{said[:1500]}")


def interleaved(
    contenders: list[Contender], windows: int, seconds: float, say: Callable[[str], None]
) -> list[Row]:
    """A/B/A/B: every window of every contender stands between windows of the others."""
    for contender in contenders:
        check(contender)
        load.closed(contender.ask, contender.warm_s)
    rows = [Row(contender.name, contender.note) for contender in contenders]
    for turn in range(windows):
        for contender, row in zip(contenders, rows):
            window = load.closed(contender.ask, seconds)
            row.windows.append(window)
            say(
                f"  {turn + 1}/{windows} {contender.name:34} {window['rate']:9.0f}/s {window['cpu_us']:8.1f} µs CPU"
                + (f"  {window['failed']} FAILED" if window["failed"] else "")
            )
    return rows
