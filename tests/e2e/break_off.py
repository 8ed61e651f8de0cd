#!/usr/bin/python3
"""break_off.py - clients that leave in the middle of a handshake.

  break_off.py PORT COUNT SECONDS

Each of COUNT clients at once sends its ClientHello and resets the connection SECONDS later,
unless it was answered before. Prints how many were not.
"""
import socket
import ssl
import struct
import sys
import threading

port, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
unanswered = []


def leave():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port))
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.settimeout(seconds)
    try:
        context.wrap_socket(plain).close()
    except TimeoutError:
        unanswered.append(1)
    except OSError:
        pass
    plain.close()


threads = [threading.Thread(target=leave) for _ in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(unanswered))
