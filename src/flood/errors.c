// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/errors.h"

#include <errno.h>
#include <inttypes.h>

/* What sockets say of a link, of a route, of rights, and of the other end. */
static const struct {
	const char *name;
	int error;
} errors_known[FLOOD_ERRORS] = {
	{ "EAGAIN", EAGAIN },
	{ "ENOBUFS", ENOBUFS },
	{ "ENOMEM", ENOMEM },
	{ "ENETDOWN", ENETDOWN },
	{ "ENODEV", ENODEV },
	{ "ENXIO", ENXIO },
	{ "EIO", EIO },
	{ "ENETUNREACH", ENETUNREACH },
	{ "EHOSTUNREACH", EHOSTUNREACH },
	{ "EHOSTDOWN", EHOSTDOWN },
	{ "EPERM", EPERM },
	{ "EACCES", EACCES },
	{ "EMSGSIZE", EMSGSIZE },
	{ "ECONNREFUSED", ECONNREFUSED },
	{ "ENOPROTOOPT", ENOPROTOOPT },
	{ "EPROTO", EPROTO },
	{ "ECONNRESET", ECONNRESET },
	{ "ENOTCONN", ENOTCONN },
	{ "EPIPE", EPIPE },
	{ "other", 0 },
};
#define OTHER (FLOOD_ERRORS - 1)

const char *flood_error_name(unsigned int index)
{
	return errors_known[index].name;
}

const char *flood_error_words(unsigned int index)
{
	return index == OTHER ? "other errors" : strerror(errors_known[index].error);
}

void flood_errors_count(struct flood_errors *errors, int error)
{
	unsigned int i = 0;

	while (i < OTHER && errors_known[i].error != error)
		i++;
	errors->n[i]++;
}

void flood_errors_add(struct flood_errors *errors, const struct flood_errors *more)
{
	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		errors->n[i] += more->n[i];
}

uint64_t flood_errors_all(const struct flood_errors *errors)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		all += errors->n[i];
	return all;
}

void flood_errors_describe(const struct flood_errors *errors, bool words,
			   struct strbuf *out)
{
	const char *comma = "";

	for (unsigned int i = 0; i < FLOOD_ERRORS; i++) {
		if (!errors->n[i])
			continue;
		strbuf_addf(out, "%s%s %" PRIu64, comma, errors_known[i].name,
			    errors->n[i]);
		if (words)
			strbuf_addf(out, " (%s)", flood_error_words(i));
		comma = ", ";
	}
}
