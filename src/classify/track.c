// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/track.h"

#include "classify/pattern.h"

#include <stdlib.h>

/* "Linux version" follows "Booting Linux" within so many lines of one boot. */
#define BANNER_LINES 8

struct milestone_form {
	const char *format;
	enum milestone milestone;
	bool at_start; /* of the body; else anywhere in it */
};

/* kernel/reboot.c, kernel/kexec_core.c, kernel/panic.c, drivers/tty/sysrq.c. */
static const struct milestone_form forms[] = {
	{ "reboot: Restarting system", MILESTONE_RESTART, true },
	{ "reboot: Power down", MILESTONE_RESTART, true },
	{ "reboot: System halted", MILESTONE_RESTART, true },
	{ "Restarting system.", MILESTONE_RESTART, true },
	{ "kexec_core: Starting new kernel", MILESTONE_RESTART, true },
	{ "kexec: Starting new kernel", MILESTONE_RESTART, true },
	{ "sysrq: Resetting", MILESTONE_RESTART, true },
	{ "sysrq: SysRq : Resetting", MILESTONE_RESTART, true },
	{ "SysRq : Resetting", MILESTONE_RESTART, true },
	{ "---[ end Kernel panic", MILESTONE_PANIC_END, false },
	{ "Kernel panic - not syncing", MILESTONE_PANIC, false },
	{ "Rebooting in %d seconds", MILESTONE_PANIC_WAIT, false },
};

/*
 * Lines of a shutdown that no running system prints: they tell the phase of a console
 * without markers (virt/kvm/kvm_main.c, drivers/iommu/arm/arm-smmu/arm-smmu.c).
 */
static const char *const shutdown_signs[] = {
	"kvm: exiting hardware virtualization",
	": disabling translation",
};

static bool is_banner_text(struct text body, struct text *ret_release)
{
	static const char format[] = "Linux version %w (";
	struct pattern_match m;

	*ret_release = TEXT_NONE;
	if (text_starts(body, TEXT("Linux version ")) && pattern_find(format, body, &m)) {
		*ret_release = m.captures[0];
		return true;
	}
	return text_starts(body, TEXT("Booting Linux on physical CPU"));
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
	if (track->replay && !track->reset)
		return false;
	if (!track->reset && line->release.n && !track->kernel[0] &&
	    line->number - track->banner_line < BANNER_LINES)
		return false;
	/* Equal: a kernel that never came beyond its first lines was reset. */
	if (printk->timed && !track->reset)
		return printk->time_us <= track->time_us;
	return true;
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
		track->booted = true;
		track->reset = false;
		track->bare = !printk->prefixed;
		track->banner_line = line->number;
		track->time_us = 0;
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
	char word[16], *end;
	unsigned long cycle;
	enum phase phase;

	line->milestone = MILESTONE_MARKER;
	line->marker = text_from(line->body, name.n);
	if (text_value(line->marker, "cycle", &value)) {
		text_copy(word, sizeof(word), value);
		cycle = strtoul(word, &end, 10);
		if (end != word && !*end && cycle <= UINT32_MAX)
			track->cycle = (unsigned int)cycle;
	}
	if (text_value(line->marker, "phase", &value)) {
		phase = phase_parse(value);
		if (phase != PHASE_NONE)
			track->phase = phase;
	}
	if (text_value(line->marker, "kernel", &value))
		text_copy(track->kernel, sizeof(track->kernel), value);
}

static const struct milestone_form *find_milestone(struct text body,
						   struct pattern_match *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (pattern_find(forms[i].format, body, ret) &&
		    (!forms[i].at_start || !ret->start))
			return &forms[i];
	return NULL;
}

/* The phase that the line itself belongs to, before it moves anything. */
static void track_kernel_line(struct track *track, struct text body)
{
	bool sign = false;

	if (track->phase == PHASE_TRIGGER) {
		track->phase = PHASE_SHUTDOWN;
		return;
	}
	if (track->cycle || track->phase == PHASE_FIRMWARE)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(shutdown_signs); i++)
		sign = sign || text_has(body, text_of(shutdown_signs[i]));
	if (sign)
		track->phase = PHASE_SHUTDOWN;
}

void track_line(struct track *track, const struct printk *printk,
		struct console_line *line)
{
	bool kernels = printk->prefixed || track->bare ||
		       (!track->booted && !track->prefixes);
	const struct milestone_form *form = NULL;
	struct pattern_match m;
	struct text release;
	bool enables;

	if (kernels && is_banner_text(line->body, &release)) {
		track_banner(track, printk, line, release);
	} else if ((printk->prefixed || track->bare) &&
		   text_starts(line->body, TEXT("iommu-stress: "))) {
		track_marker(track, line);
	} else if (kernels) {
		form = find_milestone(line->body, &m);
		track_kernel_line(track, line->body);
	}
	if (form) {
		line->milestone = form->milestone;
		if (form->milestone == MILESTONE_PANIC_WAIT)
			line->value = (unsigned int)pattern_number(m.captures[0], 10);
		if (form->milestone == MILESTONE_RESTART)
			track->phase = PHASE_SHUTDOWN;
	}
	line->phase = track->phase;
	line->cycle = track->cycle;
	if (line->milestone == MILESTONE_RESTART) {
		track->reset = true;
		track->phase = PHASE_FIRMWARE;
	}
	if (line->milestone == MILESTONE_PANIC_END ||
	    line->milestone == MILESTONE_PANIC_WAIT)
		track->reset = true;
	track->prefixes |= printk->prefixed;
	if (printk->timed && printk->time_us > track->time_us)
		track->time_us = printk->time_us;
	enables = text_has(line->body, TEXT("console [")) &&
		  text_ends(line->body, TEXT("enabled"));
	track->replay = enables || (track->replay && !line->text.n);
}
