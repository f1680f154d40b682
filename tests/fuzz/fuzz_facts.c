// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of facts as a target may send them: whatever they are, guards allow nothing before
 * the facts are complete, and every word and sentence ends.
 */
#include "device/guard.h"
#include "device/means.h"

#include <stdio.h>
#include <stdlib.h>

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void check_means(const struct facts *facts, const struct means *means)
{
	for (; means->name; means++)
		for (size_t d = 0; d < facts->n_devices; d++)
			free(means->lacks(facts, &facts->devices[d]));
}

static void check_guards(const struct facts *facts, unsigned int allowed)
{
	struct facts_chosen chosen = { 0 };
	struct guard_result result;
	bool refused = false;

	if (facts->n_devices)
		facts_chosen_add(&chosen, 0);
	guard_check(&(struct guard_request){ .facts = facts,
					     .named = &chosen,
					     .reach = allowed & 15,
					     .allowed = allowed },
		    &result);
	check(result.refused || facts->complete, "nothing is built on half of the facts");
	check(result.n_devices <= facts->n_devices, "each device goes once");
	for (size_t i = 0; i < result.n_refusals; i++) {
		check(result.refusals[i].text[0], "a refusal has its sentence");
		refused |= !result.refusals[i].allowed;
	}
	check(refused == result.refused, "what is refused is told");
	guard_result_done(&result);
	facts_chosen_done(&chosen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = { (const char *)data, size };
	struct facts facts = { 0 };
	struct facts_chosen chosen = { 0 };

	for (unsigned int n = 0; rest.n && n < 100; n++) {
		const char *end = memchr(rest.s, '\n', rest.n);
		struct text line = { rest.s, end ? (size_t)(end - rest.s) : rest.n };
		_cleanup_free_ char *word = xstrndup(line.s, line.n), *why = NULL;
		int r = facts_add(&facts, line);

		check(r == 0 || !facts.complete, "damaged facts are not complete");
		if (facts_choose(&facts, word, &chosen, &why) < 0)
			check(why != NULL, "it is told why nothing is chosen");
		rest = text_from(rest, line.n + 1);
	}
	check_means(&facts, means_holders);
	check_means(&facts, means_methods);
	check_guards(&facts, 0);
	check_guards(&facts, size ? ~0u - data[0] : 0);
	facts_chosen_done(&chosen);
	facts_done(&facts);
	return 0;
}
