/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of the decision table (verdict.c) that concern attempts to unplug. */
#pragma once

#include "judge/verdict.h"

bool attempt_is_stuck(const struct cycle_facts *f);
bool attempt_is_gone(const struct cycle_facts *f);
bool attempt_is_unseen(const struct cycle_facts *f);
/* Unplug and release did not meet. */
bool attempt_is_unmade(const struct cycle_facts *f);
bool attempt_is_blocked(const struct cycle_facts *f);
bool attempt_is_busy(const struct cycle_facts *f);
/* The cycle is an attempt; what the rules above it have left is a good one. */
bool attempt_is_made(const struct cycle_facts *f);

/* Each adds its sentence to reason, and returns the phase where it was decided. */
enum phase attempt_explain_stuck(const struct cycle_facts *f, struct strbuf *reason);
enum phase attempt_explain_gone(const struct cycle_facts *f, struct strbuf *reason);
enum phase attempt_explain_unseen(const struct cycle_facts *f, struct strbuf *reason);
enum phase attempt_explain_unmade(const struct cycle_facts *f, struct strbuf *reason);
enum phase attempt_explain_blocked(const struct cycle_facts *f, struct strbuf *reason);
enum phase attempt_explain_busy(const struct cycle_facts *f, struct strbuf *reason);
enum phase attempt_explain_pass(const struct cycle_facts *f, struct strbuf *reason);
