# DABBA_URL=https://app.example/dabba DABBA_SECRET=… python3 examples/producer.py email.welcome '{"email":"ada@example.com"}'
"""How does another language enqueue a task? By the OpenAPI document, with the standard library."""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

BASE = os.environ["DABBA_URL"].rstrip("/")
BEARER = {"Authorization": f"Bearer {os.environ['DABBA_SECRET']}"}


def call(method, url, body=None, headers=None):
    """Sends a request; gives the status, the headers and the JSON that came back."""
    headers = {**(headers or {})}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


def operation_of(document, task):
    """Finds the operation that enqueues a task."""
    for path, methods in document["paths"].items():
        if methods.get("post", {}).get("summary") == f"Enqueues {task}":
            return path, methods["post"]
    raise SystemExit(f"No task {task!r} in the document")


def resolve(document, schema):
    """Follows a reference within the document."""
    while "$ref" in schema:
        part = document
        for key in schema["$ref"].split("/")[1:]:
            part = part[key]
        schema = part
    return schema


def main(task, text):
    document_url = f"{BASE}/openapi.json"
    _, _, document = call("GET", document_url)
    server = urllib.parse.urljoin(document_url, document["servers"][0]["url"]).rstrip("/")
    path, operation = operation_of(document, task)
    content = operation["requestBody"]["content"]["application/json"]
    schema = resolve(document, content["schema"])
    print("takes", sorted(schema.get("properties", {})), "needs", schema.get("required", []))

    # With an id of one's own the request may be sent again: the second one answers 409.
    query = urllib.parse.urlencode({"id": uuid.uuid4().hex})
    status, headers, body = call("POST", f"{server}{path}?{query}", json.loads(text), BEARER)
    if status not in (202, 409):
        issues = body["error"].get("issues", [])
        raise SystemExit(f"refused, {status}: {body['error']['message']} {issues}")
    print("enqueued", status)

    message_url = urllib.parse.urljoin(server, headers["Location"])
    while True:
        _, headers, message = call("GET", message_url, headers=BEARER)
        if message["state"] in ("succeeded", "dead", "cancelled", "expired"):
            print(message["state"], json.dumps(message.get("output")))
            return
        time.sleep(int(headers.get("Retry-After", "1")))


if __name__ == "__main__":
    main(*sys.argv[1:3])
