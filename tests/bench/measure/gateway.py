"""Liên Thông with everything on, in a configuration folder of its own."""

import json
import os
import re
import shutil
import subprocess
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from . import places
from .process import Program, START_S_MAX, Trouble, start

ISSUER = "https://development.lienthong.example"
CLIENT = "mot-cua-demo"
#: Counted, but never reached: what is measured is the gateway, not how long it makes people wait.
CLIENT_LIMITS = "client_rate_per_min = 100000000\nclient_burst = 10000000\n"
PARTY_LIMITS = {"rate_per_s": 1_000_000, "burst": 1_000_000, "concurrency": 20_000, "queue": 20_000}


@dataclass
class Shape:
    """How one gateway differs from the next."""

    name: str
    #: Seconds for which answers are kept; 0: never, each read is an exchange.
    fresh_for_s: int = 0
    #: The audit log's folder; None: in the work folder, on disk.
    audit: Path | None = None
    #: What stands before the residence agency's paths (P5).
    residence_path: str = ""
    #: Copies of the tax folder under other names (P10).
    more_agencies: int = 0


@dataclass
class Gateway:
    """A running gateway."""

    program: Program
    api: str
    operations: str
    token: str
    start_s: float
    folder: Path = field(repr=False)


def begin(executable: Path, work: Path, shape: Shape, under: tuple = ()) -> Gateway:
    """Writes the configuration, starts the gateway on the measured core (under a profiler), waits until its ports are open."""
    folder = work / "gateways" / shape.name
    shutil.rmtree(folder, ignore_errors=True)
    config = write_configuration(folder, shape)
    token = subprocess.run(
        [
            executable,
            "token",
            "--config",
            config,
            "--keys",
            folder / "keys",
            "--client",
            CLIENT,
            "--lives-s",
            "86000",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    ready = folder / "ready.json"
    begun = time.monotonic()
    # Every request writes its line, as in production; where it goes is nobody's cost.
    program = start(
        f"gateway {shape.name}",
        [*under, executable, "serve", "--config", config, "--ready-file", ready],
        places.MEASURED_CORE,
        folder / "gateway.log",
        stdout=subprocess.DEVNULL,
    )
    while not ready.exists():
        if program.child.poll() is not None or time.monotonic() - begun > START_S_MAX:
            program.stop()
            raise Trouble(
                f"the gateway does not start:\n{program.log.read_text()[-3000:]}\n"
                f"ask: {executable} config check --config {config}"
            )
        time.sleep(0.002)
    start_s = time.monotonic() - begun
    addresses = json.loads(ready.read_text())
    return Gateway(program, addresses["api"], addresses["operations"], token, start_s, folder)


def write_configuration(folder: Path, shape: Shape) -> Path:
    """Writes everything `lienthong serve` reads; the house's own files wherever they fit. Returns `lienthong.toml`."""
    config = folder / "config"
    config.mkdir(parents=True)
    (folder / "secrets").mkdir(mode=0o700)
    adapters, schemas = folders(folder, shape)
    audit = shape.audit or folder / "audit"
    shutil.rmtree(audit, ignore_errors=True)
    certificate(folder / "pki")
    (config / "lienthong.toml").write_text(f"""\
[server]
listen = "127.0.0.1:0"
operations_listen = "127.0.0.1:0"
workers = 1
[folders]
adapters = "{adapters}"
schemas = "{schemas}"
units = "{places.ROOT}/config/units"
composites = "{places.ROOT}/config/composites"
forms = "{places.ROOT}/config/forms"
[audit]
folder = "{audit}"
[keys]
cache = "../keys/cache.key"
subject = "../keys/subject.key"
""")
    (config / "services.toml").write_text(services(shape.fresh_for_s))
    for name in ("agencies", "carriers"):
        (config / f"{name}.toml").write_text(parties(folder, name, shape), encoding="utf-8")
    (config / "clients.toml").write_text(f"""\
[[issuers]]
issuer = "{ISSUER}"
audience = "lienthong"
jwks = "../keys/development.jwks.json"
algorithms = ["ES256"]
token_lifetime_max_s = 86400
[clients.{CLIENT}]
title = "Phần mềm một cửa (mẫu)"
rights = ["no-cache"]
[clients.cong-dvc-demo]
title = "Kết nối (mẫu)"
""")
    shutil.copy(places.ROOT / "config/policy.toml", config / "policy.toml")
    return config / "lienthong.toml"


def certificate(folder: Path) -> None:
    """A client certificate, as the residence agency wants one. Never shown here: the fixed answers come over plain HTTP."""
    folder.mkdir(mode=0o700)
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=bench",
            "-keyout",
            folder / "client.key",
            "-out",
            folder / "client.pem",
        ],
        check=True,
        capture_output=True,
    )
    (folder / "client.key").chmod(0o600)


def services(fresh_for_s: int) -> str:
    """The house's services with its cache times and limits replaced."""
    text = ""
    for name, block in house("services").items():
        composite = "fresh_for_s" not in block
        times = "" if composite else f"fresh_for_s = {fresh_for_s}\nstale_for_s = 0\nabsent_for_s = 0\n"
        text += f'["{name}"]\n{times}deadline_ms = {block.get("deadline_ms", 5000)}\n{CLIENT_LIMITS}\n'
    return text


def house(name: str) -> dict:
    """One of the house's own configuration files, so that a new setting there is not forgotten here."""
    return tomllib.loads((places.ROOT / f"config/{name}.toml").read_text(encoding="utf-8"))


def parties(folder: Path, name: str, shape: Shape) -> str:
    """The house's agencies or carriers, all pointed at the upstream, limits out of the way, secrets in files of ours."""
    blocks = house(name)
    if name == "agencies":
        blocks |= {f"tax-{at}": blocks["tax"] for at in range(shape.more_agencies)}
        # C06 wants a client certificate; over plain HTTP it is only read.
        blocks["residence"]["tls"] = {"certificate": "../pki/client.pem", "key": "../pki/client.key"}
    text = ""
    for party, block in blocks.items():
        block = block | {"limits": PARTY_LIMITS}
        if "base_url" in block:
            path = shape.residence_path if party == "residence" else ""
            block["base_url"] = places.url("upstream") + path
        block["credentials"] = {
            kind: {key: secret(folder, one) for key, one in values.items()}
            for kind, values in block.get("credentials", {}).items()
        }
        text += toml(party, block)
    return text


def secret(folder: Path, reference: dict) -> dict:
    """A secret of the house's file, as a file that only we can read."""
    name = reference.get("env", "secret")
    file = folder / "secrets" / name
    file.touch(mode=0o600)
    file.write_text(f"bench-{name}")
    return {"file": f"../secrets/{name}"}


def toml(name: str, block: dict) -> str:
    """A table and those below it; JSON's texts, numbers and lists are TOML's."""
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in block.items()
        if not isinstance(value, dict)
    ]
    below = [toml(f"{name}.{key}", value) for key, value in block.items() if isinstance(value, dict)]
    return "\n".join([f"[{name}]", *lines, "", *below])


def folders(folder: Path, shape: Shape) -> tuple[Path, Path]:
    """The agency folders and schemas: the house's own, or copies with more of them."""
    adapters, schemas = places.ROOT / "adapters", places.ROOT / "schemas"
    if not shape.more_agencies:
        return adapters, schemas
    own = shutil.copytree(adapters, folder / "adapters"), shutil.copytree(schemas, folder / "schemas")
    for at in range(shape.more_agencies):
        another_agency(*own, f"{at}")
    return own


def another_agency(adapters: Path, schemas: Path, suffix: str) -> None:
    """Copies the tax agency's plain service under another name: folder, manifest, schema."""
    copy = adapters / f"tax_{suffix}"
    copy.mkdir()
    for name in ["adapter.toml", "tables.toml", "taxpayer.toml"]:
        text = (adapters / "tax" / name).read_text(encoding="utf-8")
        text = text.replace('agency  = "tax"', f'agency  = "tax-{suffix}"')
        text = text.replace('"tax.taxpayer"', f'"tax-{suffix}.taxpayer"')
        # Of the obligations' service, which is not copied.
        text = re.sub(r"(?ms)^\[shape\.obligation\].*?(?=^\[|\Z)", "", text)
        (copy / name).write_text(text, encoding="utf-8")
    schema = (schemas / "services/tax.taxpayer.v1.json").read_text(encoding="utf-8")
    (schemas / f"services/tax-{suffix}.taxpayer.v1.json").write_text(
        schema.replace("tax.taxpayer", f"tax-{suffix}.taxpayer"), encoding="utf-8"
    )


def executable() -> Path:
    """The gateway to measure: `LIENTHONG`, or the release build of this tree."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", places.ROOT / "target"))
    return Path(os.environ.get("LIENTHONG", target / "release/lienthong"))
