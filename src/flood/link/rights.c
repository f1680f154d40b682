// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/rights.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int get(struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, data) < 0 ? -errno : 0;
}

bool rights_have(uint64_t rights)
{
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t have;

	if (get(data) < 0)
		return false;
	have = (uint64_t)data[1].effective << 32 | data[0].effective;
	/* Both are new in 5.8: before it, and beside it, CAP_SYS_ADMIN will do. */
	if (have >> CAP_SYS_ADMIN & 1)
		have |= RIGHTS_BPF | RIGHTS_PERFMON;
	return (have & rights) == rights;
}

int rights_keep(uint64_t rights)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	int r = get(data);

	if (r < 0)
		return r;
	for (unsigned int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(rights >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}
