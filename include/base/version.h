/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Of this build: a tag, or tag-commits-hash, or 0.1 outside of a checkout. */
extern const char version_string[];
