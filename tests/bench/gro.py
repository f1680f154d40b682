#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Switches generic receive offload of an interface on: usage: gro.py INTERFACE."""
import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL, ETHTOOL_SGRO = 0x8946, 0x2C
value = array.array("B", struct.pack("II", ETHTOOL_SGRO, 1))
request = struct.pack("16sP8x", sys.argv[1].encode(), value.buffer_info()[0])
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), SIOCETHTOOL, request)
