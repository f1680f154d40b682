// SPDX-License-Identifier: GPL-2.0-or-later
#include "track.h"

#include "classify/ticket.h"
#include "pattern.h"

#include <stdlib.h>

/* "Linux version" follows "Booting Linux" within so many lines of one boot. */
#define BANNER_LINES 8

/* So many lines behind one that announces it, the log is printed again. */
#define REPLAY_LINES 4
/* A banner stands at the beginning of a kernel's time. */
#define BANNER_US 5000000

enum track_role {
	TRACK_MILESTONE, /* anywhere in the line */
	TRACK_START,     /* a milestone at the start of the body only */
	TRACK_BANNER,
	TRACK_MARKER,
	TRACK_SIGN,    /* nothing but a shutdown prints it */
	TRACK_CONSOLE, /* a console is enabled */
	TRACK_LOSS,    /* printed by a console itself, without a prefix */
	TRACK_ASKED,   /* somebody at a shell asks for the log */
};

struct track_form {
	const char *format;
	enum track_role role;
	enum milestone milestone;
};

/*
 * init/version.c, arch/arm64/kernel/setup.c, kernel/panic.c, kernel/reboot.c,
 * kernel/kexec_core.c, drivers/tty/sysrq.c, kernel/printk/printk.c. The signs tell the
 * phase of a console without markers: virt/kvm/kvm_main.c, drivers/iommu/arm/arm-smmu, and
 * frames of kernel/reboot.c in any trace. What is typed stands behind the prompts of
 * usual shells.
 */
static const struct track_form forms[] = {
	{ "Linux version %w (", TRACK_BANNER, MILESTONE_BANNER },
	{ "Booting Linux on physical CPU", TRACK_BANNER, MILESTONE_BANNER },
	{ "iommu-stress: ", TRACK_MARKER, MILESTONE_MARKER },
	{ "---[ end Kernel panic", TRACK_MILESTONE, MILESTONE_PANIC_END },
	{ "Kernel panic - not syncing", TRACK_MILESTONE, MILESTONE_PANIC },
	{ "Rebooting in %d seconds", TRACK_MILESTONE, MILESTONE_PANIC_WAIT },
	{ "reboot: Restarting system", TRACK_START, MILESTONE_RESTART },
	{ "reboot: Power down", TRACK_START, MILESTONE_RESTART },
	{ "reboot: System halted", TRACK_START, MILESTONE_RESTART },
	{ "Restarting system.", TRACK_START, MILESTONE_RESTART },
	{ "kexec_core: Starting new kernel", TRACK_START, MILESTONE_RESTART },
	{ "kexec: Starting new kernel", TRACK_START, MILESTONE_RESTART },
	{ "sysrq: Resetting", TRACK_START, MILESTONE_RESTART },
	{ "sysrq: SysRq : Resetting", TRACK_START, MILESTONE_RESTART },
	{ "SysRq : Resetting", TRACK_START, MILESTONE_RESTART },
	{ "kvm: exiting hardware virtualization", TRACK_SIGN, MILESTONE_NONE },
	{ ": disabling translation", TRACK_SIGN, MILESTONE_NONE },
	{ "kernel_restart+0x%x/", TRACK_SIGN, MILESTONE_NONE },
	{ "kernel_power_off+0x%x/", TRACK_SIGN, MILESTONE_NONE },
	{ "console [%w] enabled", TRACK_CONSOLE, MILESTONE_NONE },
	{ "** %d printk messages dropped **", TRACK_LOSS, MILESTONE_LOSS },
	{ " # dmesg", TRACK_ASKED, MILESTONE_NONE },
	{ "~# dmesg", TRACK_ASKED, MILESTONE_NONE },
	{ "/# dmesg", TRACK_ASKED, MILESTONE_NONE },
	{ "]# dmesg", TRACK_ASKED, MILESTONE_NONE },
	{ "~$ dmesg", TRACK_ASKED, MILESTONE_NONE },
	{ "]$ dmesg", TRACK_ASKED, MILESTONE_NONE },
	{ "$ sudo dmesg", TRACK_ASKED, MILESTONE_NONE },
};

size_t track_count(void)
{
	return ARRAY_SIZE(forms);
}

const char *track_format(size_t i)
{
	return forms[i].format;
}

/*
 * "Booting Linux" and "Linux version" of one boot are one banner, and a log that a new
 * console prints again, or that somebody reads at the shell, is none.
 */
static bool is_new_boot(const struct track *track, const struct printk *printk,
			const struct console_line *line)
{
	if (!track->booted)
		return true;
	if (!printk->prefixed && !track->bare)
		return false;
	if (track->reset)
		return true;
	if (line->release.n && track->kernel[0] &&
	    !text_equal(line->release, text_of(track->kernel)))
		return true;
	if (track->replay_line && line->number - track->replay_line <= REPLAY_LINES)
		return false;
	if (line->release.n && !track->kernel[0] &&
	    line->number - track->banner_line < BANNER_LINES)
		return false;
	/* A kernel that never came beyond its first lines may have been reset. */
	return !printk->timed || printk->time_us <= track->banner_us + BANNER_US;
}

static void track_banner(struct track *track, const struct printk *printk,
			 struct console_line *line, struct text release)
{
	bool first;

	line->release = release;
	if (release.n)
		line->milestone = MILESTONE_RELEASE;
	if (is_new_boot(track, printk, line)) {
		line->milestone = MILESTONE_BANNER;
		track->doubtful = track->booted && !track->reset;
		track->booted = true;
		track->reset = false;
		track->bare = !printk->prefixed;
		track->banner_line = line->number;
		track->banner_us = printk->timed ? printk->time_us : 0;
		track->kernel[0] = '\0';
		first = !track->cycle || track->phase == PHASE_BOOT;
		track->phase = first ? PHASE_BOOT : PHASE_EARLY_BOOT;
	}
	if (release.n && line->milestone != MILESTONE_NONE)
		text_copy(track->kernel, sizeof(track->kernel), release);
}

static void track_marker(struct track *track, struct console_line *line)
{
	static const struct text name = { "iommu-stress: ", 14 };
	struct text value;
	char word[24], *end;
	uint64_t ticket = 0;
	enum phase phase;

	line->marker = text_from(line->body, name.n);
	if (text_value(line->marker, "cycle", &value)) {
		text_copy(word, sizeof(word), value);
		ticket = strtoull(word, &end, 10);
		if (end == word || *end)
			ticket = 0;
	}
	if (track->nonce && ticket_nonce(ticket) != track->nonce) {
		line->milestone = MILESTONE_CLAIM;
		return;
	}
	line->milestone = MILESTONE_MARKER;
	if (ticket_cycle(ticket))
		track->cycle = ticket_cycle(ticket);
	if (text_value(line->marker, "phase", &value)) {
		phase = phase_parse(value);
		if (phase != PHASE_NONE)
			track->phase = phase;
	}
	if (text_value(line->marker, "kernel", &value))
		text_copy(track->kernel, sizeof(track->kernel), value);
}

/* The phase that the line itself belongs to, before it moves anything. */
static void track_kernel_line(struct track *track, const struct track_form *form)
{
	if (track->phase == PHASE_TRIGGER)
		track->phase = PHASE_SHUTDOWN;
	else if (form && form->role == TRACK_SIGN && !track->cycle &&
		 track->phase != PHASE_FIRMWARE)
		track->phase = PHASE_SHUTDOWN;
}

/* The first form that stands in the body, where it must. */
static const struct track_form *find_form(uint64_t set, struct text body,
					  struct pattern_match *ret)
{
	for (; set; set &= set - 1) {
		const struct track_form *form = &forms[__builtin_ctzll(set)];

		if (pattern_find(form->format, body, ret) &&
		    (!ret->start || form->role == TRACK_MILESTONE ||
		     form->role == TRACK_SIGN || form->role == TRACK_CONSOLE ||
		     form->role == TRACK_ASKED))
			return form;
	}
	return NULL;
}

static void track_milestone(struct track *track, const struct track_form *form,
			    const struct pattern_match *m, struct console_line *line)
{
	line->milestone = form->milestone;
	if (form->milestone == MILESTONE_PANIC_WAIT)
		line->value = (unsigned int)pattern_number(m->captures[0], 10);
	if (form->milestone == MILESTONE_RESTART)
		track->phase = PHASE_SHUTDOWN;
	if (form->role == TRACK_CONSOLE)
		track->replay_line = line->number;
}

void track_line(struct track *track, const struct printk *printk, uint64_t set,
		struct console_line *line)
{
	bool kernels = printk->prefixed || track->bare ||
		       (!track->booted && !track->prefixes);
	struct pattern_match m = { 0 };
	const struct track_form *form = find_form(set, line->body, &m);

	if (kernels && form && form->role == TRACK_BANNER) {
		track_banner(track, printk, line, m.n ? m.captures[0] : TEXT_NONE);
	} else if (form && form->role == TRACK_MARKER) {
		if (printk->prefixed || track->bare)
			track_marker(track, line);
	} else if (form && form->role == TRACK_LOSS) {
		line->milestone = form->milestone;
	} else if (form && form->role == TRACK_ASKED) {
		if (!printk->prefixed)
			track->replay_line = line->number;
	} else if (kernels) {
		track_kernel_line(track, form);
		if (form)
			track_milestone(track, form, &m, line);
	}
	line->phase = track->phase;
	line->cycle = track->cycle;
	if (line->milestone == MILESTONE_RESTART)
		track->phase = PHASE_FIRMWARE;
	if (line->milestone == MILESTONE_RESTART ||
	    line->milestone == MILESTONE_PANIC_END ||
	    line->milestone == MILESTONE_PANIC_WAIT)
		track->reset = true;
	track->prefixes |= printk->prefixed;
}

bool track_wants_all(const struct track *track)
{
	return track->phase == PHASE_TRIGGER;
}
