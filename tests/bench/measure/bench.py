"""One run: what is asked, by whom, of which programs; started when first needed, ended when a scenario is over."""

import shutil
from pathlib import Path
from typing import Callable

from . import gateway, peers, places
from .contest import NODE_WARM_S, WARM_S, Contender, interleaved
from .gateway import Gateway, Shape
from .load import Ask
from .process import Program

PURPOSE = '"purpose": {"procedure": "1.000656", "dossier": "H56.14-250812-«n»", "unit": "H56.14", "officer": "cb01"}'
QUERY = '"query": {"personal_id": "038090000001", "full_name": "Nguyễn Văn Mẫu", "birth_date": "1990-03-15"}'
NAME = "NGUYỄN VĂN MẪU"
PROFILE = [NAME, "3800000001", "14812", "Thôn 1, xã Mẫu"]
GRAPHQL = (
    '{"query": "query P($asked: Asked_Input, $mst: String) { residence(input: $asked) { personal_id full_name sex birth_date'
    " marital_status nationality ethnicity { code title } birth_registration { province district commune detail country }"
    " hometown { province district commune detail country } residence { province commune detail country }"
    " current_place { province commune detail country } father { full_name nationality personal_id }"
    " mother { full_name nationality old_id } spouse { full_name nationality personal_id }"
    " insurance_number { maSoBhxh insured { hoTen ngaySinh trangThai } } }"
    ' taxpayer(mst: $mst) { Status Data { MST TEN_NNT TRANG_THAI DIA_CHI } } }",'
    ' "variables": {"asked": {"personal_id": "038090000001", "full_name": "Nguyễn Văn Mẫu «n»", "birth_date": "1990-03-15"},'
    ' "mst": "038090«n»"}}'
)


class Bench:
    """One run: the programs it started, and how long its windows are."""

    def __init__(self, windows: int, seconds: float, say: Callable[[str], None]):
        self.windows, self.seconds, self.say = windows, seconds, say
        self.work, self.executable = places.WORK, gateway.executable()
        self.programs: dict[str, Program] = {}
        self.gateways: dict[str, Gateway] = {}
        bodies = {"ask": f"{{{PURPOSE}, {QUERY}}}", "graphql": GRAPHQL}
        bodies["tax"] = f'{{{PURPOSE}, "query": {{"tax_code": "038090000001"}}}}'
        bodies["same"] = bodies["ask"].replace("«n»", "000035")
        self.bodies = {name: self.put(f"{name}.json", text) for name, text in bodies.items()}

    def put(self, name: str, text: str) -> Path:
        """A file in the work folder."""
        (self.work / name).write_text(text, encoding="utf-8")
        return self.work / name

    def peer(self, name: str) -> Program:
        """A peer, started when it is first needed."""
        if name not in self.programs:
            self.programs[name] = peers.begin(name)
        return self.programs[name]

    def gateway(self, name: str, **shape) -> Gateway:
        """A gateway of this shape, started when it is first needed."""
        if name not in self.gateways:
            self.gateways[name] = gateway.begin(self.executable, self.work, Shape(name, **shape))
        return self.gateways[name]

    def in_memory(self, name: str, **shape) -> Gateway:
        """A gateway whose audit log is in memory: fdatasync costs nothing there."""
        return self.gateway(name, audit=Path(f"/dev/shm/lienthong-bench-{name}"), **shape)

    def of_gateway(
        self,
        name: str,
        it: Gateway,
        service: str,
        body: str = "ask",
        contains: list | None = None,
        connections: int = 64,
        note: str = "",
    ) -> Contender:
        """A gateway as a contender."""
        headers = self.put(
            f"{it.folder.name}.headers", f"Authorization: Bearer {it.token}\nAccept-Language: vi\n"
        )
        ask = Ask(
            it.program,
            f"{it.api}/v1/{service}",
            "POST",
            self.bodies[body],
            headers,
            connections,
            seconds_min=8 if connections >= 10_000 else 0,
        )
        return Contender(name, ask, contains or ['"outcome": "found"', NAME], note)

    def of_peer(
        self,
        name: str,
        peer: str,
        path: str,
        method: str = "POST",
        body: str | None = "same",
        contains: list | None = None,
        port: str | None = None,
        note: str = "",
    ) -> Contender:
        """A peer as a contender."""
        ask = Ask(
            self.peer(peer), places.url(port or peer) + path, method, self.bodies[body] if body else None
        )
        if peer == "hive":
            ask.seconds_min = 3  # a dozen answers a second on a busy machine: one second may hold none
        warm_s = NODE_WARM_S if peer in ("fastify", "hive") else WARM_S
        return Contender(name, ask, contains or ["038090000001"], note, warm_s)

    def race(self, contenders: list[Contender]) -> list:
        """All contenders in turn."""
        return interleaved(contenders, self.windows, self.seconds, self.say)

    def rest(self) -> None:
        """Ends everything that a scenario has started."""
        for program in [*self.programs.values(), *(one.program for one in self.gateways.values())]:
            program.stop()
        self.programs.clear()
        self.gateways.clear()
        for folder in Path("/dev/shm").glob("lienthong-bench-*"):
            shutil.rmtree(folder, ignore_errors=True)
