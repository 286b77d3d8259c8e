"""What is told: the machine, the tables, the bars."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path

from . import peers, places


#: A load average above which others had a part in what was measured.
QUIET = 0.7


def machine() -> dict:
    """The machine, as far as it matters."""
    cpu = next(
        (
            line.partition(": ")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "?",
    )
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) // 1024
    commit = said(["git", "-C", str(places.ROOT), "log", "-1", "--format=%h %s"])
    return {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_mb": memory,
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "commit": commit,
    }


def versions() -> str:
    """What stands against us, by version."""
    lock = {}
    for name in ("fastify", "hive"):
        text = (places.BENCH / f"peers/{name}/package-lock.json").read_text()
        wanted = "fastify|undici|@graphql-hive/gateway|@omnigraph/json-schema"
        lock |= dict(re.findall(rf'"node_modules/({wanted})": \{{\s+"version": "([^"]+)"', text))
    cargo = (places.BENCH / "peers/pingora/Cargo.lock").read_text()
    pingora = re.search(r'name = "pingora-proxy"\nversion = "([^"]+)"', cargo)[1]
    parts = [
        said(["nginx", "-v"]).removeprefix("nginx version: "),
        said(["varnishd", "-V"]).split(" revision")[0].removeprefix("varnishd ("),
        f"Envoy ({peers.ENVOY})",
        f"pingora-proxy {pingora}",
        f"Node {said(['node', '--version'])}",
        *(f"{name} {version}" for name, version in lock.items()),
        "wrk " + said(["wrk", "-v"]).split()[1],
    ]
    return ", ".join(parts)


def said(command: list) -> str:
    """A program's first line, wherever it says it."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return ((done.stdout or done.stderr).strip() or "?").splitlines()[0]


def cpu_times() -> dict:
    """CPU seconds of all cores since the start, by kind."""
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    names = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"]
    return {name: value / os.sysconf("SC_CLK_TCK") for name, value in zip(names, fields)}


def megabytes(size: float) -> str:
    """Bytes as MB."""
    return f"{size / 1e6:.0f} MB"


def table(scenario: dict) -> str:
    """One scenario as Markdown."""
    lines = [f"### {scenario['id']}: {scenario['title']}", ""]
    if scenario["rows"]:
        lines += [
            "| | per second | CPU µs/request | core busy | p50 | p99 | memory (PSS) |",
            "|---|--:|--:|--:|--:|--:|--:|",
        ]
    for row in scenario["rows"]:
        audit = f" (audit thread {row['audit_us']:.0f})" if row["audit_us"] else ""
        failed = f" **{row['failed']} failed**" if row["failed"] else ""
        lines.append(
            f"| {row['name']}{' – ' + row['note'] if row['note'] else ''} | {row['rate']:,.0f}{failed} | {row['cpu_us']:.0f}{audit} | "
            f"{100 * row['busy']:.0f} % | {row['p50_us'] / 1000:.1f} ms | {row['p99_us'] / 1000:.1f} ms | {megabytes(row['memory'])} |"
        )
    if scenario["facts"]:
        lines += ["", "| | |", "|---|--:|", *(f"| {name} | {value} |" for name, value in scenario["facts"])]
    if scenario["bars"]:
        lines += ["", "| promise | measured | bar | to reach | |", "|---|--:|--:|--:|---|"]
    for bar in scenario["bars"]:
        sign = "≤" if bar["at_most"] else "≥"
        unit = f" {bar['unit']}" if bar["unit"] else ""
        reach = f"{sign} {bar['to_reach']:g}{unit}" if bar["to_reach"] is not None else ""
        note = f" ({bar['note']})" if bar["note"] else ""
        lines.append(
            f"| {bar['text']} | {bar['value']:.2f}{unit} | {sign} {bar['bar']:g}{unit} | {reach} | {bar['verdict']}{note} |"
        )
    return "\n".join(lines + [""] + [f"{note}\n" for note in scenario["notes"]])


def document(results: dict) -> str:
    """Everything measured, as Markdown."""
    m = results["machine"]
    head = [
        f"{m['when']}, commit {m['commit']}; {m['cores']} cores {m['cpu']}, {m['memory_mb']} MB, Linux {m['kernel']}. "
        f"fdatasync of the disk: {results['fdatasync_before']:.0f}/s before, {results['fdatasync_after']:.0f}/s after. "
        f"Load average before: {m['load_before']:.2f}; stolen by other guests during the run: {results['steal_percent']:.1f} % of both cores.",
        "",
        f"`{results['command']}`, {results['windows']} windows of {results['seconds']:g} s, medians; ratios are medians of neighbouring windows.",
        "",
        f"Against: {results['versions']}.",
        "",
    ]
    if m["load_before"] > QUIET:
        head[:0] = [
            f"**The machine was not quiet** (load average {m['load_before']:.1f}): preliminary, not to be quoted.",
            "",
        ]
    return "\n".join(head + [table(scenario) for scenario in results["scenarios"]])


def write_into(file: Path, text: str) -> None:
    """Puts the measured part between its two marks."""
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    whole = file.read_text(encoding="utf-8")
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    file.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
