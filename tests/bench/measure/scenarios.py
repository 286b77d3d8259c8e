"""The promises P1 to P5 and P10: who is asked what, and which bars are judged."""

import resource
import statistics
import time
import urllib.request

from . import load, places
from .bench import NAME, PROFILE, Bench
from .contest import Bar, Contender, Scenario, check, judged
from .load import Ask
from .upstream import HOUSEHOLDS


def cached(bench: Bench) -> Scenario:
    """P1"""
    ours = bench.gateway("cached", fresh_for_s=86_000)
    contender = bench.of_gateway("Liên Thông, full", ours, "residence/person", "same", note="POST")
    answer = fetch(contender)
    # The caches keep the gateway's own answer, byte for byte.
    bench.put("answers/answer.json", answer)
    rows = bench.race(
        [
            contender,
            bench.of_gateway(
                "Liên Thông, audit in memory",
                bench.in_memory("cached-shm", fresh_for_s=86_000),
                "residence/person",
                "same",
            ),
            bench.of_peer(
                "nginx proxy_cache",
                "nginx",
                "/cached/038090000001",
                "GET",
                None,
                [NAME],
                note="GET by URL, bare",
            ),
            bench.of_peer(
                "nginx proxy_cache",
                "nginx",
                "/cached/post",
                "POST",
                "same",
                [NAME],
                note="POST, body in the key",
            ),
            bench.of_peer(
                "Varnish", "varnish", "/cached/038090000001", "GET", None, [NAME], note="GET by URL"
            ),
        ]
    )
    full, _, nginx, _, varnish = rows
    return Scenario(
        "P1",
        "cached read",
        rows,
        [
            judged("throughput against nginx `proxy_cache` (GET, bare)", full, nginx, 0.5, 0.7),
            judged("throughput against Varnish", full, varnish, 1.0, 1.5),
        ],
        [
            "Envoy is not here: its cache filter is an unfinished extension without a store that one would run."
        ],
    )


def fetch(contender: Contender) -> str:
    """A contender's answer, twice asked, so that it comes out of the cache."""
    check(contender)
    headers = dict(line.split(": ", 1) for line in contender.ask.headers.read_text().splitlines())
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(contender.ask.url, contender.ask.body.read_bytes(), headers)
    return urllib.request.urlopen(request).read().decode()


def uncached(bench: Bench) -> Scenario:
    """P2"""
    ours = bench.of_gateway(
        "Liên Thông, full", bench.gateway("uncached"), "residence/person", note="JSON → SOAP → JSON"
    )
    memory = bench.of_gateway(
        "Liên Thông, audit in memory", bench.in_memory("uncached-shm"), "residence/person"
    )
    passed = {"contains": ["CongDan", "038090000001"], "note": "passes on unread"}
    rows = bench.race(
        [
            ours,
            memory,
            bench.of_peer("Pingora, minimal", "pingora", "/v1/residence/person", **passed),
            bench.of_peer("nginx proxy_pass", "nginx", "/v1/residence/person", **passed),
            bench.of_peer("Envoy", "envoy", "/v1/residence/person", **passed),
            bench.of_peer(
                "fastify + undici",
                "fastify",
                "/v1/residence/person",
                contains=[NAME],
                note="the same mapping by hand",
            ),
        ]
    )
    full, _, pingora, nginx, _, fastify = rows
    scenario = Scenario(
        "P2",
        "uncached read through one adapter",
        rows,
        [
            judged("throughput against a minimal Pingora proxy", full, pingora, 0.7, 1.0),
            judged("throughput against nginx `proxy_pass`", full, nginx, 0.3, 0.4),
        ],
    )
    scenario.facts.append(
        ("against fastify + undici (no bar)", "{:.2f} × ({})".format(*full.against(fastify)))
    )
    added(bench, scenario, ours, memory)
    return scenario


#: Far below what any contender bears, so that only the way through is timed.
OPEN_RATE = 100


def added(bench: Bench, scenario: Scenario, ours: Contender, memory: Contender) -> None:
    """What the gateway adds to the agency's own time, by open-loop load."""
    direct = Ask(
        ours.ask.program, places.url("upstream") + "/TraCuuThongTinCongDan", body=bench.bodies["same"]
    )
    asks = {
        "upstream directly": direct,
        "through the gateway": ours.ask,
        "through the gateway, audit in memory": memory.ask,
    }
    times: dict[str, list[dict]] = {name: [] for name in asks}
    for turn in range(bench.windows):
        for name, ask in asks.items():
            times[name].append(load.opened(ask, bench.seconds, OPEN_RATE))
        bench.say(
            f"  {turn + 1}/{bench.windows} open loop, {OPEN_RATE}/s: "
            + ", ".join(f"{name} {windows[-1]['p50_us'] / 1000:.2f} ms" for name, windows in times.items())
        )
    median = {
        name: statistics.median(window["p50_us"] for window in windows) for name, windows in times.items()
    }
    for name, windows in times.items():
        p99 = statistics.median(window["p99_us"] for window in windows)
        scenario.facts.append(
            (
                f"open loop {OPEN_RATE}/s, {name}: p50 / p99",
                f"{median[name] / 1000:.2f} / {p99 / 1000:.2f} ms",
            )
        )
    rate = load.fdatasync_per_s(bench.work)
    disk = f"bar holds where fdatasync < 0.2 ms; here {1000 / rate:.2f} ms"
    straight = median["upstream directly"]
    for where, name in (("disk", "through the gateway"), ("memory", "through the gateway, audit in memory")):
        scenario.bars.append(
            Bar(
                f"added median, audit on {where}",
                (median[name] - straight) / 1000,
                1.0,
                at_most=True,
                unit="ms",
                note=disk if where == "disk" else "stands in for a fast disk",
            )
        )


def composite(bench: Bench) -> Scenario:
    """P3"""
    contains = ['"complete": true', *PROFILE]
    rows = bench.race(
        [
            bench.of_gateway(
                "Liên Thông, full", bench.gateway("uncached"), "person/profile", contains=contains
            ),
            bench.of_gateway(
                "Liên Thông, audit in memory",
                bench.in_memory("uncached-shm"),
                "person/profile",
                contains=contains,
            ),
            bench.of_peer(
                "fastify + undici", "fastify", "/v1/person/profile", contains=PROFILE, note="by hand"
            ),
            bench.of_peer(
                "nginx + lua",
                "nginx",
                "/v1/person/profile",
                port="nginx-lua",
                contains=PROFILE,
                note="capture_multi, XML by patterns",
            ),
            bench.of_peer(
                "Hive Gateway + Mesh",
                "hive",
                "/graphql",
                body="graphql",
                contains=PROFILE,
                note="residence already JSON",
            ),
        ]
    )
    full, memory, fastify, lua, hive = rows
    return Scenario(
        "P3",
        "composite of three agencies, four exchanges",
        rows,
        [
            judged("throughput against fastify + undici", full, fastify, 1.2, 1.5),
            judged("throughput against Hive Gateway + Mesh", full, hive, 15, 20),
            Bar("memory against Hive Gateway + Mesh", full.ratio(hive, "memory"), 0.15, at_most=True),
            judged("throughput against nginx + lua", full, lua, 0.5, 0.7),
        ],
    )


def costs(bench: Bench) -> Scenario:
    """P4"""
    contains = ['"complete": true', *PROFILE]
    disk = bench.of_gateway(
        "Liên Thông, audit on disk", bench.gateway("uncached"), "person/profile", contains=contains
    )
    memory = bench.of_gateway(
        "Liên Thông, audit in memory", bench.in_memory("uncached-shm"), "person/profile", contains=contains
    )
    rows = bench.race([disk, memory])
    durable = 100 * (1 - rows[0].ratio(rows[1]))
    thread = 100 * statistics.median(window["audit_us"] / window["cpu_us"] for window in rows[0].windows)
    return Scenario(
        "P4",
        "what full costs, on the composite",
        rows,
        [
            Bar("durable audit: rate lost to the disk", durable, 10, at_most=True, unit="%"),
            Bar(
                "durable audit: CPU of the writing thread",
                thread,
                10,
                at_most=True,
                unit="%",
                note="making the records costs more, in the worker: see the profile",
            ),
        ],
        [
            "Full against bare is **not timed**: the gateway has no switch that turns token, policy or audit off, and a build "
            "without them would be one that must never ship. It is counted instead: the last line of the profile below adds up "
            "the instructions of what a bare gateway would leave out. Timed is the audit log in memory instead of on disk (writing "
            "and hashing stay), and the CPU of the thread that writes it.",
        ],
    )


def sizes(bench: Bench) -> Scenario:
    """P5"""

    def contender(size: str, members: int) -> Contender:
        answer = bench.work / f"answers/size-{size}/CungCapThongTinHoGiaDinh"
        ours = bench.gateway(f"size-{size}", residence_path=f"/size-{size}")
        note = f"household of {members}"
        return bench.of_gateway(
            f"SOAP answer of {answer.stat().st_size / 1000:.1f} kB", ours, "residence/household", note=note
        )

    rows = bench.race([contender(size, members) for size, members in HOUSEHOLDS.items()])
    return Scenario(
        "P5",
        "SOAP answer of 1, 10, 100 kB → JSON",
        rows,
        [
            Bar(
                "rate at 1 kB over rate at 100 kB",
                rows[0].ratio(rows[2]),
                12,
                at_most=True,
                unit="×",
                note=f"by CPU {rows[2].ratio(rows[0], 'cpu_us'):.1f}",
            ),
        ],
    )


def scale(bench: Bench) -> Scenario:
    """P10"""
    scenario = Scenario("P10", "memory, start, callers, agencies")
    starts = []
    for _ in range(5):
        it = bench.gateway("idle")
        starts.append(it.start_s)
        time.sleep(1)
        idle = it.program.memory_bytes("Rss")
        bench.gateways.pop("idle").program.stop()
    loaded = bench.gateway("uncached")
    one = bench.of_gateway("6 agencies", loaded, "tax/taxpayer", "tax", note="uncached tax.taxpayer")
    many = bench.of_gateway("200 agencies", bench.gateway("many", more_agencies=194), "tax/taxpayer", "tax")
    agencies = bench.race([one, many])
    busy = loaded.program.memory_bytes("Rss")
    hot = bench.gateway("cached", fresh_for_s=86_000)
    counts = [count for count in (10, 100, 1000, 10_000) if open_files() > count + 500]
    callers = bench.race(
        [
            bench.of_gateway(
                f"{count} callers", hot, "residence/person", "same", connections=count, note="cached"
            )
            for count in counts
        ]
    )
    scenario.rows = [*callers, *agencies]
    # A gateway that has seen nothing else: what a crowd leaves behind in an allocator is not the next one's.
    crowd = bench.of_gateway("crowd", bench.gateway("crowd", fresh_for_s=86_000), "residence/person", "same")
    check(crowd)
    answered, open_rss = load.hold_open(crowd.ask, counts[-1])
    scenario.facts = [
        ("start until both ports are open, median of 5", f"{statistics.median(starts):.2f} s"),
        ("the same with 200 agencies", f"{bench.gateways['many'].start_s:.2f} s"),
    ]
    scenario.bars = [
        Bar("idle, RSS", idle / 1e6, 30, at_most=True, unit="MB"),
        Bar("loaded without cache content, RSS", busy / 1e6, 48, at_most=True, unit="MB"),
        Bar("start", statistics.median(starts), 1, at_most=True, unit="s"),
        Bar(
            f"RSS with {counts[-1]} open connections",
            open_rss / 1e6,
            300,
            at_most=True,
            unit="MB",
            note=f"{answered} of them answered once",
        ),
        Bar(
            f"CPU/request, {counts[-1]} callers against 10",
            callers[-1].ratio(callers[0], "cpu_us"),
            1.2,
            at_most=True,
            note="flat: within 20 %",
        ),
        Bar(
            "CPU/request, 200 agencies against 6",
            agencies[1].ratio(agencies[0], "cpu_us"),
            1.2,
            at_most=True,
            note="flat: within 20 %",
        ),
    ]
    scenario.notes.append(
        "10,000 callers have windows of 8 s, and each window opens its connections anew: that is in the cost."
    )
    if counts[-1] < 10_000:
        scenario.notes.append(
            f"10,000 callers not measured: only {open_files()} files may be open here (`ulimit -n`)."
        )
    return scenario


def open_files() -> int:
    """How many files a process may open, raised as far as it may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


#: In the order in which they run.
ALL = {"P1": cached, "P2": uncached, "P3": composite, "P4": costs, "P5": sizes, "P10": scale}
#: Which installed peers each needs.
PEERS = {
    "P1": set(),
    "P2": {"pingora", "envoy", "fastify"},
    "P3": {"fastify", "hive"},
    "P4": set(),
    "P5": set(),
    "P10": set(),
}
