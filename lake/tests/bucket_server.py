"""Serves a bucket by S3 until its standard input ends, and tells its port.

    bucket_server.py BUCKET
"""

import sys
import threading

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else each answer waits for the acknowledgement of its headers.
    wbufsize, disable_nagle_algorithm = 1 << 16, True

    def log(self, *_):
        pass


def main(bucket):
    application, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_at_a_time(environ, start_response):
        # moto looks whether an object is there and makes it in two steps; a real server lets only one of two writers do so.
        with lock:
            return list(application(environ, start_response))

    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{server.server_port}", region_name="us-east-1",
                          aws_access_key_id="planted-id", aws_secret_access_key="planted-secret")
    client.create_bucket(Bucket=bucket)
    print(server.server_port, flush=True)
    sys.stdin.read()


main(sys.argv[1])
