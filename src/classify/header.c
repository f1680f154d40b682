// SPDX-License-Identifier: GPL-2.0-or-later
#include "header.h"

#include "frame.h"

/*
 * In order: the first that fits wins, so what is special stands before what is general.
 * Formats of kernels 2.6.32 to 7.2; the file that prints them stands above each group.
 */
static const struct header headers[] = {
	/* what surrounds reports: kernel/panic.c, arch/arm/kernel/traps.c, mm/kasan */
	{ "[ cut here ]--", NULL, STAGE_CUT, NAME_NONE },
	{ "8<--- cut here ---", NULL, STAGE_CUT, NAME_NONE },
	{ "---[ end trace ", NULL, STAGE_END, NAME_NONE },
	{ "==============", NULL, STAGE_RULER, NAME_NONE },
	/* kernel/panic.c */
	{ "Kernel panic - not syncing", "panic", STAGE_PANIC, NAME_NONE },
	/* drivers/iommu/iommu.c: WARN() with a text */
	{ "iommu driver failed to attach", "warn", STAGE_TEXT, NAME_PC },
	/* lib/refcount.c, lib/list_debug.c, kernel/dma/debug.c */
	{ "refcount_t: %s", "refcount", STAGE_TEXT, NAME_PC },
	{ "list_add corruption", "list-corruption", STAGE_TEXT, NAME_PC },
	{ "list_del corruption", "list-corruption", STAGE_TEXT, NAME_PC },
	{ "DMA-API: %s: device driver ", "dma-api-debug", STAGE_TEXT, NAME_PC },
	{ "DMA-API: %s: mapping sg segment ", "dma-api-debug", STAGE_TEXT, NAME_PC },
	{ "DMA-API: %s: dma_map_resource called ", "dma-api-debug", STAGE_TEXT, NAME_PC },
	{ "DMA-API: %scacheline tracking EEXIST", "dma-api-debug", STAGE_TEXT, NAME_PC },
	{ "DMA-API: exceeded %d overlapping", "dma-api-debug", STAGE_TEXT, NAME_PC },
	/* kernel/locking/lockdep.c and friends: no function */
	{ "WARNING: possible circular locking", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: possible recursive locking", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: possible irq lock inversion", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: inconsistent lock state", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: suspicious RCU usage", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: bad unlock balance", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: held lock freed", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: lock held when returning", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: Nested lock was not taken", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: bad contention detected", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "-unsafe lock order detected", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "INFO: possible circular locking", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "INFO: possible recursive locking", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "INFO: possible irq lock inversion", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "INFO: inconsistent lock state", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "INFO: suspicious RCU usage", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "INFO: trying to register non-static key", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: %w still has locks held!", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "BUG: %w still has locks held!", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "BUG: lock held when returning", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "BUG: lock held at task exit", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "WARNING: Invalid wait context", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "BUG: Invalid wait context", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "BUG: bad unlock balance detected", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "BUG: held lock freed", "lockdep", STAGE_ALONE, NAME_NONE },
	{ "BUG: MAX_%w too low!", "lockdep", STAGE_ALONE, NAME_NONE },
	/* kernel/panic.c, lib/bug.c */
	{ "WARNING: CPU: %d PID: %d at %s", "warn", STAGE_WARN, NAME_HEADER },
	{ "WARNING: CPU: %d PID: %d ", "warn", STAGE_WARN, NAME_HEADER },
	{ "WARNING: %s.c:%d at", "warn", STAGE_WARN, NAME_HEADER },
	{ "WARNING: %s.h:%d at", "warn", STAGE_WARN, NAME_HEADER },
	{ "WARNING: %s.rs:%d at", "warn", STAGE_WARN, NAME_HEADER },
	{ "WARNING: at %w:%d", "warn", STAGE_WARN, NAME_HEADER },
	{ "WARNING: at %x [verbose debug info", "warn", STAGE_WARN, NAME_HEADER },
	{ "Badness at %s:%d", "warn", STAGE_WARN, NAME_HEADER },
	/* arch/x86/kernel/unwind_frame.c, unwind_orc.c */
	{ "WARNING: kernel stack regs at ", "warn", STAGE_ALONE, NAME_NONE },
	{ "WARNING: kernel stack frame pointer at ", "warn", STAGE_ALONE, NAME_NONE },
	{ "WARNING: stack recursion on stack type ", "warn", STAGE_ALONE, NAME_NONE },
	{ "WARNING: can't dereference registers at ", "warn", STAGE_ALONE, NAME_NONE },
	{ "kernel BUG at %s!", "bug", STAGE_CAUSE, NAME_PC },
	/* mm/kasan, mm/kfence, mm/kmsan, kernel/kcsan, lib/ubsan.c */
	{ "BUG: KASAN: ", "kasan", STAGE_ALONE, NAME_HEADER },
	{ "BUG: KASan: ", "kasan", STAGE_ALONE, NAME_HEADER },
	{ "BUG: KFENCE: ", "kfence", STAGE_ALONE, NAME_HEADER },
	{ "BUG: KMSAN: ", "kmsan", STAGE_ALONE, NAME_HEADER },
	{ "BUG: KCSAN: ", "kcsan", STAGE_ALONE, NAME_HEADER },
	{ "UBSAN: Undefined behaviour", "ubsan", STAGE_ALONE, NAME_FRAME },
	{ "UBSAN: array-index-out-of-bounds", "ubsan", STAGE_ALONE, NAME_FRAME },
	{ "UBSAN: shift-out-of-bounds", "ubsan", STAGE_ALONE, NAME_FRAME },
	{ "UBSAN: signed-integer-overflow", "ubsan", STAGE_ALONE, NAME_FRAME },
	{ "UBSAN: %w in %s:%d:%d", "ubsan", STAGE_ALONE, NAME_FRAME },
	/* arch/x86/mm/fault.c, arch/powerpc/mm/fault.c */
	{ "BUG: kernel NULL pointer dereference", "null-deref", STAGE_CAUSE, NAME_PC },
	{ "BUG: Kernel NULL pointer dereference", "null-deref", STAGE_CAUSE, NAME_PC },
	{ "BUG: unable to handle kernel NULL pointer", "null-deref", STAGE_CAUSE,
	  NAME_PC },
	{ "BUG: unable to handle ", "page-fault", STAGE_CAUSE, NAME_PC },
	{ "BUG: Unable to handle ", "page-fault", STAGE_CAUSE, NAME_PC },
	{ "Kernel attempted to %s user page", "page-fault", STAGE_TEXT, NAME_PC },
	/* mm/fault.c of arm, arm64, riscv, s390, loongarch, mips, powerpc */
	{ "Unable to handle kernel NULL pointer dereference", "null-deref", STAGE_CAUSE,
	  NAME_PC },
	{ "Unable to handle kernel ", "page-fault", STAGE_CAUSE, NAME_PC },
	/* arch/x86/kernel/traps.c */
	{ "PANIC: double fault", "double-fault", STAGE_ALONE, NAME_PC },
	{ "double fault: %x [#", "double-fault", STAGE_OOPS, NAME_PC },
	{ "stack guard page was hit at", "stack-overflow", STAGE_CAUSE, NAME_PC },
	{ "segment-related general protection fault: %x [#", "general-protection",
	  STAGE_OOPS, NAME_PC },
	{ "general protection fault: %x [#", "general-protection", STAGE_OOPS, NAME_PC },
	{ "general protection fault, probably for", "general-protection", STAGE_OOPS,
	  NAME_PC },
	{ "general protection fault, maybe for", "general-protection", STAGE_OOPS,
	  NAME_PC },
	{ "general protection fault, %s: %x [#", "general-protection", STAGE_OOPS,
	  NAME_PC },
	{ "invalid opcode: %x [#", "undef-instr", STAGE_OOPS, NAME_PC },
	{ "divide error: %x [#", "divide-error", STAGE_OOPS, NAME_PC },
	{ "stack segment: %x [#", "stack-segment", STAGE_OOPS, NAME_PC },
	{ "segment not present: %x [#", "oops", STAGE_OOPS, NAME_PC },
	{ "alignment check: %x [#", "oops", STAGE_OOPS, NAME_PC },
	{ "invalid TSS: %x [#", "oops", STAGE_OOPS, NAME_PC },
	{ "int3: 0000 [#", "oops", STAGE_OOPS, NAME_PC },
	{ "debug: 0000 [#", "oops", STAGE_OOPS, NAME_PC },
	/* arch/arm64/kernel/traps.c, arch/arm/kernel/traps.c */
	{ "Internal error: Oops - BUG%s[#%d]", "bug", STAGE_OOPS, NAME_PC },
	{ "Internal error: Oops - undefined inst%s[#%d]", "undef-instr", STAGE_OOPS,
	  NAME_PC },
	{ "Internal error: Oops - Undefined inst%s[#%d]", "undef-instr", STAGE_OOPS,
	  NAME_PC },
	{ "Internal error: Oops - CFI%s[#%d]", "cfi-failure", STAGE_OOPS, NAME_PC },
	{ "Internal error: synchronous external abort%s[#%d]", "external-abort",
	  STAGE_OOPS, NAME_PC },
	{ "Internal error: synchronous external abort:", "external-abort", STAGE_OOPS,
	  NAME_PC },
	{ "Internal error: %s[#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Internal error: Oops", "oops", STAGE_OOPS, NAME_PC },
	{ "SError Interrupt on CPU%d, code ", "serror", STAGE_ALONE, NAME_PC },
	{ "Insufficient stack space to handle exception", "stack-overflow", STAGE_ALONE,
	  NAME_PC },
	/* arch/arm/mm/fault.c */
	{ "Unhandled fault: %sexternal abort", "external-abort", STAGE_CAUSE, NAME_PC },
	/* arch/s390/kernel/dumpstack.c and all others' die() */
	{ "ilc:1 [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "ilc:2 [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "ilc:3 [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops: 00%x [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops: Kernel access of bad area", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops: Exception in kernel mode", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops: Machine check, sig: %d [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops: Unrecoverable %s, sig: %d [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops: Bad kernel stack pointer, sig: %d [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops [#1]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops[#1]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops: %s[#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Kernel BUG [#%d]", "bug", STAGE_OOPS, NAME_PC },
	/* traps.c of loongarch, mips and riscv: die() with these words */
	{ "Oops - BUG[#%d]", "bug", STAGE_OOPS, NAME_PC },
	{ "Oops - illegal instruction [#%d]", "undef-instr", STAGE_OOPS, NAME_PC },
	{ "Oops - instruction %s [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops - load %s [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops - store (or AMO) %s [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Oops - unknown exception [#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Kernel bug detected[#%d]", "bug", STAGE_OOPS, NAME_PC },
	{ "Reserved instruction in kernel code[#%d]", "undef-instr", STAGE_OOPS,
	  NAME_PC },
	{ "Break instruction in kernel code[#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Unhandled kernel unaligned access[#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Kernel ade access[#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "Kernel ale access[#%d]", "oops", STAGE_OOPS, NAME_PC },
	{ "CFI failure at %w", "cfi-failure", STAGE_CAUSE, NAME_HEADER },
	/* kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/hung_task.c, workqueue.c */
	{ "BUG: soft lockup - CPU#", "soft-lockup", STAGE_ALONE, NAME_PC },
	{ "detected hard LOCKUP on cpu", "hard-lockup", STAGE_ALONE, NAME_PC },
	{ "detected hard LOCKUP on other CPUs", "hard-lockup", STAGE_ALONE, NAME_PC },
	{ "NMI Watchdog detected LOCKUP on CPU", "hard-lockup", STAGE_ALONE, NAME_PC },
	{ "self-detected hard LOCKUP", "hard-lockup", STAGE_ALONE, NAME_PC },
	{ "self-detected stall on CPU", "rcu-stall", STAGE_ALONE, NAME_PC },
	{ "detected stalls on CPUs/tasks", "rcu-stall", STAGE_ALONE, NAME_PC },
	{ "detected expedited stalls on CPUs/tasks", "rcu-stall", STAGE_ALONE, NAME_PC },
	{ "detected stalls on tasks:", "rcu-stall", STAGE_ALONE, NAME_PC },
	{ "detected stall on CPU %d (t=", "rcu-stall", STAGE_ALONE, NAME_PC },
	{ "INFO: task %s blocked for more than", "hung-task", STAGE_ALONE, NAME_NONE },
	{ "INFO: task %s blocked in I/O wait for more than", "hung-task", STAGE_ALONE,
	  NAME_NONE },
	{ "INFO: task %s can't die for more than", "hung-task", STAGE_ALONE, NAME_NONE },
	{ "BUG: workqueue lockup - pool", "workqueue-lockup", STAGE_ALONE, NAME_NONE },
	/* kernel/sched/core.c, kernel/workqueue.c, lib/smp_processor_id.c */
	{ "BUG: sleeping function called from invalid context", "atomic-sleep",
	  STAGE_ALONE, NAME_FRAME },
	{ "BUG: scheduling while atomic", "atomic-sleep", STAGE_ALONE, NAME_FRAME },
	{ "BUG: workqueue leaked lock or atomic", "atomic-sleep", STAGE_ALONE,
	  NAME_FRAME },
	{ "BUG: assuming atomic context at ", "atomic-sleep", STAGE_ALONE, NAME_FRAME },
	{ "BUG: assuming non migratable context at ", "atomic-sleep", STAGE_ALONE,
	  NAME_FRAME },
	{ "BUG: using %s in preemptible", "preempt-bug", STAGE_ALONE, NAME_FRAME },
	{ "BUG: spinlock ", "spinlock-bug", STAGE_ALONE, NAME_FRAME },
	{ "BUG: rwlock ", "spinlock-bug", STAGE_ALONE, NAME_FRAME },
	/* mm */
	{ "BUG: Bad page ", "bad-page", STAGE_ALONE, NAME_NONE },
	{ "BUG: Bad rss-counter state", "bad-page", STAGE_ALONE, NAME_NONE },
	{ "BUG: non-zero pgtables_bytes on freeing", "bad-page", STAGE_ALONE, NAME_NONE },
	{ "BUG: memory leak", "memleak", STAGE_ALONE, NAME_NONE },
	{ "unreferenced object %x (size %d):", "memleak", STAGE_LATE, NAME_NONE },
	{ "BUG %w (Not tainted): ", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "BUG %w (Tainted: ", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "BUG %w: Objects remaining ", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "BUG %w: Poison overwritten", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "BUG %w: Redzone overwritten", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "BUG %w: Object already free", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "Slab corruption (%s): %w start=", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "Slab corruption: start=", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "slab error in %w cache `", "slab-corruption", STAGE_ALONE, NAME_NONE },
	{ "INFO: Slab %x objects=%d used=", "slab-corruption", STAGE_LATE, NAME_NONE },
	{ "INFO: Allocated in ", "slab-corruption", STAGE_LATE, NAME_NONE },
	{ "INFO: Freed in ", "slab-corruption", STAGE_LATE, NAME_NONE },
	{ "page allocation failure: order:%d", "page-alloc-failure", STAGE_ALONE,
	  NAME_NONE },
	{ "page allocation failure. order:%d", "page-alloc-failure", STAGE_ALONE,
	  NAME_NONE },
	{ "invoked oom-killer: gfp_mask=", "oom", STAGE_ALONE, NAME_NONE },
	/* kernel/irq/spurious.c */
	{ "nobody cared (try booting with", "irq-nobody-cared", STAGE_ALONE, NAME_NONE },
	/* arch/x86/mm/extable.c */
	{ "unchecked MSR access error:", "msr-access", STAGE_ALONE, NAME_NONE },
};

/* "file.c:123 " in a WARNING line, wherever the kernel's version puts it. */
static struct text find_file(struct text line)
{
	ptrdiff_t at = text_find(line, TEXT(".c:"), 0);
	size_t start, end;

	if (at < 0)
		at = text_find(line, TEXT(".h:"), 0);
	if (at < 0)
		return TEXT_NONE;
	for (start = (size_t)at; start > 0 && line.s[start - 1] != ' ';)
		start--;
	for (end = (size_t)at + 3;
	     end < line.n && line.s[end] >= '0' && line.s[end] <= '9';)
		end++;
	return (struct text){ line.s + start, end - start };
}

/* The last word of "WARNING: at kernel/foo.c:12 func()" without offset. */
static struct text find_plain_function(struct text line, struct text file)
{
	struct text rest;
	size_t n = 0;

	if (!file.n)
		return TEXT_NONE;
	rest = text_trim(text_from(line, (size_t)(file.s + file.n - line.s)));
	if (text_starts(rest, TEXT("at ")))
		rest = text_trim(text_from(rest, 3));
	if (text_equal(rest, TEXT("at")) ||
	    (rest.n && rest.s[0] >= '0' && rest.s[0] <= '9'))
		return TEXT_NONE;
	while (n < rest.n && rest.s[n] != ' ' && rest.s[n] != '+' && rest.s[n] != '(')
		n++;
	rest.n = n;
	return frame_trim_symbol(rest);
}

/* "BUG: KASAN: use-after-free in func (file.c:1)", "data-race in func / other". */
static struct text find_function_in(struct text line)
{
	ptrdiff_t at = text_find(line, TEXT(" in "), 0);
	struct text rest;
	size_t n = 0;

	if (at < 0)
		return TEXT_NONE;
	rest = text_from(line, (size_t)at + 4);
	while (n < rest.n && rest.s[n] != ' ')
		n++;
	rest.n = n;
	return frame_trim_symbol(rest);
}

static void fill_match(const struct header *header, struct text line,
		       struct header_match *ret)
{
	*ret = (struct header_match){ .header = header, .line = line };
	if (header->stage == STAGE_WARN || header->stage == STAGE_CAUSE)
		ret->file = find_file(line);
	if (header->name != NAME_HEADER)
		return;
	ret->function = frame_find_symbol(line);
	ret->complete = ret->function.n > 0;
	if (ret->complete)
		return;
	if (header->stage == STAGE_WARN)
		ret->function = find_plain_function(line, ret->file);
	else
		ret->function = find_function_in(line);
}

/* Is it in the name of a process, which may be anything? */
static bool is_in_comm(struct text body, size_t at)
{
	/* kernel/watchdog.c, hung_task.c, sched/core.c, lib/smp_processor_id.c, mm */
	static const char *const forms[] = {
		"stuck for %ds! [%s:%d]", "INFO: task %s:%d ",  "while atomic: %s/%d/",
		"] code: %s/%d",          "in process %s pfn:",
	};
	struct pattern_match m;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		for (size_t n = pattern_find(forms[i], body, &m) ? m.n : 0; n-- > 0;)
			if (body.s + at >= m.captures[n].s &&
			    body.s + at < m.captures[n].s + m.captures[n].n)
				return true;
	return false;
}

/* A command, a string in a source, or what somebody writes about a report. */
static bool is_quoted(struct text body, size_t start)
{
	ptrdiff_t at;

	if (start && (body.s[start - 1] == '"' || body.s[start - 1] == '\''))
		return true;
	at = memchr(body.s + start, '\\', body.n - start) ?
		     text_find(body, TEXT("\\n\""), 0) :
		     -1;
	return at >= 0 && !is_in_comm(body, (size_t)at);
}

size_t header_count(void)
{
	return ARRAY_SIZE(headers);
}

const struct header *header_get(size_t i)
{
	return &headers[i];
}

bool header_try(size_t i, struct text body, struct header_match *ret)
{
	struct pattern_match m;

	if (!pattern_find(headers[i].format, body, &m))
		return false;
	if (is_quoted(body, m.start))
		return false;
	fill_match(&headers[i], text_from(body, m.start), ret);
	return true;
}
