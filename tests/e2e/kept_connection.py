#!/usr/bin/env python3
# kept_connection.py - one HTTPS connection with a client certificate, before and after.
#
#   kept_connection.py PORT ROOT CERTIFICATE KEY COMMAND...
#
# Asks twice over the same connection, and runs the command in between. Prints each answer.
import http.client
import ssl
import subprocess
import sys

port, root, certificate, key, *command = sys.argv[1:]
context = ssl.create_default_context(cafile=root)
context.load_cert_chain(certificate, key)
connection = http.client.HTTPSConnection("localhost", int(port), context=context, timeout=20)


def ask():
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    print(answer.status, answer.getheader("Connection"), answer.read().decode(), flush=True)


ask()
socket = connection.sock
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
ask()
if connection.sock not in (socket, None):
    sys.exit("not the same connection")
