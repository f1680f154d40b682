#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Takes an interface down for a while and up again, as a board that reboots, and prints how
many microseconds later the first echo request came: usage: return.py INTERFACE SECONDS.
From before the interface is told to come up, so this is the most that it can have been.
"""
import fcntl
import socket
import struct
import sys
import time

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
SO_TIMESTAMPNS = 35
ETH_P_ALL = 3
LIMIT = 10

name = sys.argv[1].encode()
control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def set_up(up):
    request = struct.pack("16sH14x", name, 0)
    flags = struct.unpack("16sH14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
    flags = flags | IFF_UP if up else flags & ~IFF_UP
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", name, flags))


def is_echo(frame):
    if frame[12:14] == b"\x08\x00":
        return frame[23] == 1 and frame[34] == 8
    return frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 128


def main():
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    link.bind((sys.argv[1], ETH_P_ALL))
    link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    set_up(False)
    time.sleep(float(sys.argv[2]))
    # What came before it was down, and the error that says it went.
    link.setblocking(False)
    while True:
        try:
            link.recv(65536)
        except BlockingIOError:
            break
        except OSError:
            pass
    link.settimeout(LIMIT)
    begin = time.clock_gettime_ns(time.CLOCK_REALTIME)
    set_up(True)
    while True:
        try:
            frame, extra, _, address = link.recvmsg(65536, 256)
        except TimeoutError:
            print("none within", LIMIT, "s")
            return
        except OSError:
            continue
        if address[2] == socket.PACKET_OUTGOING or not is_echo(frame):
            continue
        seconds, nanoseconds = struct.unpack("qq", extra[0][2])
        print((seconds * 1000000000 + nanoseconds - begin) // 1000)
        return


main()
