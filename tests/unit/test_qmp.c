// SPDX-License-Identifier: GPL-2.0-or-later
/* QMP against a QEMU that is a socket. */
#include "base/num.h"
#include "board/power/qmp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct loop *loop;
	struct qmp *qmp;
	int fd, qemu;
	char event[64], error[64];
	unsigned int replies;
};

static void on_event(void *arg, const char *event, bool by_guest, const char *device)
{
	struct fixture *f = arg;

	snprintf(f->event, sizeof(f->event), "%s %d %s", event, by_guest, device ?: "-");
}

static void on_reply(void *arg, const char *error)
{
	struct fixture *f = arg;

	f->replies++;
	snprintf(f->error, sizeof(f->error), "%s", error ?: "none");
}

/* What QEMU was told last. */
static const char *told(const struct fixture *f)
{
	static char bytes[512];
	ssize_t n = recv(f->qemu, bytes, sizeof(bytes) - 1, MSG_DONTWAIT);

	bytes[n > 0 ? n : 0] = '\0';
	return bytes;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void tell(const struct fixture *f, const char *line)
{
	assert_int_equal(send(f->qemu, line, strlen(line), 0), strlen(line));
	assert_int_equal(loop_until(f->loop, never, NULL,
				    loop_now_ns() + 5 * NS_PER_MSEC),
			 -ETIMEDOUT);
}

static int set_up(void **state)
{
	static struct fixture f;
	int pair[2];

	f = (struct fixture){ 0 };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	f.fd = pair[0];
	f.qemu = pair[1];
	assert_int_equal(loop_new(&f.loop), 0);
	assert_int_equal(qmp_new(f.loop, f.fd, on_event, &f, &f.qmp), 0);
	tell(&f, "{\"QMP\": {}}\n");
	assert_string_equal(told(&f), "{\"execute\": \"qmp_capabilities\"}\n");
	assert_false(qmp_is_ready(f.qmp));
	tell(&f, "{\"return\": {}}\n");
	assert_true(qmp_is_ready(f.qmp));
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	qmp_free(f->qmp);
	loop_free(f->loop);
	close(f->fd);
	close(f->qemu);
	return 0;
}

static void events_name_their_device(void **state)
{
	struct fixture *f = *state;

	tell(f, "{\"event\": \"RESET\", \"data\": {\"guest\": true}}\n");
	assert_string_equal(f->event, "RESET 1 -");
	tell(f, "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"test\"}}\n");
	assert_string_equal(f->event, "DEVICE_DELETED 0 test");
	/* Of a device's parts, which have no name. */
	tell(f, "{\"event\": \"DEVICE_DELETED\", \"data\": {\"path\": \"/x\"}}\n");
	assert_string_equal(f->event, "DEVICE_DELETED 0 -");
}

static void a_call_is_answered_once(void **state)
{
	struct fixture *f = *state;
	const struct qmp_call call = { "device_add", "driver=edu,id=test,on", on_reply,
				       f };

	assert_int_equal(qmp_call(f->qmp, &call), 0);
	assert_string_equal(
		told(f), "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"edu\","
			 "\"id\":\"test\",\"on\":\"on\"},\"id\":1}\n");
	assert_int_equal(qmp_call(f->qmp, &call), -EBUSY);
	/* Of a command that is not waited for. */
	tell(f, "{\"return\": {}}\n");
	assert_int_equal(f->replies, 0);
	tell(f, "{\"return\": {}, \"id\": 1}\n");
	assert_int_equal(f->replies, 1);
	assert_string_equal(f->error, "none");
	tell(f, "{\"return\": {}, \"id\": 1}\n");
	assert_int_equal(f->replies, 1);
	assert_int_equal(qmp_call(f->qmp, &call), 0);
}

static void a_refusal_is_told_with_its_reason(void **state)
{
	struct fixture *f = *state;
	const struct qmp_call call = { "device_del", "id=test", on_reply, f };

	assert_int_equal(qmp_call(f->qmp, &call), 0);
	tell(f,
	     "{\"id\": 1, \"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"no\"}}\n");
	assert_string_equal(f->error, "no");
	assert_int_equal(qmp_call(f->qmp, &call), 0);
	tell(f, "{\"id\": 2, \"error\": {}}\n");
	assert_string_equal(f->error, "?");
}

/* A line without an end must not take memory without an end. */
static void endless_lines_break_it(void **state)
{
	struct fixture *f = *state;
	static char bytes[65536];
	unsigned int sent = 0;

	memset(bytes, 'x', sizeof(bytes));
	while (!f->event[0] && sent < 64) {
		ssize_t n = send(f->qemu, bytes, sizeof(bytes), MSG_DONTWAIT);

		sent += n == (ssize_t)sizeof(bytes);
		qmp_catch_up(f->qmp);
	}
	assert_string_equal(f->event, QMP_BROKEN " 0 -");
	assert_in_range(sent, 16, 20);
	assert_false(qmp_is_ready(f->qmp));
	qmp_catch_up(f->qmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_name_their_device, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_call_is_answered_once, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(endless_lines_break_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_refusal_is_told_with_its_reason, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
