# SPDX-License-Identifier: GPL-2.0-or-later
# iommu-stress: `make demo` shows the main job, `make check` runs all tests; both install
# what is missing first. `make help` lists the rest.

O	?= build
PREFIX	?= /usr/local
SBINDIR	?= $(PREFIX)/sbin
DATADIR	?= $(PREFIX)/share
MANDIR	?= $(DATADIR)/man
DESTDIR	?=
CC	?= gcc
CFLAGS	?= -O2 -g
V	?= 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1)
LIBS	:= libpci libudev libnl-3.0 libnl-route-3.0 libpcre2-8 jansson libcyaml
MAKEFLAGS += --no-builtin-rules

override CPPFLAGS += -Iinclude -D_GNU_SOURCE
override CFLAGS += -std=gnu17 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wundef -Wvla -Wpointer-arith -Wwrite-strings \
	$(shell pkg-config --cflags $(LIBS) 2>/dev/null)
override LDLIBS += $(shell pkg-config --libs $(LIBS) 2>/dev/null)
# SAN=address,undefined: what `make check` runs the unit tests under.
ifdef SAN
override CFLAGS += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=$(SAN)
endif

ifeq ($(V),0)
say = @printf '  %-7s %s\n' $(1) $(patsubst $(O)/%,%,$@);
endif

SOURCES := $(sort $(wildcard src/*/*.c src/*/*/*.c src/*/*/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(O)/obj/%.o)
# Files that are linked in as they are, so that the program stands alone: file F becomes
# the symbols embed_<name> and embed_<name>_end (dots and dashes become _).
EMBEDS	:= $(sort $(wildcard src/*/embed/* src/*/*/embed/*))
EMBED_OBJECTS := $(EMBEDS:src/%=$(O)/embed/%.o)
ARCHIVE	:= $(O)/iommu-stress.a
PROGRAM	:= $(O)/iommu-stress

.PHONY: all
all: $(PROGRAM)

$(PROGRAM): $(O)/obj/main.o $(ARCHIVE)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(ARCHIVE): $(OBJECTS) $(EMBED_OBJECTS)
	$(call say,AR)rm -f $@ && ar rcs $@ $^

# Rebuilds when flags change, and only then.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS)
$(O)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@
FORCE:

$(O)/obj/%.o: src/%.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The version changes with every commit: only this one object knows it.
$(O)/.version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
$(O)/obj/base/version.o: $(O)/.version
$(O)/obj/base/version.o: override CPPFLAGS += -DVERSION='"$(VERSION)"'

$(O)/embed/%.o: src/% src/embed.S $(O)/.flags
	@mkdir -p $(@D)
	$(call say,EMBED)$(CC) -DEMBED_NAME=embed_$(subst -,_,$(subst .,_,$(notdir $<))) \
		-DEMBED_FILE='"$<"' -c -o $@ src/embed.S

# -- tests ---------------------------------------------------------------------------------

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(O)/tests/%)

$(O)/tests/%: tests/unit/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ \
		$< $(ARCHIVE) $(LDLIBS) -lcmocka

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)

-include $(OBJECTS:.o=.d) $(O)/obj/main.d $(UNIT_TESTS:=.d)
