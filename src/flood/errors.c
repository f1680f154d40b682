// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/errors.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>

/* What sockets say of a link, of a route, of rights, and of the other end. */
static const int errors_known[] = {
	EAGAIN,      ENOBUFS,      ENOMEM,     ENETDOWN, ENODEV, ENXIO,    EIO,
	ENETUNREACH, EHOSTUNREACH, EHOSTDOWN,  EPERM,    EACCES, EMSGSIZE, ECONNREFUSED,
	ENOPROTOOPT, EPROTO,       ECONNRESET, ENOTCONN, EPIPE,
};
#define OTHER ARRAY_SIZE(errors_known)
static_assert(OTHER + 1 == FLOOD_ERRORS, "one counter for each, and one for others");

const char *flood_error_name(unsigned int index)
{
	return index == OTHER ? "other" : strerrorname_np(errors_known[index]);
}

const char *flood_error_words(unsigned int index)
{
	return index == OTHER ? "other errors" : strerror(errors_known[index]);
}

void flood_errors_count(struct flood_errors *errors, int error)
{
	unsigned int i = 0;

	while (i < OTHER && errors_known[i] != error)
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
		strbuf_addf(out, "%s%s %" PRIu64, comma, flood_error_name(i),
			    errors->n[i]);
		if (words)
			strbuf_addf(out, " (%s)", flood_error_words(i));
		comma = ", ";
	}
}
