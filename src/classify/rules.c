// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schema of rule files. libcyaml checks it and says where it is broken; what it
 * cannot check (names of kinds and the like are free, ids are not) is checked behind it.
 */
#include "classify/rules.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

struct rule {
	char *known;
	int severity;
	bool ignore;
	int *phase;
	unsigned int phase_count;
	char **kind, **function, **driver;
	unsigned int kind_count, function_count, driver_count;
	unsigned int after;
};

struct document {
	struct known_issue *known;
	unsigned int known_count;
	struct rule *rules;
	unsigned int rules_count;
};

struct rules {
	struct document **documents;
	size_t n;
};

extern const char embed_known_yaml[], embed_known_yaml_end[];

static const cyaml_schema_value_t word_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 200),
};

static const cyaml_strval_t severities[] = {
	{ "info", SEVERITY_INFO },
	{ "warning", SEVERITY_WARNING },
	{ "error", SEVERITY_ERROR },
};

static const cyaml_strval_t phases[] = {
	{ "none", PHASE_NONE },
	{ "boot", PHASE_BOOT },
	{ "settle", PHASE_SETTLE },
	{ "flood", PHASE_FLOOD },
	{ "trigger", PHASE_TRIGGER },
	{ "shutdown", PHASE_SHUTDOWN },
	{ "firmware", PHASE_FIRMWARE },
	{ "early-boot", PHASE_EARLY_BOOT },
	{ "up", PHASE_UP },
};

static const cyaml_schema_value_t phase_schema = {
	CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, int, phases, ARRAY_SIZE(phases)),
};

static const cyaml_strval_t evidences[] = {
	{ "group-removal", RULES_GROUP_REMOVAL },
	{ "vfio-holder", RULES_VFIO_HOLDER },
};

#define TEXT_FIELD(key, type, member, flags) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 0, 4000)
#define LIST_FIELD(key, type, member, entry)                                      \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, \
			     member, entry, 0, 1000)

static const cyaml_schema_field_t known_fields[] = {
	TEXT_FIELD("id", struct known_issue, id, 0),
	TEXT_FIELD("title", struct known_issue, title, 0),
	TEXT_FIELD("introduced", struct known_issue, introduced, CYAML_FLAG_OPTIONAL),
	TEXT_FIELD("fixed-by", struct known_issue, fixed_by, CYAML_FLAG_OPTIONAL),
	TEXT_FIELD("advice", struct known_issue, advice, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t known_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct known_issue, known_fields),
};

static const cyaml_schema_field_t rule_fields[] = {
	TEXT_FIELD("known", struct rule, known, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_ENUM("severity", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct rule,
			 severity, severities, ARRAY_SIZE(severities)),
	CYAML_FIELD_BOOL("ignore", CYAML_FLAG_OPTIONAL, struct rule, ignore),
	CYAML_FIELD_FLAGS("after", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct rule,
			  after, evidences, ARRAY_SIZE(evidences)),
	LIST_FIELD("phase", struct rule, phase, &phase_schema),
	LIST_FIELD("kind", struct rule, kind, &word_schema),
	LIST_FIELD("function", struct rule, function, &word_schema),
	LIST_FIELD("driver", struct rule, driver, &word_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t rule_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule, rule_fields),
};

static const cyaml_schema_field_t document_fields[] = {
	LIST_FIELD("known", struct document, known, &known_schema),
	LIST_FIELD("rules", struct document, rules, &rule_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t document_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct document, document_fields),
};

/* The first thing that libcyaml finds wrong, and where. */
struct complaint {
	char words[200];
	unsigned int line, column;
};

static void note_complaint(cyaml_log_t level, void *arg, const char *format, va_list args)
	_printf_(3, 0);
static void note_complaint(cyaml_log_t level, void *arg, const char *format, va_list args)
{
	struct complaint *complaint = arg;
	char text[512], *place;

	(void)level;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	place = strstr(text, "(line: ");
	if (place && !complaint->line) {
		if (sscanf(place, "(line: %u, column: %u)", &complaint->line,
			   &complaint->column) != 2)
			complaint->line = 0;
	} else if (!complaint->words[0]) {
		place = strncmp(text, "Load: ", 6) ? text : text + 6;
		snprintf(complaint->words, sizeof(complaint->words), "%.190s", place);
	}
}

static cyaml_config_t make_config(struct complaint *complaint)
{
	return (cyaml_config_t){
		.log_fn = note_complaint,
		.log_ctx = complaint,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
	};
}

static void document_free(struct document *document)
{
	struct complaint complaint = { 0 };
	cyaml_config_t config = make_config(&complaint);

	cyaml_free(&config, &document_schema, document, 0);
}

/* Readers of known issues need not care which words the file left out. */
static void fill_gaps(struct document *document)
{
	for (unsigned int i = 0; i < document->known_count; i++) {
		struct known_issue *known = &document->known[i];
		const char **texts[] = { &known->introduced, &known->fixed_by,
					 &known->advice };

		for (size_t t = 0; t < ARRAY_SIZE(texts); t++)
			if (!*texts[t])
				*texts[t] = xstrdup("");
	}
}

/* A rule may name only issues that exist. */
static const char *find_dangling(const struct rules *rules,
				 const struct document *document)
{
	for (unsigned int i = 0; i < document->rules_count; i++)
		if (document->rules[i].known &&
		    !rules_find_known(rules, document->rules[i].known))
			return document->rules[i].known;
	return NULL;
}

int rules_add(struct rules *rules, const char *name, struct text yaml, char **ret_error)
{
	struct complaint complaint = { 0 };
	cyaml_config_t config = make_config(&complaint);
	struct document *document = NULL;
	const char *dangling;
	cyaml_err_t err;

	err = cyaml_load_data((const uint8_t *)yaml.s, yaml.n, &config, &document_schema,
			      (cyaml_data_t **)&document, NULL);
	if (err != CYAML_OK || !document) {
		*ret_error = xasprintf(
			"%s:%u:%u: %s", name, complaint.line, complaint.column,
			complaint.words[0] ? complaint.words : cyaml_strerror(err));
		return -EINVAL;
	}
	fill_gaps(document);
	rules->documents =
		xrealloc(rules->documents, rules->n + 1, sizeof(rules->documents[0]));
	rules->documents[rules->n++] = document;
	dangling = find_dangling(rules, document);
	if (dangling) {
		*ret_error = xasprintf("%s: a rule names the known issue '%s', which is "
				       "nowhere explained",
				       name, dangling);
		document_free(document);
		rules->n--;
		return -EINVAL;
	}
	return 0;
}

struct rules *rules_new(void)
{
	struct rules *rules = xcalloc(1, sizeof(*rules));
	struct text yaml = { embed_known_yaml,
			     (size_t)(embed_known_yaml_end - embed_known_yaml) };
	char *error;

	/* It is part of the program, and the tests read it. */
	if (rules_add(rules, "known.yaml", yaml, &error) < 0)
		abort();
	return rules;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->n; i++)
		document_free(rules->documents[i]);
	free(rules->documents);
	free(rules);
}

size_t rules_known_count(const struct rules *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++)
		n += rules->documents[i]->known_count;
	return n;
}

const struct known_issue *rules_known(const struct rules *rules, size_t i)
{
	for (size_t d = 0; d < rules->n; d++) {
		if (i < rules->documents[d]->known_count)
			return &rules->documents[d]->known[i];
		i -= rules->documents[d]->known_count;
	}
	return NULL;
}

const struct known_issue *rules_find_known(const struct rules *rules, const char *id)
{
	const struct known_issue *known = NULL;

	for (size_t i = 0; i < rules_known_count(rules); i++)
		if (!strcmp(rules_known(rules, i)->id, id))
			known = rules_known(rules, i);
	return known;
}

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

static bool phase_fits(const struct rule *rule, enum phase phase)
{
	for (unsigned int i = 0; i < rule->phase_count; i++)
		if (rule->phase[i] == (int)phase)
			return true;
	return !rule->phase_count;
}

static bool rule_fits(const struct rule *rule, unsigned int evidence,
		      const struct finding *f)
{
	return (rule->after & evidence) == rule->after && phase_fits(rule, f->phase) &&
	       any_fits(rule->kind, rule->kind_count, f->kind) &&
	       any_fits(rule->driver, rule->driver_count, f->driver) &&
	       function_fits(rule, f);
}

bool rules_apply(const struct rules *rules, unsigned int evidence, struct finding *f)
{
	bool ignore = false;

	for (size_t d = 0; d < rules->n; d++)
		for (unsigned int i = 0; i < rules->documents[d]->rules_count; i++) {
			const struct rule *rule = &rules->documents[d]->rules[i];

			if (!rule_fits(rule, evidence, f))
				continue;
			if (rule->known)
				text_copy(f->known, sizeof(f->known),
					  text_of(rule->known));
			if (rule->severity)
				text_copy(f->severity, sizeof(f->severity),
					  text_of(severities[rule->severity - 1].str));
			ignore = rule->ignore;
		}
	return !ignore;
}
