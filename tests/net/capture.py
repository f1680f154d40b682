#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Reads what comes in at an interface and checks it byte by byte, with nothing of the
program's own code: usage: capture.py INTERFACE SECONDS [COUNT]. Prints "ready" when it
listens, then one line of what it has seen, KEY=NUMBER each.
"""
import collections
import socket
import struct
import sys
import time

ETH_P_ALL = 3
PACKET_AUXDATA = 8
SOL_PACKET = 263
seen = collections.Counter()
numbers = set()
hops = set()
idents = set()
lengths = set()
wrong = []


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return total


def echo(message, pseudo, version):
    if checksum(pseudo + message) != 0xFFFF:
        wrong.append(f"v{version} ICMP checksum")
    kind = 8 if version == 4 else 128
    if message[0] != kind:
        seen["others"] += 1
        return
    seen[f"v{version}"] += 1
    number = struct.unpack("!I", message[16:20])[0]
    if number & 0xFFFF != struct.unpack("!H", message[6:8])[0]:
        wrong.append("the two numbers differ")
    if (version, number) in numbers:
        seen["twice"] += 1
    numbers.add((version, number))
    idents.add(message[4:6])
    lengths.add(len(message) - 8)


def packet(data):
    if data[0] >> 4 == 4:
        size = (data[0] & 15) * 4
        total = struct.unpack("!H", data[2:4])[0]
        if checksum(data[:size]) != 0xFFFF:
            wrong.append("IPv4 header checksum")
        if data[9] != 1 or struct.unpack("!H", data[6:8])[0] & 0x3FFF:
            seen["fragments" if data[9] == 1 else "others"] += 1
            return
        hops.add(data[8])
        if total > len(data):
            wrong.append("IPv4 length")
        echo(data[size:total], b"", 4)
        return
    total = struct.unpack("!H", data[4:6])[0]
    if data[6] == 44:
        seen["fragments"] += 1
        return
    if data[6] != 58:
        seen["others"] += 1
        return
    if total > len(data) - 40:
        wrong.append("IPv6 length")
    message = data[40 : 40 + total]
    if message[0] == 128:
        hops.add(data[7])
    echo(message, data[8:40] + struct.pack("!II", total, 58), 6)


def main():
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    link.bind((sys.argv[1], ETH_P_ALL))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    link.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    link.settimeout(0.2)
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else 1 << 30
    print("ready", flush=True)
    end = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < end and seen["v4"] + seen["v6"] < limit:
        try:
            frame, extra, _, address = link.recvmsg(65536, 256)
        except TimeoutError:
            continue
        if address[2] == socket.PACKET_OUTGOING:
            continue
        for level, kind, data in extra:
            # struct tpacket_auxdata: TP_STATUS_VLAN_VALID, tp_vlan_tci.
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data)
                if status & 16:
                    seen[f"vlan{tci & 0xFFF}"] += 1
        protocol = struct.unpack("!H", frame[12:14])[0]
        if protocol in (0x0800, 0x86DD):
            packet(frame[14:])
        else:
            seen["others"] += 1
    print(
        *(f"{key}={n}" for key, n in sorted(seen.items())),
        f"wrong={len(wrong)}",
        f"hops={','.join(str(n) for n in sorted(hops))}",
        f"idents={len(idents)}",
        f"lengths={','.join(str(n) for n in sorted(lengths))}",
        *sorted(set(wrong))[:3],
    )


main()
