"""Answers each line of JSON on standard input (folder, operation, call, replies) with how the reference evaluator ends, one line each."""
import json
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
import evaluate  # noqa: E402  (the reference evaluator of the examples)

adapters = {}


def ending(case):
    folder = case["folder"]
    if folder not in adapters:
        adapters[folder] = evaluate.Adapter(pathlib.Path(folder))
    adapter, said = adapters[folder], []
    for reply in case["replies"]:
        step = evaluate.next_step(adapter, case["operation"], case["call"], said)
        if step[0] != "send":
            return told(step)
        plan = adapter.exs[step[1]]
        told_reply, body = evaluate.read_reply(adapter, plan, (reply["status"], reply["type"], reply["text"]))
        said.append({"exchange": step[1], "reply": told_reply, "body": body})
    return told(evaluate.next_step(adapter, case["operation"], case["call"], said))


def told(step):
    kind, word, value = step[0], step[1], step[2]
    if kind == "outcome":
        return {"kind": kind, "word": word, "value": evaluate.plain(value)}
    return {"kind": kind, "word": word}


for line in sys.stdin:
    try:
        print(json.dumps(ending(json.loads(line)), ensure_ascii=False), flush=True)
    except Exception as failure:  # the oracle has no type checks of its own
        print(json.dumps({"kind": "crash", "word": type(failure).__name__}), flush=True)
