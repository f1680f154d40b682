// SPDX-License-Identifier: GPL-2.0-or-later
/* Protocol: docs/interop/qmp-spec.txt of QEMU. One JSON object a line, in both directions. */
#include "qmp.h"

#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* QEMU's longest is the greeting, of some hundred bytes. */
#define LINE_MAX_BYTES (1 << 20)

struct qmp {
	int fd;
	bool ready;
	struct loop_io *io;
	struct strbuf input;
	qmp_event_fn on_event;
	void *arg;
	struct qmp_call call; /* whose answer is awaited; on_reply NULL: none */
	json_int_t call_id;   /* of the last call */
};

static int send_line(struct qmp *qmp, const char *line)
{
	size_t n = strlen(line);
	ssize_t sent = send(qmp->fd, line, n, MSG_NOSIGNAL);

	/* QEMU reads at once, and a command is far smaller than the socket's buffer. */
	if (sent < 0)
		return -errno;
	return (size_t)sent == n ? 0 : -EAGAIN;
}

int qmp_send(struct qmp *qmp, const char *command)
{
	_cleanup_free_ char *line = xasprintf("{\"execute\": \"%s\"}\n", command);

	return send_line(qmp, line);
}

static json_t *arguments_of(const char *words)
{
	json_t *object = json_object();
	struct text rest = text_of(words);

	while (rest.n) {
		ptrdiff_t comma = text_find(rest, TEXT(","), 0);
		struct text word = { rest.s, comma < 0 ? rest.n : (size_t)comma };
		ptrdiff_t equal = text_find(word, TEXT("="), 0);
		size_t n = equal < 0 ? word.n : (size_t)equal;
		struct text value = text_from(word, n + 1);
		_cleanup_free_ char *name = xstrndup(word.s, n);

		/* QEMU takes a name alone for name=on. */
		json_object_set_new(object, name,
				    equal < 0 ? json_string("on") :
						json_stringn(value.s, value.n));
		rest = text_from(rest, word.n + 1);
	}
	return object;
}

int qmp_call(struct qmp *qmp, const struct qmp_call *call)
{
	_cleanup_free_ char *whole = NULL;
	json_t *message;
	char *line;
	int r;

	if (qmp->call.on_reply)
		return -EBUSY;
	message = json_pack("{s:s, s:o, s:I}", "execute", call->command, "arguments",
			    arguments_of(call->arguments), "id", ++qmp->call_id);
	line = message ? json_dumps(message, JSON_COMPACT) : NULL;
	json_decref(message);
	if (!line)
		return -EINVAL;
	whole = xasprintf("%s\n", line);
	free(line);
	r = send_line(qmp, whole);
	if (r == 0)
		qmp->call = *call;
	return r;
}

/* False: it answers something else. */
static bool take_reply(struct qmp *qmp, const json_t *message, const json_t *error)
{
	const struct qmp_call call = qmp->call;
	const json_t *id = json_object_get(message, "id");

	if (!call.on_reply || json_integer_value(id) != qmp->call_id)
		return false;
	qmp->call.on_reply = NULL;
	call.on_reply(call.arg,
		      error ? json_string_value(json_object_get(error, "desc")) ?: "?" :
			      NULL);
	return true;
}

static void take_message(struct qmp *qmp, json_t *message)
{
	const char *event = json_string_value(json_object_get(message, "event"));
	const json_t *data = json_object_get(message, "data");
	const json_t *guest = json_object_get(data, "guest");
	json_t *error = json_object_get(message, "error");

	if (json_object_get(message, "QMP")) {
		int r = qmp_send(qmp, "qmp_capabilities");

		if (r < 0)
			log_errno(r, "cannot command QEMU");
	} else if (take_reply(qmp, message, error)) {
		return;
	} else if (error) {
		log_warning("QEMU refuses a command: %s",
			    json_string_value(json_object_get(error, "desc")) ?: "?");
	} else if (event) {
		qmp->on_event(qmp->arg, event, json_is_true(guest),
			      json_string_value(json_object_get(data, "device")));
	} else {
		qmp->ready = true;
	}
}

static void take_lines(struct qmp *qmp)
{
	struct text rest = { qmp->input.s, qmp->input.n };
	struct strbuf left = { 0 };
	ptrdiff_t end;

	while ((end = text_find(rest, TEXT("\n"), 0)) >= 0) {
		json_t *message =
			json_loadb(rest.s, (size_t)end, JSON_REJECT_DUPLICATES, NULL);

		if (message)
			take_message(qmp, message);
		json_decref(message);
		rest = text_from(rest, (size_t)end + 1);
	}
	strbuf_add(&left, rest);
	strbuf_done(&qmp->input);
	qmp->input = left;
}

static void stop_listening(struct qmp *qmp)
{
	loop_io_events(qmp->io, 0);
	loop_io_free(qmp->io);
	qmp->io = NULL;
}

/* False: nothing more is there. */
static bool read_some(struct qmp *qmp)
{
	char bytes[4096];
	ssize_t n = recv(qmp->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0) {
		strbuf_add(&qmp->input, (struct text){ bytes, (size_t)n });
		take_lines(qmp);
		if (qmp->input.n > LINE_MAX_BYTES) {
			stop_listening(qmp);
			strbuf_done(&qmp->input);
			qmp->ready = false;
			qmp->on_event(qmp->arg, QMP_BROKEN, false, NULL);
			return false;
		}
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* That QEMU has ended is told by its process. */
		stop_listening(qmp);
	}
	return n > 0;
}

static void on_readable(void *arg, uint32_t events)
{
	(void)events;
	(void)read_some(arg);
}

void qmp_catch_up(struct qmp *qmp)
{
	/* Bounded: who sends without end is no QEMU. */
	for (int i = 0; qmp && qmp->io && i < 256 && read_some(qmp); i++)
		;
}

int qmp_new(struct loop *loop, int fd, qmp_event_fn on_event, void *arg, struct qmp **ret)
{
	struct qmp *qmp = xcalloc(1, sizeof(*qmp));
	int r;

	*qmp = (struct qmp){ .fd = fd, .on_event = on_event, .arg = arg };
	r = loop_io_add(loop, fd, EPOLLIN, on_readable, qmp, &qmp->io);
	if (r < 0) {
		free(qmp);
		return r;
	}
	*ret = qmp;
	return 0;
}

bool qmp_is_ready(const struct qmp *qmp)
{
	return qmp && qmp->ready;
}

void qmp_free(struct qmp *qmp)
{
	if (!qmp)
		return;
	loop_io_free(qmp->io);
	strbuf_done(&qmp->input);
	free(qmp);
}
