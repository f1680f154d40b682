/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker: the program that runs on the target, iommu-stress-worker(8). */
#pragma once

#include "base/text.h"

/*
 * Can words be passed on to the worker by any shell? Letters, digits, blanks and
 * .:_=/,+@%- only: nothing that a shell on the way could read as anything else.
 */
bool worker_words_are_plain(struct text words);
