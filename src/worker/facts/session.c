// SPDX-License-Identifier: GPL-2.0-or-later
/* The ssh session that this runs in. */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

/* SSH_CONNECTION of a process: "CLIENT PORT SERVER PORT", sshd(8). False: it has none. */
static bool connection_of(int64_t pid, struct facts_peer *peer)
{
	static const char format[] = "SSH_CONNECTION=%255s %*s %63s";
	_cleanup_stream_ FILE *stream =
		fopen(path_make("/proc/%lld/environ", (long long)pid).s, "re");
	_cleanup_text_ char *word = NULL;
	size_t room = 0;

	peer->address[0] = peer->own[0] = '\0';
	while (stream && !*peer->address && getdelim(&word, &room, '\0', stream) > 0)
		sscanf(word, format, peer->address, peer->own);
	/* The near end of a tunnel does not tell where the other one is. */
	return *peer->address && !facts_is_loopback(peer->address);
}

static int64_t parent_of(int64_t pid)
{
	char text[512], *at;
	long long parent;

	file_read(path_make("/proc/%lld/stat", (long long)pid).s, text, sizeof(text));
	at = strrchr(text, ')');
	return at && sscanf(at + 1, " %*c %lld", &parent) == 1 ? parent : 0;
}

bool facts_find_peer(struct facts_peer *peer)
{
	char text[64];
	long long pid = 0;

	/* sudo takes the variable out of the environment, but not out of its parents'. */
	if (file_read(path_make("/proc/self/stat").s, text, sizeof(text)) > 0)
		pid = strtoll(text, NULL, 10);
	for (unsigned int depth = 0; pid > 0 && depth < 64; depth++) {
		if (connection_of(pid, peer))
			return true;
		pid = parent_of(pid);
	}
	return false;
}
