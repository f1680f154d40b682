// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a new run is recorded. */
#include "base/log.h"
#include "run/engine.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static char *default_dir(const char *target)
{
	char stamp[32], name[64];
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	snprintf(name, sizeof(name), "%s", target);
	for (char *p = name; *p; p++)
		if (*p == ':' || *p == '/')
			*p = '-';
	return xasprintf("iommu-stress-runs/%s-%s", stamp, name);
}

int run_create_journal(const struct plan *plan, struct journal **ret)
{
	_cleanup_free_ char *dir = plan->run_dir ? xstrdup(plan->run_dir) :
						   default_dir(plan->target);
	int r = journal_create(dir, ret);

	/* Two runs within one second. */
	for (unsigned int i = 2; r == -EEXIST && !plan->run_dir && i < 100; i++) {
		_cleanup_free_ char *next = xasprintf("%s-%u", dir, i);

		r = journal_create(next, ret);
	}
	if (r == -EEXIST)
		log_error("%s holds a run already; choose another --run-dir", dir);
	else if (r == -EBUSY)
		log_error("another run is writing to %s; choose another --run-dir", dir);
	else if (r < 0)
		log_errno(r, "cannot create the run directory %s", dir);
	return r;
}
