// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The virtual board as a target: QEMU is a child, its console, QMP and network are ends of
 * socket pairs that it inherits. The network's board end stays open here too, so that a
 * new QEMU finds the same wire and the load need not know.
 */
#include "base/log.h"
#include "base/num.h"
#include "board/console/console.h"
#include "board/control/machine.h"
#include "board/power/qmp.h"
#include "board/target.h"
#include "os/child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* QEMU has built its machine after 0.2 s; a busy host may take many times that. */
#define START_LIMIT_NS (30 * NS_PER_SEC)

/*
 * What QEMU may write ahead of us. The kernel counts about 768 bytes for each write of one
 * byte, so this is room for some 30: no more than a UART's FIFO would hide.
 */
#define CONSOLE_SEND_BUFFER 12000
/*
 * A board whose device is unplugged is not slowed down: when QEMU had to wait for us, an
 * 8250's driver would lose characters.
 */
#define CONSOLE_FAST_BUFFER (1 << 20)
/* A few hundred frames: what a busy host may let wait for a moment. */
#define NET_BUFFER (1 << 20)

struct virtual
{
	struct target target;
	struct loop *loop;
	struct target_events events;
	char *name, *log_path;
	char **argv;
	char *device;     /* to unplug: arguments of device_add; NULL: there is none */
	char *device_bdf; /* ... and where the board finds it */
	struct child *qemu;
	struct qmp *qmp;
	struct console *console;
	int console_fd, qmp_fd; /* our ends */
	int net_fd, net_board_fd;
	unsigned int baud;
	bool opened;        /* events may be reported */
	bool off;           /* the guest has powered it off, QEMU waits */
	bool cont_on_reset; /* was powered off: a reset leaves it stopped */
	char gone[256];     /* why QEMU ended, empty: it runs */
};

static struct virtual *virtual_of(struct target *t)
{
	return (struct virtual *)t;
}

/* -- what QEMU reports -------------------------------------------------------------- */

static void on_console(void *arg, const void *bytes, size_t n)
{
	struct virtual *v = arg;

	v->events.on_console(v->events.arg, bytes, n);
}

static void set_baud(struct virtual *v, unsigned int baud)
{
	v->baud = baud;
	if (v->console)
		console_set_baud(v->console, baud);
}

static void tell_device(struct virtual *v, const char *event, const char *why)
{
	if (v->opened && v->events.on_device)
		v->events.on_device(v->events.arg, event, why);
}

static void on_device_event(struct virtual *v, const char *event)
{
	if (!strcmp(event, "DEVICE_DELETED"))
		tell_device(v, "removed", NULL);
	if (!strcmp(event, "DEVICE_UNPLUG_GUEST_ERROR"))
		tell_device(v, "refused", "the board keeps it");
}

static void on_qmp_event(void *arg, const char *event, bool by_guest, const char *device)
{
	static const struct {
		const char *qemu, *by_guest, *by_host;
	} names[] = {
		{ "RESET", "reset", "host-reset" },
		{ "SHUTDOWN", "shutdown", "host-shutdown" },
		{ "POWERDOWN", "powerdown", "powerdown" },
		{ "GUEST_PANICKED", "panic", "panic" },
		{ "STOP", "stop", "stop" },
		{ "RESUME", "resume", "resume" },
	};
	struct virtual *v = arg;

	if (device && !strcmp(device, BOARD_DEVICE_ID))
		on_device_event(v, event);
	/*
	 * The kernel that was slowed down is gone. The next one shall not be: an 8250's
	 * driver waits 10 ms for its port, then characters are lost, perhaps the banner's.
	 */
	if (!strcmp(event, "SHUTDOWN") || !strcmp(event, "RESET"))
		set_baud(v, 0);
	if (!strcmp(event, "SHUTDOWN"))
		v->off = true;
	if (!strcmp(event, "RESUME"))
		v->off = false;
	if (!strcmp(event, "RESET") && v->cont_on_reset) {
		v->cont_on_reset = false;
		if (qmp_send(v->qmp, "cont") < 0)
			log_warning("cannot switch %s on again", v->name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(event, names[i].qemu) && v->opened)
			v->events.on_power(v->events.arg, by_guest ? names[i].by_guest :
								     names[i].by_host);
}

/* QEMU's last line in its log, where it explains why it gave up. */
static void add_last_words(struct virtual *v, char *reason, size_t size)
{
	char words[160];
	size_t used = strlen(reason);

	last_words(v->log_path, words, sizeof(words));
	if (words[0])
		snprintf(reason + used, size - used, ": %s", words);
}

static void on_exit_status(void *arg, int status)
{
	struct virtual *v = arg;
	char what[64];

	if (v->console)
		console_drain(v->console);
	snprintf(v->gone, sizeof(v->gone), "qemu ended by %s",
		 child_describe_status(what, sizeof(what), status));
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		add_last_words(v, v->gone, sizeof(v->gone));
	if (v->opened)
		v->events.on_gone(v->events.arg, v->gone);
}

/* -- starting and ending QEMU ------------------------------------------------------- */

static int make_pair(int type, int ret[2])
{
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret) < 0)
		return -errno;
	return 0;
}

static void set_buffer(int fd, int option, int size)
{
	(void)setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

static void stop_qemu(struct virtual *v)
{
	/*
	 * The console first: QEMU waits for it in the middle of its emulation, holding
	 * the lock that it needs to end.
	 */
	console_free(v->console);
	v->console = NULL;
	mem_close_fd(&v->console_fd);
	qmp_free(v->qmp);
	v->qmp = NULL;
	child_free(v->qemu);
	v->qemu = NULL;
	mem_close_fd(&v->qmp_fd);
	v->console_fd = v->qmp_fd = -1;
}

static int start_qemu(struct virtual *v)
{
	_cleanup_close_ int console_board = -1, qmp_board = -1;
	int pair[2], r;

	v->gone[0] = '\0';
	v->off = v->cont_on_reset = false;
	r = make_pair(SOCK_STREAM, pair);
	if (r < 0)
		return r;
	v->console_fd = pair[0];
	console_board = pair[1];
	set_buffer(console_board, SO_SNDBUF,
		   v->device ? CONSOLE_FAST_BUFFER : CONSOLE_SEND_BUFFER / 2);
	r = make_pair(SOCK_STREAM, pair);
	if (r < 0)
		return r;
	v->qmp_fd = pair[0];
	qmp_board = pair[1];
	r = qmp_new(v->loop, v->qmp_fd, on_qmp_event, v, &v->qmp);
	if (r < 0)
		return r;

	const struct child_fd fds[] = { { console_board, BOARD_FD_CONSOLE },
					{ qmp_board, BOARD_FD_QMP },
					{ v->net_board_fd, BOARD_FD_NET } };
	const struct child_spec spec = { .argv = (const char *const *)v->argv,
					 .fds = fds,
					 .n_fds = ARRAY_SIZE(fds),
					 .error_path = v->log_path,
					 .on_exit = on_exit_status,
					 .arg = v,
					 .die_with_us = true };
	log_command(spec.argv);
	return child_start(v->loop, &spec, &v->qemu);
}

/* From here on what the board prints is reported. */
static int start_console(struct virtual *v)
{
	int r = console_new(v->loop, v->console_fd, on_console, v, &v->console);

	if (r == 0)
		console_set_baud(v->console, v->baud);
	return r;
}

static bool is_started(void *arg)
{
	struct virtual *v = arg;

	return v->gone[0] || qmp_is_ready(v->qmp);
}

/* -- struct target_ops -------------------------------------------------------------- */

static int virtual_power(struct target *t, enum power_action action)
{
	struct virtual *v = virtual_of(t);
	int r;

	if (action == POWER_CYCLE) {
		stop_qemu(v);
		r = start_qemu(v);
		return r < 0 ? r : start_console(v);
	}
	if (!v->qmp || v->gone[0] || (v->off && action == POWER_RESET))
		return -ESRCH;
	v->cont_on_reset = action == POWER_ON;
	return qmp_send(v->qmp, "system_reset");
}

static int virtual_type(struct target *t, struct text bytes)
{
	struct virtual *v = virtual_of(t);

	return v->console ? console_type(v->console, bytes) : -EPIPE;
}

static void virtual_set_baud(struct target *t, unsigned int baud)
{
	set_baud(virtual_of(t), baud);
}

static int virtual_net_fd(struct target *t)
{
	return virtual_of(t)->net_fd;
}

static void on_removing(void *arg, const char *error)
{
	/* Done it is when the board lets go: an event. */
	if (error)
		tell_device(arg, "refused", error);
}

static void on_adding(void *arg, const char *error)
{
	tell_device(arg, error ? "refused" : "added", error);
}

static int virtual_plug(struct target *t, bool in)
{
	struct virtual *v = virtual_of(t);
	const struct qmp_call add = { "device_add", v->device, on_adding, v };
	const struct qmp_call remove = { "device_del", "id=" BOARD_DEVICE_ID, on_removing,
					 v };

	if (!v->device)
		return -EOPNOTSUPP;
	if (!v->qmp || v->gone[0])
		return -ESRCH;
	return qmp_call(v->qmp, in ? &add : &remove);
}

static void virtual_close(struct target *t)
{
	struct virtual *v = virtual_of(t);

	v->opened = false;
	stop_qemu(v);
	mem_close_fd(&v->net_fd);
	mem_close_fd(&v->net_board_fd);
	board_argv_free(v->argv);
	free(v->device);
	free(v->device_bdf);
	free(v->name);
	free(v->log_path);
	free(v);
}

static const struct target_ops virtual_ops = {
	.power = virtual_power,
	.type = virtual_type,
	.set_baud = virtual_set_baud,
	.net_fd = virtual_net_fd,
	.plug = virtual_plug,
	.close = virtual_close,
};

static int open_network(struct virtual *v)
{
	int pair[2], r = make_pair(SOCK_DGRAM, pair);

	if (r < 0)
		return r;
	v->net_fd = pair[0];
	v->net_board_fd = pair[1];
	set_buffer(v->net_fd, SO_SNDBUF, NET_BUFFER);
	set_buffer(v->net_board_fd, SO_SNDBUF, NET_BUFFER);
	return 0;
}

static int open_board(struct virtual *v)
{
	int r = open_network(v);

	if (r == 0)
		r = start_qemu(v);
	if (r < 0)
		return log_errno(r, "cannot start %s", v->argv[0]);
	r = loop_until(v->loop, is_started, v, loop_now_ns() + START_LIMIT_NS);
	if (v->gone[0]) {
		log_error("%s does not start: %s", v->name, v->gone);
		return -EINVAL;
	}
	if (r == 0)
		r = start_console(v);
	if (r < 0)
		return log_errno(r, "%s does not start", v->name);
	v->opened = true;
	return 0;
}

int virtual_open(struct loop *loop, const char *name, const struct board_image *image,
		 const char *log_path, const struct target_events *events,
		 struct target **ret)
{
	struct virtual *v;
	int r;

	if (!board_has_qemu(image->board)) {
		log_error("%s is missing: apt install %s", image->board->qemu,
			  image->board->package);
		return -ENOENT;
	}
	v = xcalloc(1, sizeof(*v));
	*v = (struct virtual){
		.target.ops = &virtual_ops,
		.loop = loop,
		.events = *events,
		.name = xstrdup(name),
		.log_path = xstrdup(log_path),
		.argv = board_argv(image),
		.device = image->device.words ?
				  xasprintf("driver=%s", image->device.words) :
				  NULL,
		.device_bdf = image->device.bdf ? xstrdup(image->device.bdf) : NULL,
		.console_fd = -1,
		.qmp_fd = -1,
		.net_fd = -1,
		.net_board_fd = -1
	};
	v->target.name = v->name;
	v->target.worker = "iommu-stress-worker";
	v->target.test_device = v->device_bdf;
	memcpy(v->target.mac, image->mac, sizeof(image->mac));
	r = open_board(v);
	if (r < 0)
		virtual_close(&v->target);
	else
		*ret = &v->target;
	return r;
}
