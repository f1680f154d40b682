#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Has the driver of an interface drop all that comes in (XDP), until standard input ends:
usage: drop.py INTERFACE. Prints "ready", or why it cannot. bpf(2), linux/bpf.h.
"""
import ctypes
import os
import platform
import socket
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280, "s390x": 351}.get(platform.machine())
BPF_PROG_LOAD, BPF_LINK_CREATE = 5, 28
BPF_PROG_TYPE_XDP, BPF_XDP = 6, 37
XDP_DROP = 1
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    if SYS_BPF is None:
        sys.exit(f"no number of bpf(2) for {platform.machine()}")
    attributes = attributes.ljust(128, b"\0")
    fd = libc.syscall(SYS_BPF, command, attributes, len(attributes))
    if fd < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    return fd


# r0 = XDP_DROP; exit
code = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xB7, 0, 0, XDP_DROP, 0x95, 0, 0, 0))
license = ctypes.create_string_buffer(b"GPL")
program = bpf(BPF_PROG_LOAD, struct.pack("=IIQQ", BPF_PROG_TYPE_XDP, 2, ctypes.addressof(code),
                                         ctypes.addressof(license)))
link = bpf(BPF_LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex(sys.argv[1]),
                                        BPF_XDP, 0))
print("ready", flush=True)
sys.stdin.read()
