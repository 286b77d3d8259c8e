"""Programs on a core of their own, what they cost, and that they end."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
#: A cold Node process with a thousand modules needs some five seconds.
START_S_MAX = 60


class Trouble(Exception):
    """What stops a scenario, as a sentence for whoever runs the bench."""


@dataclass
class Program:
    """A running program with all its children."""

    name: str
    child: subprocess.Popen
    log: Path
    stopped: bool = field(default=False)

    def tree(self) -> list[int]:
        """Its process ids, children and theirs included."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (stat := read_stat(f"/proc/{entry}/stat")):
                parents[int(entry)] = int(stat[1])
        tree = [self.child.pid]
        for pid in tree:
            tree.extend(child for child, parent in parents.items() if parent == pid)
        return tree

    def cpu_s(self) -> float:
        """CPU seconds of the whole tree so far, user and system."""
        return sum(cpu_of(f"/proc/{pid}/stat") for pid in self.tree())

    def thread_cpu_s(self, thread: str) -> float:
        """CPU seconds of the threads of this name."""
        total = 0.0
        for task in Path(f"/proc/{self.child.pid}/task").glob("*"):
            try:
                if (task / "comm").read_text().strip() == thread:
                    total += cpu_of(str(task / "stat"))
            except OSError:
                continue  # a thread may end while it is looked at
        return total

    def memory_bytes(self, what: str = "Pss") -> int:
        """Memory of the tree. Pss shares common pages out fairly; for one process it is near Rss."""
        total = 0
        for pid in self.tree():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))
        return total

    def rss_bytes(self) -> int:
        """Resident pages, cheaply; of the first process alone."""
        return int(Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]) * PAGE_BYTES

    def stop(self) -> None:
        """Asks the tree to end, then ends it."""
        if self.stopped:
            return
        self.stopped = True
        tree = self.tree()
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            pass
        for pid in tree:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.child.wait()


def read_stat(path: str) -> list[str] | None:
    """The fields of a stat file after the name: state, parent, … (`man 5 proc`, from field 3)."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def cpu_of(path: str) -> float:
    """utime and stime, fields 14 and 15."""
    stat = read_stat(path)
    return (int(stat[11]) + int(stat[12])) / TICKS_PER_S if stat else 0.0


def start(name: str, command: list, core: int, log: Path, **more) -> Program:
    """Starts a program on one core; what it says goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        child = subprocess.Popen(
            ["taskset", "-c", str(core), *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=more.pop("stdout", output),
            stderr=output,
            **more,
        )
    return Program(name, child, log)


def wait_for(program: Program, address: str) -> None:
    """Waits until something answers HTTP at the address, whatever it answers."""
    until = time.monotonic() + START_S_MAX
    while time.monotonic() < until:
        if program.child.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=2).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
    said = program.log.read_text(errors="replace")[-2000:]
    program.stop()
    raise Trouble(f"{program.name} does not start; it said:\n{said}")
