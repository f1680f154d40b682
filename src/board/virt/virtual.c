// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QEMU is a child; its console (port.c), QMP and network are files that it inherits.
 * The network's board end stays open here too, so that a new QEMU finds the same wire and
 * the load need not know.
 */

#include "base/log.h"
#include "base/num.h"
#include "board/console/console.h"
#include "board/control/control.h"
#include "board/control/machine.h"
#include "board/kinds.h"
#include "board/power/qmp_power.h"
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* QEMU has built its machine after 0.2 s; a busy host may take many times that. */
#define START_LIMIT_NS (30 * NS_PER_SEC)

/* A few hundred frames: what a busy host may let wait for a moment. */
#define NET_BUFFER (1 << 20)

struct virtual
{
	struct target target;
	struct loop *loop;
	struct board_image image;
	char *name, *log_path;
	char **argv;
	char *device; /* to unplug: arguments of device_add; NULL: there is none */
	struct child *qemu;
	struct port port;
	int qmp_fd; /* our end */
	int net_board_fd;
	char gone[256]; /* why QEMU ended, empty: it runs */
};

static struct virtual *virtual_of(struct target *t)
{
	return (struct virtual *)t;
}

static void on_exit_status(void *arg, int status)
{
	struct virtual *v = arg;
	char how[64], words[160] = "";

	if (v->target.console)
		stream_drain(v->target.console);
	/* QEMU's last line in its log is where it explains why it gave up. */
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		last_words(v->log_path, words, sizeof(words));
	snprintf(v->gone, sizeof(v->gone), "qemu ended by %s%s%s",
		 child_describe_status(how, sizeof(how), status), words[0] ? ": " : "",
		 words);
	target_ended(&v->target, v->gone);
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
	/* The console first: target_close() says why. */
	if (v->target.console)
		v->target.console->ops->close(v->target.console);
	v->target.console = NULL;
	port_close(&v->port);
	qmp_power_detach(v->target.power);
	child_free(v->qemu);
	v->qemu = NULL;
	mem_close_fd(&v->qmp_fd);
}

static int start_qemu(struct virtual *v)
{
	_cleanup_close_ int qmp_board = -1;
	int pair[2], r;

	v->gone[0] = '\0';
	r = port_open(v->image.board, v->device, &v->port);
	if (r < 0)
		return r;
	r = make_pair(SOCK_STREAM, pair);
	if (r < 0)
		return r;
	v->qmp_fd = pair[0];
	qmp_board = pair[1];
	r = qmp_power_attach(v->target.power, v->loop, v->qmp_fd);
	if (r < 0)
		return r;

	struct child_fd fds[PORT_FDS_MAX + 2] = { { qmp_board, BOARD_FD_QMP } };
	size_t n = 1;

	while (n <= v->port.n_board) {
		fds[n] = v->port.board[n - 1];
		n++;
	}
	if (!v->image.tap)
		fds[n++] = (struct child_fd){ v->net_board_fd, BOARD_FD_NET };
	const struct child_spec spec = { .argv = (const char *const *)v->argv,
					 .fds = fds,
					 .n_fds = n,
					 .error_path = v->log_path,
					 .on_exit = on_exit_status,
					 .arg = v,
					 .die_with_us = true };
	log_command(spec.argv);
	r = child_start(v->loop, &spec, &v->qemu);
	port_give_away(&v->port);
	return r;
}

/* From here on what the board prints is reported. */
static int start_console(struct virtual *v)
{
	return stream_open(v->loop, v->port.in, v->port.out, &v->target);
}

static bool is_started(void *arg)
{
	struct virtual *v = arg;

	return v->gone[0] || qmp_power_is_ready(v->target.power);
}

static int virtual_cycle(struct target *t)
{
	struct virtual *v = virtual_of(t);
	int r;

	stop_qemu(v);
	r = start_qemu(v);
	return r < 0 ? r : start_console(v);
}

/* Its console and power switch are closed. */
static void virtual_close(struct target *t)
{
	struct virtual *v = virtual_of(t);

	port_close(&v->port);
	child_free(v->qemu);
	mem_close_fd(&v->qmp_fd);
	mem_close_fd(&v->target.wire.fd);
	mem_close_fd(&v->net_board_fd);
	board_argv_free(v->argv);
	free(v->device);
	free(v->name);
	free(v->log_path);
	board_image_done(&v->image);
	free(v);
}

static int open_network(struct virtual *v)
{
	int pair[2], r;

	if (v->image.tap) {
		v->target.wire.interface = v->image.tap;
		v->target.wire.addresses[0] = BOARD_NET_TARGET_V4;
		v->target.wire.addresses[1] = BOARD_NET_TARGET_V6;
		return 0;
	}
	r = make_pair(SOCK_DGRAM, pair);
	if (r < 0)
		return r;
	v->target.wire.fd = pair[0];
	v->net_board_fd = pair[1];
	set_buffer(pair[0], SO_SNDBUF, NET_BUFFER);
	set_buffer(pair[1], SO_SNDBUF, NET_BUFFER);
	return 0;
}

static int start(struct virtual *v)
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
	return r < 0 ? log_errno(r, "%s does not start", v->name) : 0;
}

static struct virtual *virtual_new(struct loop *loop, const struct target_spec *spec,
				   const struct board_image *image_take)
{
	const struct board_device *device = &image_take->device;
	struct virtual *v = xcalloc(1, sizeof(*v));

	*v = (struct virtual){
		.loop = loop,
		.image = *image_take,
		.name = xstrdup(spec->name),
		.log_path = xstrdup(spec->log_path),
		.argv = board_argv(image_take),
		.device = device->words ? xasprintf("driver=%s", device->words) : NULL,
		.port = PORT_CLOSED,
		.qmp_fd = -1,
		.net_board_fd = -1,
	};
	v->target = (struct target){
		.name = v->name,
		.wire.fd = -1,
		.worker = "iommu-stress-worker",
		.test_device = device->bdf,
		.port_drops = image_take->board->port_drops,
		.events = spec->events,
		.close = virtual_close,
	};
	memcpy(v->target.wire.mac, v->image.mac, sizeof(v->image.mac));
	v->target.control = console_shell_open(&v->target);
	qmp_power_open(&(struct qmp_machine){ &v->target, v->device, virtual_cycle });
	return v;
}

const struct board *virtual_board(const char *name)
{
	return board_find(name + strlen("virt:"));
}

static int check_qemu(const struct board *board)
{
	if (board_has_qemu(board))
		return 0;
	log_error("%s is missing: apt install %s", board->qemu, board->package);
	return -ENOENT;
}

int virtual_prepare(const char *name, const struct board_options *options)
{
	struct board_image image = { 0 };
	int r = check_qemu(virtual_board(name));

	if (r == 0)
		r = board_prepare(virtual_board(name), options, &image);
	board_image_done(&image);
	return r;
}

int virtual_open(struct loop *loop, const struct target_spec *spec, struct target **ret)
{
	const struct board *board = virtual_board(spec->name);
	struct board_image image = { 0 };
	struct virtual *v;
	int r = board_prepare(board, spec->board, &image);

	if (r == 0)
		r = check_qemu(board);
	if (r < 0) {
		board_image_done(&image);
		return r;
	}
	v = virtual_new(loop, spec, &image);
	r = start(v);
	v->target.open = r == 0;
	if (r < 0)
		target_close(&v->target);
	else
		*ret = &v->target;
	return r;
}
