"""Enqueues with RQ one by one, then processes with one worker that ends when all is done."""

import json
import os
import subprocess
import sys
import time

import redis
from rq import Queue


def send(i, email):
    pass


def main(messages, port):
    store = redis.Redis(port=port)
    queue = Queue(connection=store)
    started = time.perf_counter()
    for i in range(messages):
        queue.enqueue("rq_main.send", i, "a@example.com", result_ttl=0)
    enqueued = time.perf_counter()
    here = os.path.dirname(os.path.abspath(__file__))
    worker = subprocess.Popen(
        [sys.executable, "-m", "rq.cli", "worker", "--burst", "--url", f"redis://127.0.0.1:{port}/0"],
        cwd=here,
        env={**os.environ, "PYTHONPATH": here, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # The clock starts with the first message, not with the worker's start.
    while queue.count == messages and worker.poll() is None:
        time.sleep(0.005)
    begun = time.perf_counter()
    while queue.count and worker.poll() is None:
        time.sleep(0.005)
    ended = time.perf_counter()
    worker.wait()
    if queue.count or queue.failed_job_registry.count:
        raise SystemExit("not all messages have succeeded")
    print(json.dumps({
        "enqueuePerSecond": messages / (enqueued - started),
        "processPerSecond": messages / (ended - begun),
    }))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
