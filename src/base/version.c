// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/version.h"

const char version_string[] = VERSION;
