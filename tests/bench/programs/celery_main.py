"""Enqueues with Celery one by one, then processes with two worker processes."""

import json
import os
import subprocess
import sys
import time

import redis
from celery import Celery

PORT = int(os.environ.get("BENCH_REDIS_PORT") or sys.argv[2])
app = Celery("celery_main", broker=f"redis://127.0.0.1:{PORT}/0")
# No result, as nobody reads one; and a message is acknowledged when it is done, as Dabba's are.
app.conf.update(task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=100)


@app.task(name="email.send")
def send(i, email):
    pass


def main(messages):
    store = redis.Redis(port=PORT)
    started = time.perf_counter()
    for i in range(messages):
        send.delay(i, "a@example.com")
    enqueued = time.perf_counter()
    here = os.path.dirname(os.path.abspath(__file__))
    command = [sys.executable, "-m", "celery", "-A", "celery_main", "worker", "-c", "2"]
    worker = subprocess.Popen(
        command + ["--loglevel=ERROR"],
        cwd=here,
        env={**os.environ, "BENCH_REDIS_PORT": str(PORT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # The clock starts with the first message, not with the worker's start.
    while store.llen("celery") == messages and worker.poll() is None:
        time.sleep(0.005)
    begun = time.perf_counter()
    while (store.llen("celery") or store.hlen("unacked")) and worker.poll() is None:
        time.sleep(0.01)
    ended = time.perf_counter()
    if worker.poll() is not None:
        raise SystemExit("the worker has ended by itself")
    worker.terminate()
    worker.wait()
    print(json.dumps({
        "enqueuePerSecond": messages / (enqueued - started),
        "processPerSecond": messages / (ended - begun),
    }))


if __name__ == "__main__":
    main(int(sys.argv[1]))
