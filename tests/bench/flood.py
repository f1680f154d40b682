#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The flood against its peers, between two network namespaces that this makes itself (as root,
or in a user namespace): usage: flood.py PROGRAM [--seconds=S] [--repeats=N] [--rows=WORDS]
[--tools=WORDS] [--board=NAME] [--format=text|markdown].

Every tool is measured alike, by what the interfaces count and what CPU time its processes
take. Repeats are interleaved, so that what else the machine does hits all; a cell is the
median, and half of what lies between the least and the most. Where a row is against one of
its tools, that is worked out within each repeat. Peers that are not installed are left out.
"""
import collections
import contextlib
import os
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NEAR, FAR = "02:09:08:00:00:01", "02:09:08:00:00:02"
TICK = os.sysconf("SC_CLK_TCK")
options = dict(seconds="1", repeats="5", rows="", tools="", board="arm64", format="text")


def run(*words, **how):
    subprocess.run(words, check=True, **how)


def trafgen(size):
    path = os.path.join(scratch, f"trafgen-{size}")
    with open(path, "w") as config:
        config.write(
            f"{{ eth(da={FAR}, sa={NEAR}), ipv4(sa=10.9.8.1, da=10.9.8.2), "
            f"icmp4(type=8, code=0), fill(0x41, {size}) }}\n"
        )
    return ["trafgen", "--cpus", "1", "-o", "near", "-i", path]


def ours(engine, rate="max", measure="all"):
    def words(size):
        return [program, "flood", "10.9.8.2", f"--engine={engine}", f"--rate={rate}",
                f"--size={size}", f"--measure={measure}", "--for=60s"]

    return words


def without_bpf(words):
    """Then replies are counted at the socket, and not where they come in."""
    rights = "-bpf,-sys_admin"
    return lambda size: ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}",
                         *words(size)]


TOOLS = {
    "packet": ours("packet"),
    "turbo": ours("turbo"),
    "raw": ours("raw"),
    "none": ours("packet", measure="none"),
    "count": ours("packet", measure="count"),
    "all": ours("packet"),
    "count (socket)": without_bpf(ours("packet", measure="count")),
    "all (socket)": without_bpf(ours("packet")),
    "trafgen": trafgen,
    "mausezahn": lambda size: ["mausezahn", "near", "-A", "10.9.8.1", "-B", "10.9.8.2", "-a",
                               NEAR, "-b", FAR, "-t", "icmp", "ping", "-c", "0", "-p",
                               str(size)],
    "hping3": lambda size: ["hping3", "--icmp", "--flood", "-q", "-d", str(size), "10.9.8.2"],
    "ping -f": lambda size: ["ping", "-f", "-q", "-s", str(size), "10.9.8.2"],
}


def tool_words(tool, size):
    return TOOLS[tool](size)


def installed(tool):
    if tool in ("packet", "raw", "none", "count", "all", "frames max", "frames auto"):
        return True
    if tool.endswith(" (socket)"):
        return shutil.which("setpriv")
    if tool == "turbo":
        text = subprocess.run([program, "flood", "--engine=help"], capture_output=True,
                              text=True).stdout
        return "not possible" not in text.split("turbo", 1)[1].split("frames ")[0]
    return shutil.which(tool.split()[0])


# -- the two namespaces --------------------------------------------------------------------


def far(*words, **how):
    return subprocess.run(["nsenter", "-t", str(other.pid), "-n", *words], check=True, **how)


def make_network():
    global other
    run("ip", "link", "set", "lo", "up")
    other = subprocess.Popen(["unshare", "-n", "--kill-child", "sleep", "3600"])
    while os.readlink(f"/proc/{other.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
        time.sleep(0.01)
    run("ip", "link", "add", "near", "address", NEAR, "type", "veth", "peer", "name", "far",
        "address", FAR, "netns", str(other.pid))
    run("ip", "address", "add", "10.9.8.1/24", "dev", "near")
    run("ip", "link", "set", "near", "up")
    far("ip", "address", "add", "10.9.8.2/24", "dev", "far")
    far("ip", "link", "set", "far", "up")
    # XDP frames are only taken by an end that polls.
    far("python3", os.path.join(HERE, "gro.py"), "far", stdout=subprocess.DEVNULL)


class Dropper:
    """While it is entered, far's driver drops all that comes in."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["nsenter", "-t", str(other.pid), "-n", "python3", os.path.join(HERE, "drop.py"),
             "far"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        if self.process.stdout.readline() != "ready\n":
            self.process.wait()
            raise Lacking(f"no XDP at the receiver: {self.process.stderr.read().strip()}")

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def set_silent(silent):
    far("sh", "-c", f"echo {int(silent)} >/proc/sys/net/ipv4/icmp_echo_ignore_all")


@contextlib.contextmanager
def silence():
    """While it is entered, far's stack takes requests and answers none."""
    set_silent(True)
    try:
        yield
    finally:
        set_silent(False)


def set_receiver(cpu):
    """Whose time what comes in at far is handled in; None: the sender's."""
    mask = "0" if cpu is None else f"{1 << cpu:x}"
    far("unshare", "-m", "sh", "-c",
        "mount -t sysfs none /sys && "
        f"for q in /sys/class/net/far/queues/rx-*; do echo {mask} >$q/rps_cpus; done")


def counters(interface="near"):
    """Sent and received at it."""
    for line in open("/proc/net/dev"):
        name, _, rest = line.partition(":")
        if name.strip() == interface:
            fields = [int(n) for n in rest.split()]
            return fields[9], fields[1]
    return 0, 0


# -- one measurement -----------------------------------------------------------------------


def cpu_time(group):
    """Of all processes of a group, and of those of their children that have ended."""
    ticks = 0
    for name in os.listdir("/proc"):
        try:
            text = open(f"/proc/{name}/stat").read() if name.isdigit() else ""
        except OSError:
            continue
        fields = text[text.rfind(")") + 2 :].split()
        if len(fields) > 15 and int(fields[2]) == group:
            ticks += sum(int(n) for n in fields[11:15])
    return ticks / TICK


def start(tool, size):
    words = ["taskset", "-c", "0", *tool_words(tool, size)]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True)


def stop(process):
    """All of it: trafgen has workers, which outlive it."""
    for how in signal.SIGINT, signal.SIGKILL:
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            break
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        time.sleep(0.05)
    process.wait()


def measure(tool, size, receiver=contextlib.nullcontext):
    """Sent a second, replies a second, CPU microseconds for each packet sent."""
    process = start(tool, size)
    try:
        began = counters()[1]
        limit = time.monotonic() + 10
        while counters()[1] < began + 100 and time.monotonic() < limit:
            time.sleep(0.01)
        with receiver():
            time.sleep(0.3)
            before, cpu, begin = counters(), cpu_time(process.pid), time.monotonic()
            time.sleep(float(options["seconds"]))
            after, spent = counters(), cpu_time(process.pid) - cpu
            elapsed = time.monotonic() - begin
    finally:
        stop(process)
    sent, replies = after[0] - before[0], after[1] - before[1]
    return sent / elapsed, replies / elapsed, spent * 1e6 / max(sent, 1)


def returned(tool, size):
    """Microseconds from the return of the target's link to the first echo request."""
    process = start(tool, size)
    try:
        time.sleep(0.5)
        text = far("python3", os.path.join(HERE, "../net/return.py"), "far", "2",
                   capture_output=True, text=True).stdout
    finally:
        stop(process)
    return (float(text) if re.fullmatch(r"-?\d+\s*", text) else 10e6,)


def paced(rate):
    def one(tool, size):
        TOOLS["paced"] = ours("packet", rate)
        sent, _, cpu = measure("paced", size)
        return (sent - rate) / rate * 100, sent * cpu / 1e4

    return one


# -- a virtual board ------------------------------------------------------------------------

PEER, BOARD, BOARD_MAC = "192.0.2.1", "192.0.2.2", "52:54:00:12:34:56"
READY = "iommu-stress: phase=up "
WIRE_BUFFER = 1 << 20


class Board:
    """A real one, of `iommu-stress board shell`; only -netdev of its QEMU is ours."""

    def __init__(self, netdev, nic, fds=()):
        self.path = tempfile.mkdtemp(dir=scratch)
        for qemu in "qemu-system-aarch64", "qemu-system-x86_64", "qemu-system-s390x":
            if shutil.which(qemu):
                self.wrap(qemu, netdev)
        environment = dict(os.environ, PATH=f"{self.path}:{os.environ['PATH']}", TMPDIR=scratch)
        self.shell = subprocess.Popen(
            [program, "board", "shell", *nic, options["board"]], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=fds)

    def wrap(self, qemu, netdev):
        """A QEMU that takes this -netdev for the one that it is told."""
        with open(f"{self.path}/{qemu}", "w", opener=lambda p, f: os.open(p, f, 0o755)) as file:
            file.write(f"""#!/bin/sh
for word; do
	case $word in dgram,id=n0,*) word={netdev} ;; esac
	set -- "$@" "$word"
	shift
done
exec {shutil.which(qemu)} "$@"
""")

    def wait_up(self):
        seen, end = b"", time.monotonic() + 120
        while READY.encode() not in seen and time.monotonic() < end:
            if not select.select([self.shell.stdout], [], [], 1)[0]:
                continue
            text = os.read(self.shell.stdout.fileno(), 65536)
            if not text:
                break
            seen += text
        if READY.encode() not in seen:
            last = seen.decode(errors="replace").strip().rpartition("\n")[2]
            raise Lacking(f"the board is not up: {last}")

    def __enter__(self):
        try:
            self.wait_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.shell.terminate()
        try:
            self.shell.wait(10)
        except subprocess.TimeoutExpired:
            self.shell.kill()
            self.shell.wait()
        self.shell.stdin.close()
        self.shell.stdout.close()


class Lacking(Exception):
    """What cannot be measured here, and why."""


def read_until(lines, wanted, limit):
    """The first sample that is wanted, or the last one before the limit."""
    sample, end = None, time.monotonic() + limit
    while time.monotonic() < end:
        line = lines.readline()
        if not line:
            break
        if not line.startswith("flood "):
            continue
        sample = dict(word.split("=", 1) for word in line.split()[1:])
        if wanted(sample):
            break
    if sample is None:
        raise Lacking("the flood says nothing")
    return {key: int(value) for key, value in sample.items() if value.isdigit()}


def over_socket(rate, size, nic):
    """Replies a second from a board at the other end of a unix socket."""
    near_end, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in near_end, far_end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WIRE_BUFFER)
    netdev = f"dgram,id=n0,local.type=fd,local.str={far_end.fileno()}"
    with near_end, far_end, Board(netdev, nic, [far_end.fileno()]):
        flood = subprocess.Popen(
            [program, "flood", f"--frames={near_end.fileno()}", f"--target-mac={BOARD_MAC}",
             f"--spec=v4,size={size},rate={rate}", "--format=lines", "--for=60s"],
            pass_fds=[near_end.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True)
        try:
            # What it can do is found out first; then as long as others have to settle.
            begin = read_until(flood.stdout, lambda s: s["state"] == "hold", 15)
            settled = begin["at"] + 300e6
            begin = read_until(flood.stdout, lambda s: int(s["at"]) >= settled, 5)
            until = begin["at"] + float(options["seconds"]) * 1e9
            end = read_until(flood.stdout, lambda s: int(s["at"]) >= until,
                             float(options["seconds"]) + 5)
        finally:
            stop_one(flood)
    if end["at"] == begin["at"]:
        raise Lacking("the flood has ended")
    return (end["replies"] - begin["replies"]) * 1e9 / (end["at"] - begin["at"])


def stop_one(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout and process.stdout.close()


def over_tap(words, size, nic):
    """The same board behind a tap, in the namespace that this has made: what comes out."""
    try:
        run("ip", "tuntap", "add", "dev", "board", "mode", "tap", stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        raise Lacking("a tap may not be made here: root and /dev/net/tun are needed") from None
    try:
        run("ip", "address", "add", f"{PEER}/24", "dev", "board")
        run("ip", "link", "set", "board", "up")
        with Board("tap,id=n0,ifname=board,script=no,downscript=no", nic):
            flood = subprocess.Popen([*words, "-s", str(size), BOARD], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                return tap_rate()
            finally:
                stop_one(flood)
    finally:
        run("ip", "link", "delete", "board")


def tap_rate():
    first, limit = counters("board")[1], time.monotonic() + 10
    while counters("board")[1] < first + 100 and time.monotonic() < limit:
        time.sleep(0.01)
    time.sleep(0.3)
    before, begin = counters("board")[1], time.monotonic()
    time.sleep(float(options["seconds"]))
    return (counters("board")[1] - before) / (time.monotonic() - begin)


def board(nic):
    def one(tool, size):
        if tool == "ping -f":
            return (over_tap(["ping", "-f", "-q"], size, nic),)
        return (over_socket(tool.split()[1], size, nic),)

    return one


# -- rows ----------------------------------------------------------------------------------

"""
tools: names, in the order of the lines. columns: name and scale of each value that one(tool,
size) returns. receiver: set_receiver. against: a last column, of a tool's first value and
that of the tool that is named.
"""
Row = collections.namedtuple("Row", "name title tools columns receiver size one against",
                             defaults=[None])
Against = collections.namedtuple("Against", "tool column value")

ALL = ["packet", "turbo", "trafgen", "mausezahn", "hping3", "ping -f"]
ON_BOARD = ["frames max", "frames auto", "ping -f"]
RATES = ("sent k/s", 1e-3), ("replies k/s", 1e-3), ("CPU us", 1)
PACED = ("error %", 1), ("CPU %", 1)
ANSWERED = (("replies/s", 1),)
COST = Against("none", "cost %", lambda own, other: (other - own) / other * 100)
TIMES = Against("ping -f", "x ping -f", lambda own, other: own / other)


def silent(tool, size):
    return measure(tool, size, silence)


def dropped(tool, size):
    return measure(tool, size, Dropper)


ROWS = [
    Row("one", "sender and receiver on one CPU, 64 B", ALL, RATES, None, 64, measure),
    Row("one1400", "sender and receiver on one CPU, 1,400 B", ALL, RATES, None, 1400, measure),
    Row("own", "receiver on a CPU of its own, 64 B", ALL, RATES, 1, 64, measure),
    Row("own1400", "receiver on a CPU of its own, 1,400 B", ALL, RATES, 1, 1400, measure),
    Row("silent", "receiver silent, 64 B, one CPU", ALL, RATES, None, 64, silent),
    Row("dropped", "receiver drops in its driver (XDP), 64 B, one CPU", ALL, RATES, None, 64,
        dropped),
    Row("raw", "raw sockets, answering, 64 B", ["raw", "ping -f", "hping3"], RATES, None, 64,
        measure),
    Row("rawsilent", "raw sockets, silent, 64 B", ["raw", "ping -f", "hping3"], RATES, None, 64,
        silent),
    Row("measure", "packet: replies ignored, counted, and read in part, 64 B, one CPU",
        ["none", "count (socket)", "all (socket)", "count", "all"], RATES, None, 64, measure,
        COST),
    Row("return", "first echo after the target's link returns",
        ["packet", "raw", "trafgen", "mausezahn", "hping3", "ping -f"], (("ms", 1e-3),), None,
        64, returned),
    Row("paced1k", "paced at 1,000/s", ["packet"], PACED, None, 64, paced(1000)),
    Row("paced10k", "paced at 10,000/s", ["packet"], PACED, None, 64, paced(10000)),
    Row("paced50k", "paced at 50,000/s", ["packet"], PACED, None, 64, paced(50000)),
    Row("board", "virtual board, its own network device: unix socket, or tap with ping -f, 64 B",
        ON_BOARD, ANSWERED, None, 64, board([]), TIMES),
    Row("boarde1000e", "virtual board, e1000e: unix socket, or tap with ping -f, 64 B",
        ON_BOARD, ANSWERED, None, 64, board(["--nic=e1000e"]), TIMES),
]


def cell(values, scale):
    """Median, and half of what lies between the least and the most."""
    middle = statistics.median(values) * scale
    return middle, (max(values) - min(values)) / 2 * scale


def measure_row(row):
    """Of each tool, its values of each repeat; a reason in place of what cannot be measured."""
    set_receiver(row.receiver)
    results = {tool: [] for tool in row.tools if installed(tool)}
    if options["tools"]:
        results = {t: r for t, r in results.items() if t in options["tools"].split(",")}
    for _ in range(int(options["repeats"])):
        for tool, values in results.items():
            if isinstance(values, str):
                continue
            try:
                values.append(row.one(tool, row.size))
            except Lacking as why:
                results[tool] = str(why)
    return results


def compared(row, results, tool):
    """Repeat by repeat; None: there is nothing to compare with."""
    base = row.against and results.get(row.against.tool)
    if not base or isinstance(base, str) or tool == row.against.tool:
        return None
    pairs = [(own[0], other[0]) for own, other in zip(results[tool], base) if other[0]]
    return [row.against.value(*pair) for pair in pairs] or None


def cells(row, results, tool):
    values = results[tool]
    one = [cell([v[i] for v in values], scale) for i, (_, scale) in enumerate(row.columns)]
    if row.against:
        others = compared(row, results, tool)
        one.append(others and cell(others, 1))
    return one


def column_names(row):
    return [name for name, _ in row.columns] + ([row.against.column] if row.against else [])


def print_text(row, results):
    print(f"{row.title}:")
    print(f"  {'':14}" + "".join(f"{name:>20}" for name in column_names(row)))
    for tool, values in results.items():
        if isinstance(values, str):
            print(f"  {tool:14} {values}", flush=True)
            continue
        print(f"  {tool:14}" + "".join(
            f"{f'{c[0]:.2f} ±{c[1]:7.2f}' if c else '':>20}"
            for c in cells(row, results, tool)), flush=True)


def print_markdown(row, results):
    """A table of its own, or more lines of the one before, when that has the same columns."""
    names = column_names(row)
    if getattr(print_markdown, "names", None) != names:
        print("\n| | | " + " | ".join(names) + " |")
        print("|---|---|" + "--:|" * len(names))
        print_markdown.names = names
    title = row.title
    for tool, values in results.items():
        if isinstance(values, str):
            words = [values] + [""] * (len(names) - 1)
        else:
            words = [f"{c[0]:,.2f} ± {c[1]:,.2f}" if c else "" for c in cells(row, results, tool)]
        print(f"| {title} | `{tool}` | " + " | ".join(words) + " |", flush=True)
        title = ""


def print_setting():
    """What a table says nothing without."""
    model = re.search(r"^model name\s*: (.*)", open("/proc/cpuinfo").read(), re.M)
    print(f"Linux {os.uname().release}, {os.cpu_count()} CPUs"
          f"{f' ({model[1]})' if model else ''}; {options['repeats']} repeats of "
          f"{options['seconds']} s, interleaved; median ± half of what lies between the least "
          "and the most.")


def main():
    words = options["rows"].split(",") if options["rows"] else [r.name for r in ROWS]
    tell = print_markdown if options["format"] == "markdown" else print_text
    make_network()
    try:
        if options["format"] == "markdown":
            print_setting()
        for row in ROWS:
            if row.receiver is not None and os.cpu_count() < 2:
                continue
            if row.name in words:
                tell(row, measure_row(row))
    finally:
        other.kill()


def enter():
    """Into namespaces of its own, all of whose processes end with this one."""
    flags = "-nmpf" if os.getuid() == 0 else "-rnmpf"
    os.execvp("unshare", ["unshare", flags, "--mount-proc", "--kill-child", "--",
                          sys.executable, *sys.argv, "--inside"])


if __name__ == "__main__":
    if "--inside" not in sys.argv:
        enter()
    program = os.path.abspath(sys.argv[1])
    for word in sys.argv[2:]:
        found = re.fullmatch(r"--(\w+)=(.*)", word)
        if found and found[1] in options:
            options[found[1]] = found[2]
        elif word != "--inside":
            sys.exit(f"flood.py: {word} is none of its options")
    with tempfile.TemporaryDirectory() as scratch:
        main()
