"""Pushes to a server that speaks S3, with something wrong in between, and compares what is there with what was pushed.

    bucket_faults.py late|silent|cut|credentials|revoked|gone PROGRAM DIRECTORY
"""

import json
import logging
import os
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer

import boto3
import moto.settings
from engines import Home, Proxy, asked_of_copy, run
from moto.server import ThreadedMotoServer

PLACE = "s3://lake/team/one"
SECRETS = ["planted-secret", "planted-id"]


class Between(Proxy):
    """Does with a request what `rule` says of it."""

    is_over = threading.Event()

    @staticmethod
    def rule(count, method, path):
        return None

    @staticmethod
    def begin(rule):
        Between.count, Between.kinds, Between.rule = 0, [], staticmethod(rule)

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        with Between.lock:
            Between.count += 1
            kind = Between.rule(Between.count, self.command, self.path)
            if kind:
                Between.kinds.append(kind)
        if kind == "cut body":
            self.rfile.read(length // 2)
            return self.close()
        body = self.rfile.read(length)
        if kind == "silent":
            Between.is_over.wait()
            return self.close()
        answer, content = self.ask(body)
        if isinstance(kind, int):
            time.sleep(kind)
        if kind == "cut answer":
            self.pass_on(answer, content, len(content) // 2)
            self.wfile.flush()
            return self.close()
        self.pass_on(answer, content)


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


class Lake:
    """Is a bucket with what was pushed to it."""

    def __init__(self, program, root):
        self.program, self.root = program, root
        self.home = Home(3)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        Between.server_port = self.server.get_host_and_port()[1]
        proxy = Quiet(("127.0.0.1", 0), Between)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        self.environment = {
            "PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "planted-id", "AWS_SECRET_ACCESS_KEY": "planted-secret",
            "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.server_port}", "AWS_ALLOW_HTTP": "true"}
        self.use("planted-id", "planted-secret")
        self.client.create_bucket(Bucket="lake")

    def use(self, id, secret):
        """Looks at the bucket with these credentials, and past what stands in between."""
        self.client = self.of("s3", id, secret)

    def of(self, service, id="planted-id", secret="planted-secret"):
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{Between.server_port}", region_name="us-east-1",
                            aws_access_key_id=id, aws_secret_access_key=secret)

    def push(self, code=0, environment=(), lines=None):
        return self.run(["push", PLACE], code, environment, self.home.grow(9) if lines is None else lines)

    def run(self, arguments, code=0, environment=(), lines=b""):
        said = run(self.program, arguments, lines, self.environment | dict(environment), code)
        assert not any(secret in said for secret in SECRETS), said
        return said

    def found(self):
        with tempfile.TemporaryDirectory(dir=self.root) as copy:
            return asked_of_copy(self.program, self.client, copy)

    def check(self):
        assert self.found() == self.home.figures()

    def fails(self, kind, words, code=1, environment=()):
        """A push fails and says so; what was there before is there, and nothing else."""
        before, lines = self.home.figures(), self.home.grow(9)
        said = self.push(code, environment, lines)
        failed = next(json.loads(line)["failed"] for line in said.splitlines() if line.startswith('{"failed"'))
        assert failed["kind"] == kind and words in failed["hint"], failed
        return before, lines, failed


def late(lake):
    # One comes after many seconds.
    Between.begin(lambda count, *_: 8 if count == 5 else None)
    lake.push()
    assert Between.kinds == [8]
    # These come when nobody waits any more; the server has done what it was asked for.
    Between.begin(lambda count, *_: 3 if count % 9 == 0 else None)
    lake.push(environment={"AWS_TIMEOUT": "1s"})
    assert len(Between.kinds) > 2
    Between.begin(lambda *_: None)
    lake.check()


def silent(lake):
    lake.push()
    for method in ("GET", "PUT"):
        Between.begin(lambda count, asked, path: "silent" if asked == method else None)
        before, lines, failed = lake.fails("timedOut", "see to the network and the endpoint", environment={"AWS_TIMEOUT": "1s"})
        # It was asked for again, and not for ever.
        assert 3 <= len(Between.kinds) < 99, Between.kinds
        assert lake.found() == before, failed
        Between.begin(lambda *_: None)
        lake.push(lines=lines)
        lake.check()
    Between.is_over.set()


def is_listing(path):
    return "list-type=2" in path


def cut(lake):
    def rule(count, method, path):
        if count % 5 == 0 and not is_listing(path):
            return {"PUT": "cut body", "GET": "cut answer"}.get(method)

    Between.begin(rule)
    for _ in range(3):
        lake.push()
        lake.run(["compact", PLACE, "--grace", "0"])
    assert set(Between.kinds) == {"cut body", "cut answer"}, Between.kinds
    lake.check()
    # A list that ends too early is no list, and where it goes on and on the run fails.
    for method, kind in (("GET", "cut answer"), ("PUT", "cut body")):
        Between.begin(lambda count, asked, path: kind if asked == method else None)
        before, lines, failed = lake.fails("io", "start the run again")
        assert lake.found() == before, failed
        Between.begin(lambda *_: None)
        lake.push(lines=lines)
        lake.check()


def with_rights(lake):
    """From here on the server looks at who asks for what."""
    users = lake.of("iam")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    keys = {}
    for user in ("owner", "pusher"):
        users.create_user(UserName=user)
        users.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy)
        keys[user] = users.create_access_key(UserName=user)["AccessKey"]
        SECRETS.extend([keys[user]["AccessKeyId"], keys[user]["SecretAccessKey"]])
    owner, pusher = keys["owner"], keys["pusher"]
    lake.use(owner["AccessKeyId"], owner["SecretAccessKey"])
    lake.environment |= {"AWS_ACCESS_KEY_ID": pusher["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": pusher["SecretAccessKey"]}
    moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

    def allow(actions):
        """The server is asked without a look at who asks: nobody has a right to change rights."""
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
        document = policy.replace('"s3:*"', json.dumps(actions))
        users.put_user_policy(UserName="pusher", PolicyName="all", PolicyDocument=document)
        moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

    return allow


def credentials(lake):
    with_rights(lake)
    lake.push()
    for wrong in ({"AWS_ACCESS_KEY_ID": "AKIAPLANTEDUNKNOWNID"}, {"AWS_SECRET_ACCESS_KEY": "planted-wrong"}):
        SECRETS.extend(wrong.values())
        before, lines, failed = lake.fails("denied", "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", environment=wrong)
        assert lake.found() == before, failed
        for command in ("compact", "files"):
            said = lake.run([command, PLACE], 1, wrong)
            assert "see to the credentials" in said, said
        lake.push(lines=lines)
        lake.check()


def revoked(lake):
    allow = with_rights(lake)
    lake.push()
    reads = ["s3:GetObject", "s3:ListBucket"]
    for revoking in (1, 3):
        def rule(count, method, path):
            writes = Between.kinds.count("write") + 1
            if method == "PUT" and writes == revoking:
                allow(reads)
            return "write" if method == "PUT" else None

        Between.begin(rule)
        before, lines, failed = lake.fails("denied", "what they may do: get, put, list and delete")
        assert "writing" in failed["message"], failed
        Between.begin(lambda *_: None)
        assert lake.found() == before, failed
        allow("s3:*")
        lake.push(lines=lines)
        lake.check()
    # Whoever may not read is told of that, too.
    allow(["s3:PutObject"])
    before, lines, failed = lake.fails("denied", "get, put, list and delete")
    allow("s3:*")
    lake.push(lines=lines)
    lake.check()


def gone(lake):
    lake.push()

    def remove():
        for page in lake.client.get_paginator("list_objects_v2").paginate(Bucket="lake"):
            for found in page.get("Contents", ()):
                lake.client.delete_object(Bucket="lake", Key=found["Key"])
        lake.client.delete_bucket(Bucket="lake")

    # It goes while the run looks what is there, among its files, and when only their manifest is missing.
    for goes in (lambda method, path: True, lambda method, path: method == "PUT", lambda method, path: "_manifests" in path and method == "PUT"):
        Between.begin(lambda *_: None)
        is_there = [True]

        def rule(count, method, path):
            if is_there[0] and goes(method, path):
                is_there[0] = False
                remove()

        Between.begin(rule)
        _, lines, failed = lake.fails("notFound", "see whether the directory or bucket is there", 3)
        assert "NoSuchBucket" in failed["message"] and not is_there[0], failed
        lake.run(["files", PLACE], 3)
        lake.client.create_bucket(Bucket="lake")
        lake.push(lines=lines)
        lake.check()


if __name__ == "__main__":
    parts = {part.__name__: part for part in (late, silent, cut, credentials, revoked, gone)}
    parts[sys.argv[1]](Lake(sys.argv[2], sys.argv[3]))
    # A request that was never answered still waits.
    sys.stdout.flush()
    os._exit(0)
