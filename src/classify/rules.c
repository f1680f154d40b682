// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schema of rule files, and reading them. libcyaml checks it and says where it is broken; what it
 * cannot check (names of kinds and the like are free, ids are not) is checked behind it.
 */
#include "rules_data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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
	{ "bind", PHASE_BIND },
	{ "unplug", PHASE_UNPLUG },
	{ "back", PHASE_BACK },
};

static const cyaml_schema_value_t phase_schema = {
	CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, int, phases, ARRAY_SIZE(phases)),
};

static const cyaml_strval_t evidences[] = {
	{ "group-removal", RULES_GROUP_REMOVAL },
	{ "vfio-holder", RULES_VFIO_HOLDER },
	{ "smmu-cmdq", RULES_SMMU_CMDQ },
};

#define TEXT_FIELD(key, type, member, flags) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), type, member, 0, 4000)
#define LIST_FIELD(key, type, member, entry)                                      \
	CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, \
			     member, entry, 0, 1000)

static const cyaml_schema_field_t known_fields[] = {
	TEXT_FIELD("id", struct known_entry, issue.id, 0),
	TEXT_FIELD("title", struct known_entry, issue.title, 0),
	TEXT_FIELD("introduced", struct known_entry, issue.introduced,
		   CYAML_FLAG_OPTIONAL),
	TEXT_FIELD("fixed-by", struct known_entry, issue.fixed_by, CYAML_FLAG_OPTIONAL),
	TEXT_FIELD("advice", struct known_entry, issue.advice, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_SEQUENCE_COUNT("fixed-in", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
				   struct known_entry, fixed_in, fixed_in_count,
				   &word_schema, 0, 100),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t known_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct known_entry, known_fields),
};

/* Releases: from the first on, and before the second. */
static const cyaml_schema_field_t kernel_fields[] = {
	TEXT_FIELD("from", struct kernel_range, from, CYAML_FLAG_OPTIONAL),
	TEXT_FIELD("below", struct kernel_range, below, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_END,
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
	LIST_FIELD("frame", struct rule, frame, &word_schema),
	LIST_FIELD("driver", struct rule, driver, &word_schema),
	LIST_FIELD("file", struct rule, file, &word_schema),
	TEXT_FIELD("text", struct rule, text, CYAML_FLAG_OPTIONAL),
	CYAML_FIELD_MAPPING("kernel", CYAML_FLAG_OPTIONAL, struct rule, kernel,
			    kernel_fields),
	TEXT_FIELD("advice", struct rule, advice, CYAML_FLAG_OPTIONAL),
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

	for (unsigned int i = 0; document->codes && i < document->rules_count; i++)
		pcre2_code_free(document->codes[i]);
	free(document->codes);
	document->codes = NULL;
	cyaml_free(&config, &document_schema, document, 0);
}

/* Readers of known issues need not care which words the file left out. */
static void fill_gaps(struct document *document)
{
	for (unsigned int i = 0; i < document->known_count; i++) {
		struct known_issue *known = &document->known[i].issue;
		const char **texts[] = { &known->introduced, &known->fixed_by,
					 &known->advice };

		for (size_t t = 0; t < ARRAY_SIZE(texts); t++)
			if (!*texts[t])
				*texts[t] = xstrdup("");
	}
}

/* "name:line:column: " of the value that stands behind key, as far as it is found. */
static char *describe_place(const char *name, struct text yaml, const char *key,
			    const char *value)
{
	ptrdiff_t at = 0;

	while ((at = text_find(yaml, text_of(key), (size_t)at)) >= 0) {
		const char *end = memchr(yaml.s + at, '\n', yaml.n - (size_t)at);
		struct text line = {
			yaml.s + at, (end ? (size_t)(end - yaml.s) : yaml.n) - (size_t)at
		};
		ptrdiff_t in_line = text_find(line, text_of(value), strlen(key));
		unsigned int number = 1, column = 1;

		at++;
		if (in_line < 0)
			continue;
		for (const char *s = yaml.s; s < line.s + in_line; s++) {
			column = *s == '\n' ? 1 : column + 1;
			number += *s == '\n';
		}
		return xasprintf("%s:%u:%u: ", name, number, column);
	}
	return xasprintf("%s: ", name);
}

/* A rule may name only issues that exist. */
static char *check_known(const struct rules *rules, const struct document *document,
			 const char *name, struct text yaml)
{
	for (unsigned int i = 0; i < document->rules_count; i++) {
		const char *id = document->rules[i].known;
		char *place, *error;

		if (!id || rules_find_known(rules, id))
			continue;
		place = describe_place(name, yaml, "known:", id);
		error = xasprintf("%sthe known issue '%s' is nowhere explained", place,
				  id);
		free(place);
		return error;
	}
	return NULL;
}

static char *compile_texts(struct document *document, const char *name, struct text yaml)
{
	document->codes = xcalloc(document->rules_count + 1, sizeof(document->codes[0]));
	for (unsigned int i = 0; i < document->rules_count; i++) {
		const char *text = document->rules[i].text;
		PCRE2_UCHAR words[120];
		PCRE2_SIZE at;
		char *place, *error;
		int r;

		if (!text)
			continue;
		document->codes[i] = pcre2_compile((PCRE2_SPTR)text,
						   PCRE2_ZERO_TERMINATED, PCRE2_UTF, &r,
						   &at, NULL);
		if (document->codes[i])
			continue;
		pcre2_get_error_message(r, words, sizeof(words));
		place = describe_place(name, yaml, "text:", text);
		error = xasprintf("%stext '%s': %s", place, text, (char *)words);
		free(place);
		return error;
	}
	return NULL;
}

int rules_add(struct rules *rules, const char *name, struct text yaml, char **ret_error)
{
	struct complaint complaint = { 0 };
	cyaml_config_t config = make_config(&complaint);
	struct document *document = NULL;
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
	*ret_error = check_known(rules, document, name, yaml);
	if (!*ret_error)
		*ret_error = compile_texts(document, name, yaml);
	if (!*ret_error)
		return 0;
	document_free(document);
	rules->n--;
	return -EINVAL;
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
			return &rules->documents[d]->known[i].issue;
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
