// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rules a finding fits, and what follows from them. Once a finding, not a line. */
#include "rules_data.h"
#include "version.h"

/* A search that takes longer is not worth its answer. */
#define MATCH_STEPS_MAX 100000

/* A pattern that ends in '*' is a prefix. */
static bool word_fits(const char *pattern, const char *word)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return !strncmp(pattern, word, n - 1);
	return !strcmp(pattern, word);
}

static bool any_fits(char *const *patterns, unsigned int n, const char *word)
{
	for (unsigned int i = 0; i < n; i++)
		if (word_fits(patterns[i], word))
			return true;
	return !n;
}

static bool function_fits(const struct rule *rule, const struct finding *f)
{
	if (any_fits(rule->function, rule->function_count, f->function))
		return true;
	for (size_t i = 0; i < f->n_frames; i++)
		if (f->frames[i].reliable &&
		    any_fits(rule->function, rule->function_count, f->frames[i].function))
			return true;
	return false;
}

/* Unlike function, the trace must say it. */
static bool frame_fits(const struct rule *rule, const struct finding *f)
{
	for (size_t i = 0; i < f->n_frames; i++)
		if (f->frames[i].reliable &&
		    any_fits(rule->frame, rule->frame_count, f->frames[i].function))
			return true;
	return !rule->frame_count;
}

static bool phase_fits(const struct rule *rule, enum phase phase)
{
	for (unsigned int i = 0; i < rule->phase_count; i++)
		if (rule->phase[i] == (int)phase)
			return true;
	return !rule->phase_count;
}

/* "drivers/vfio/": any file below it; a path may stand in front of it. */
static bool file_fits(const struct rule *rule, const char *file)
{
	for (unsigned int i = 0; i < rule->file_count; i++)
		if (strstr(file, rule->file[i]))
			return true;
	return !rule->file_count;
}

static bool kernel_fits(const struct kernel_range *range, const char *kernel)
{
	if (!range->from && !range->below)
		return true;
	return kernel[0] && (!range->from || version_compare(kernel, range->from) >= 0) &&
	       (!range->below || version_compare(kernel, range->below) < 0);
}

static bool text_fits(const pcre2_code *code, const struct finding *f)
{
	const char *text = f->text[0] ? f->text : f->title;
	pcre2_match_context *context;
	pcre2_match_data *data;
	int r;

	if (!code)
		return true;
	context = pcre2_match_context_create(NULL);
	data = pcre2_match_data_create(1, NULL);
	pcre2_set_match_limit(context, MATCH_STEPS_MAX);
	r = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, PCRE2_NO_UTF_CHECK, data,
			context);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	return r >= 0;
}

static bool rule_fits(const struct rule *rule, unsigned int evidence,
		      const struct finding *f)
{
	return (rule->after & evidence) == rule->after && phase_fits(rule, f->phase) &&
	       any_fits(rule->kind, rule->kind_count, f->kind) &&
	       any_fits(rule->driver, rule->driver_count, f->driver) &&
	       file_fits(rule, f->file) && kernel_fits(&rule->kernel, f->kernel) &&
	       function_fits(rule, f) && frame_fits(rule, f);
}

static const char *const severity_words[] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

bool rules_apply(const struct rules *rules, unsigned int evidence, struct finding *f)
{
	bool ignore = false;

	for (size_t d = 0; d < rules->n; d++)
		for (unsigned int i = 0; i < rules->documents[d]->rules_count; i++) {
			const struct rule *rule = &rules->documents[d]->rules[i];

			if (!rule_fits(rule, evidence, f) ||
			    !text_fits(rules->documents[d]->codes[i], f))
				continue;
			if (rule->known)
				text_copy(f->known, sizeof(f->known),
					  text_of(rule->known));
			if (rule->severity)
				text_copy(f->severity, sizeof(f->severity),
					  text_of(severity_words[rule->severity]));
			if (rule->advice)
				text_copy(f->advice, sizeof(f->advice),
					  text_of(rule->advice));
			ignore = rule->ignore;
		}
	return !ignore;
}

const char *rules_fixed_in(const struct rules *rules, const char *id, const char *kernel)
{
	for (size_t d = rules->n; d > 0; d--) {
		const struct document *document = rules->documents[d - 1];

		for (unsigned int i = 0; i < document->known_count; i++) {
			const struct known_entry *known = &document->known[i];

			if (strcmp(known->issue.id, id) != 0)
				continue;
			for (unsigned int k = 0; k < known->fixed_in_count; k++)
				if (version_has_fix(kernel, known->fixed_in[k]))
					return known->fixed_in[k];
			return NULL;
		}
	}
	return NULL;
}

char *rules_explain_fix(const struct rules *rules, const char *id, const char *kernel)
{
	const char *release = rules_fixed_in(rules, id, kernel);
	struct text numbers = version_numbers(kernel);
	const char *local = kernel + numbers.n;

	if (!release)
		return NULL;
	if (*local)
		return xasprintf(
			"%.*s has the fix; a local change (%s) may have taken it out",
			TEXT_ARG(numbers), local);
	return xasprintf("%s has the fix: this may be something else", kernel);
}
