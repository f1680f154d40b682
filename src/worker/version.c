// SPDX-License-Identifier: GPL-2.0-or-later
#include "commands.h"

const char worker_version[] = VERSION;
