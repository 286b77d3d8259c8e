"""How load is given, and what it tells."""

import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import places
from .process import Program, Trouble

AUDIT_THREAD = "audit-log"


@dataclass
class Ask:
    """A request that is asked again and again."""

    program: Program
    url: str
    method: str = "POST"
    body: Path | None = None
    headers: Path | None = None
    connections: int = 64
    #: Its windows are at least this long: ten thousand connections take seconds to open.
    seconds_min: float = 0


def closed(ask: Ask, seconds: float) -> dict:
    """One closed-loop window: as fast as answers come. Rate, CPU and latency of the measured program's window."""
    seconds = int(max(seconds, ask.seconds_min))
    cpu, audit, begun = ask.program.cpu_s(), ask.program.thread_cpu_s(AUDIT_THREAD), time.monotonic()
    said = run(
        [
            "wrk",
            "-t1",
            f"-c{ask.connections}",
            f"-d{seconds}s",
            "--timeout",
            "20s",
            "-s",
            places.BENCH / "load.lua",
            ask.url,
            "--",
            ask.method,
            ask.body or "",
            *filter(None, [ask.headers]),
        ]
    )
    elapsed = time.monotonic() - begun
    cpu, audit = ask.program.cpu_s() - cpu, ask.program.thread_cpu_s(AUDIT_THREAD) - audit
    settle(ask.program)
    if not said["requests"]:
        raise Trouble(f"{ask.program.name} answered nothing to {ask.connections} callers: {said}")
    return {
        "rate": said["requests"] / (said["us"] / 1e6),
        "cpu_us": cpu / said["requests"] * 1e6,
        "audit_us": audit / said["requests"] * 1e6,
        "busy": cpu / elapsed,
        "p50_us": said["p50_us"],
        "p99_us": said["p99_us"],
        "failed": said["failed"] + said["lost"],
        "requests": said["requests"],
        "memory": ask.program.memory_bytes(),
    }


def settle(program: Program) -> None:
    """Waits until what callers have left behind is worked off, so that the next window does not pay for this one."""
    for _ in range(100):
        before = program.cpu_s()
        time.sleep(0.1)
        if program.cpu_s() - before < 0.02:
            return


def opened(ask: Ask, seconds: float, rate: int) -> dict:
    """One open-loop window: by the clock; latency counts from when a request should have left."""
    address, _, path = ask.url.removeprefix("http://").partition("/")
    return run(
        [
            places.WORK / "openloop",
            address,
            f"/{path}",
            rate,
            seconds,
            32,
            ask.body,
            *filter(None, [ask.headers]),
        ]
    )


def run(command: list) -> dict:
    """Runs a generator on the other core and reads its last line."""
    command = ["taskset", "-c", str(places.OTHER_CORE), *map(str, command)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise Trouble(f"{' '.join(command)} said:\n{done.stdout}{done.stderr}") from None


def hold_open(ask: Ask, count: int) -> tuple[int, int]:
    """Opens so many connections, asks once on each, keeps them open; how many were answered, and the program's RSS then."""
    host, _, path = ask.url.removeprefix("http://").partition("/")
    name, port = host.split(":")
    body = ask.body.read_bytes()
    head = f"POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    request = head.encode() + ask.headers.read_bytes().replace(b"\n", b"\r\n") + b"\r\n" + body
    sockets, answered = [], 0
    try:
        for _ in range(count):
            one = socket.create_connection((name, int(port)), timeout=20)
            one.sendall(request)
            sockets.append(one)
        for one in sockets:
            answered += one.recv(65536).startswith(b"HTTP/1.1 200")
        return answered, ask.program.rss_bytes()
    finally:
        for one in sockets:
            one.close()


def fdatasync_per_s(folder: Path, seconds: float = 1.0) -> float:
    """How often this disk makes a small write durable, one after the other: what an audit record cannot be faster than."""
    file = folder / "fdatasync.probe"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    count, begun = 0, time.monotonic()
    try:
        while time.monotonic() - begun < seconds:
            os.write(handle, b"x" * 300)
            os.fdatasync(handle)
            count += 1
    finally:
        os.close(handle)
        file.unlink()
    return count / (time.monotonic() - begun)
