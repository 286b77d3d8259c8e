"""Where everything lies and listens."""

import os
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent.parent
#: Outside git: what is installed, generated and recorded.
WORK = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "bench"
RESULTS = BENCH / "results.json"

HOST = "127.0.0.1"
#: The measured program's core, and the one of load generator and upstream.
MEASURED_CORE, OTHER_CORE = 0, 1

PORTS = {
    "upstream": 18100,
    "nginx": 18101,
    "nginx-lua": 18102,
    "varnish": 18103,
    "envoy": 18104,
    "envoy-admin": 18105,
    "pingora": 18106,
    "fastify": 18107,
    "hive": 18108,
    "openloop": 18109,
}


def url(peer: str) -> str:
    """The address of one of the fixed ports."""
    return f"http://{HOST}:{PORTS[peer]}"
