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
LIBS	:= libnl-3.0 libnl-route-3.0 libpcre2-8 jansson libcyaml libpci libudev
# Files and lines of kernel code (classify --vmlinux): optional.
LIBDW	:= $(shell pkg-config --exists libdw 2>/dev/null && echo libdw)
# The flood's programs for the kernel, and with them its turbo engine: optional. bpftool reads
# them in the byte order of this machine only.
CLANG	?= clang
BPFTOOL	?= $(shell PATH=$$PATH:/usr/sbin:/sbin; command -v bpftool || echo bpftool)
byte_order = $(shell echo __BYTE_ORDER__ | $(1) -E -P -x c - 2>/dev/null)
BPF_ORDER := $(call byte_order,$(CLANG) -target bpf)
BPF_LACKS := $(firstword \
	$(if $(shell pkg-config --exists libbpf 2>/dev/null || echo no),libbpf) \
	$(if $(BPF_ORDER),,$(CLANG)) \
	$(if $(filter $(BPF_ORDER),$(call byte_order,$(CC))),,bpftool) \
	$(if $(shell $(BPFTOOL) version >/dev/null 2>&1 || echo no),bpftool))
LIBS	+= $(LIBDW) $(if $(BPF_LACKS),,libbpf)
MAKEFLAGS += --no-builtin-rules
.SECONDARY:

override CPPFLAGS += -Iinclude -Isrc -D_GNU_SOURCE $(if $(LIBDW),-DHAVE_LIBDW) \
	$(if $(BPF_LACKS),,-DHAVE_BPF)
override CFLAGS += -std=gnu17 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wundef -Wvla -Wpointer-arith -Wwrite-strings \
	$(shell pkg-config --cflags $(LIBS) 2>/dev/null)
override LDLIBS += $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lm
# SAN=address,undefined: what `make check` runs the unit tests under.
ifdef SAN
override CFLAGS += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=$(SAN)
endif

ifeq ($(V),0)
say = @printf '  %-7s %s\n' $(1) $(patsubst $(O)/%,%,$@);
endif

# The worker is a program of its own.
WORKER_SOURCES := $(sort $(wildcard src/worker/*.c src/worker/*/*.c))
WORKER_OBJECTS := $(WORKER_SOURCES:src/%.c=$(O)/obj/%.o)
WORKER	:= $(O)/iommu-stress-worker
SOURCES := $(filter-out $(WORKER_SOURCES) %.bpf.c,\
	$(sort $(wildcard src/*/*.c src/*/*/*.c src/*/*/*/*.c)))
OBJECTS := $(SOURCES:src/%.c=$(O)/obj/%.o)
# Files that are linked in as they are, so that the program stands alone: file F becomes
# the symbols embed_<name> and embed_<name>_end (dots and dashes become _).
EMBEDS	:= $(sort $(wildcard src/*/embed/* src/*/*/embed/*))
EMBED_OBJECTS := $(EMBEDS:src/%=$(O)/embed/%.o)
ARCHIVE	:= $(O)/iommu-stress.a
PROGRAM	:= $(O)/iommu-stress

.PHONY: all
all: $(PROGRAM) $(WORKER)

$(PROGRAM): $(O)/obj/main.o $(ARCHIVE)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(ARCHIVE): $(OBJECTS) $(EMBED_OBJECTS)
	$(call say,AR)rm -f $@ && ar rcs $@ $^

# Rebuilds when flags change, and only then.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(BPF_LACKS)
$(O)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@
.PHONY: FORCE
FORCE:

$(O)/obj/%.o: src/%.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# What runs in the kernel, as headers with the program in them. Generated code is no match for
# our warnings: a system header.
BPF_DIR	:= src/flood/path
SKELETONS := $(if $(BPF_LACKS),,$(patsubst $(BPF_DIR)/%.bpf.c,$(O)/bpf/%.skel.h,\
	$(wildcard $(BPF_DIR)/*.bpf.c)))
BPF_OBJECTS := $(filter $(O)/obj/flood/path/%,$(OBJECTS))
$(BPF_OBJECTS): $(SKELETONS)
$(BPF_OBJECTS): override CPPFLAGS += -isystem $(O)/bpf -DBPF_LACKS='"$(BPF_LACKS)"'
# clang does not look for headers of this machine then.
BPF_INCLUDES = $(shell $(CLANG) -v -E - </dev/null 2>&1 | \
	sed -n '/^\#include </,/^End/s|^ \(/.*\)|-idirafter \1|p')
$(O)/bpf/%.skel.h: $(BPF_DIR)/%.bpf.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,BPF)$(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror \
		$(BPF_INCLUDES) -MMD -MP -MT $@ -MF $(@:.h=.d) -c -o $(@:.skel.h=.bpf.o) $<
	@$(BPFTOOL) gen skeleton $(@:.skel.h=.bpf.o) >$@.new && mv $@.new $@

# The version changes with every commit: only this one object knows it.
$(O)/.version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@
$(O)/obj/base/version.o $(O)/obj/worker/main.o: $(O)/.version
$(O)/obj/base/version.o $(O)/obj/worker/main.o: override CPPFLAGS += -DVERSION='"$(VERSION)"'

# -O2 of gcc 12 makes no vectors.
$(O)/obj/classify/scan.o: override CFLAGS += -ftree-vectorize

# Where `make install` puts the workers.
$(O)/obj/board/worker/find.o: override CPPFLAGS += -DDATADIR='"$(DATADIR)"'

$(O)/embed/%.o: src/% src/embed.S $(O)/.flags
	@mkdir -p $(@D)
	$(call say,EMBED)$(CC) -DEMBED_NAME=embed_$(subst -,_,$(subst .,_,$(notdir $<))) \
		-DEMBED_FILE='"$<"' -c -o $@ src/embed.S

# -- the worker ----------------------------------------------------------------------------
# Runs on targets, where there may be no library: static, and nothing but libc.

$(WORKER): $(WORKER_OBJECTS)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^

# Debian's name of an architecture, and its compilers: those that are there are used.
WORKER_ARCHS := amd64 arm64 s390x
WORKER_CC_amd64 := x86_64-linux-gnu-gcc
WORKER_CC_arm64 := aarch64-linux-gnu-gcc
WORKER_CC_s390x := s390x-linux-gnu-gcc
WORKER_NEEDS_amd64 := gcc-x86-64-linux-gnu libc6-dev-amd64-cross
WORKER_NEEDS_arm64 := gcc-aarch64-linux-gnu libc6-dev-arm64-cross
WORKER_NEEDS_s390x := gcc-s390x-linux-gnu libc6-dev-s390x-cross
WORKERS := $(foreach arch,$(WORKER_ARCHS),$(if $(shell command -v $(WORKER_CC_$(arch))),\
	$(O)/worker/$(arch)/iommu-stress-worker))
WORKER_FLAGS = -Isrc $(filter-out -I% -DHAVE_%,$(CPPFLAGS)) -DVERSION='"$(VERSION)"' \
	$(filter-out -I%,$(CFLAGS)) -static

.PHONY: workers
workers: $(WORKERS)
	@$(foreach arch,$(WORKER_ARCHS),$(if $(filter $(O)/worker/$(arch)/%,$(WORKERS)),,\
		echo 'no worker for $(arch): apt install $(WORKER_NEEDS_$(arch))';)):

$(O)/worker/%/iommu-stress-worker: $(WORKER_SOURCES) \
		$(wildcard src/worker/*.h src/worker/*/*.h) $(O)/.flags $(O)/.version
	@mkdir -p $(@D)
	$(call say,CC)$(WORKER_CC_$*) $(WORKER_FLAGS) -o $@ $(WORKER_SOURCES)

# -- tests ---------------------------------------------------------------------------------
# Unit and scenario tests are C programs, run under ASan and UBSan from a build of their
# own; everything else is a script that prints TAP. tests/run adds them all up.

UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/unit/%.c=$(O)/tests/%)
SCENARIO_SOURCES := $(sort $(wildcard tests/scenario/test_*.c))
SCENARIO_TESTS := $(SCENARIO_SOURCES:tests/scenario/%.c=$(O)/tests/scenario_%)
SCENARIO_OBJECTS := $(O)/tests/scenario/sim.o $(O)/tests/scenario/script.o
SCRIPTS	= $(sort $(wildcard tests/static/*.sh tests/golden/*.sh tests/net/*.sh \
	tests/fuzz/*.sh tests/e2e/*.sh))
SEEDS	= $(sort $(wildcard tests/seeds/*.sh))
SANITIZED := $(O)/sanitized
C_TESTS	:= $(patsubst $(O)/%,$(SANITIZED)/%,$(UNIT_TESTS) $(SCENARIO_TESTS))
export IOMMU_STRESS = $(abspath $(PROGRAM))

$(O)/tests/%: tests/unit/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ \
		$< $(ARCHIVE) $(LDLIBS) -lcmocka

# The worker's parts, without its main().
$(O)/worker.a: $(filter-out $(O)/obj/worker/main.o,$(WORKER_OBJECTS))
	$(call say,AR)rm -f $@ && ar rcs $@ $^
$(O)/tests/test_worker%: tests/unit/test_worker%.c $(O)/worker.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -MF $@.d \
		$(LDFLAGS) -o $@ $< $(O)/worker.a -lcmocka

# The worker as tests start it: with the sanitizers, which want no static program.
$(O)/tests/iommu-stress-worker: $(WORKER_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
$(O)/tests/test_facts $(O)/tests/test_guard $(O)/tests/test_cmd_list: \
	$(O)/tests/iommu-stress-worker

# Fails or kills at the n-th write.
$(O)/tests/test_journal_faults: override LDFLAGS += -Wl,--wrap=write
# Receives what it wrote down.
$(O)/tests/test_uevent: override LDFLAGS += -Wl,--wrap=udev_monitor_get_fd \
	-Wl,--wrap=udev_monitor_receive_device -Wl,--wrap=udev_device_get_action \
	-Wl,--wrap=udev_monitor_new_from_netlink
# Writes without a writer.
$(O)/tests/test_worker_sysfs: override LDFLAGS += -Wl,--wrap=puts_write,--wrap=puts_query
# Known issues of its own.
$(O)/tests/test_report: override LDFLAGS += -Wl,--wrap=rules_find_known

$(O)/tests/scenario/%.o: tests/scenario/%.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/tests/scenario_%: $(O)/tests/scenario/%.o $(SCENARIO_OBJECTS) $(ARCHIVE)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--wrap=epoll_wait,--wrap=clock_gettime \
		-o $@ $^ $(LDLIBS) -lcmocka

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS) $(SCENARIO_TESTS)

# All tests. Installs what is missing, needs nothing prepared.
.PHONY: check
check: packages
	@$(MAKE) --no-print-directory all workers
	@$(MAKE) --no-print-directory O=$(SANITIZED) SAN=address,undefined unit-tests
	@tests/run $(C_TESTS) $(SCRIPTS) \
		$(SEEDS)

# What takes seconds, for every commit.
.PHONY: check-fast
check-fast: all workers
	@$(MAKE) --no-print-directory O=$(SANITIZED) SAN=address,undefined unit-tests
	@tests/run $(C_TESTS) \
		$(sort $(wildcard tests/static/*.sh))

# Kernels with a known bug put back: the tool must find it, and nothing in their control. And
# one with iommufd, which Debian's lack.
.PHONY: check-seeds
check-seeds: all workers
	@tests/run $(SEEDS)

BENCHES	:= $(patsubst tests/bench/%.c,$(O)/bench/%,$(sort $(wildcard tests/bench/bench_*.c)))
$(O)/bench/bench_memory: $(SCENARIO_OBJECTS)
$(O)/bench/bench_memory: override LDFLAGS += -Wl,--wrap=epoll_wait,--wrap=clock_gettime
$(O)/bench/%: tests/bench/%.c $(ARCHIVE)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ \
		$(filter %.c %.o %.a,$^) $(LDLIBS)

# Figures of speed, memory and overhead; they need a prepared board.
.PHONY: bench
bench: all $(BENCHES)
	@tests/bench/bench.sh $(O)

# -- what the README promises --------------------------------------------------------------

.PHONY: packages
packages:
	@contrib/packages/install

# The main job, out of the box. A finding is a success: status 1 is one. The driver of this
# network device has no shutdown method, so there is something to find, and soon.
.PHONY: demo
demo: packages
	@$(MAKE) --no-print-directory all
	$(PROGRAM) board prepare arm64
	$(PROGRAM) reboot --flood --nic rtl8139 -n $(DEMO_CYCLES) || [ $$? -eq 1 ]
DEMO_CYCLES ?= 5

.PHONY: install
install: all workers
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8 \
		$(DESTDIR)$(DATADIR)/iommu-stress $(DESTDIR)$(DATADIR)/bash-completion/completions
	install -m 755 $(PROGRAM) $(DESTDIR)$(SBINDIR)/
	for worker in $(WORKERS:$(O)/worker/%=%); do \
		install -D -m 755 $(O)/worker/$$worker \
			$(DESTDIR)$(DATADIR)/iommu-stress/worker/$$worker || exit 1; \
	done
	install -m 644 man/*.5 $(DESTDIR)$(MANDIR)/man5/
	install -m 644 man/*.8 $(DESTDIR)$(MANDIR)/man8/
	install -m 644 src/classify/embed/*.yaml $(DESTDIR)$(DATADIR)/iommu-stress/
	install -m 644 contrib/completion/iommu-stress.bash \
		$(DESTDIR)$(DATADIR)/bash-completion/completions/iommu-stress

.PHONY: format
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

.PHONY: clean
clean:
	rm -rf $(O)

.PHONY: help
help:
	@echo 'make            build $(PROGRAM) (O=DIR: elsewhere, CC=clang, V=1: show commands)'
	@echo 'make workers    the worker for each architecture of a target'
	@echo 'make demo       install what is missing, run the main job on a virtual board'
	@echo 'make check      all tests; check-fast: seconds; check-seeds: kernels with bugs'
	@echo 'make bench      figures of speed and overhead'
	@echo 'make install    DESTDIR, PREFIX ($(PREFIX)), SBINDIR, DATADIR, MANDIR'
	@echo 'make format     clang-format over all C files'

-include $(OBJECTS:.o=.d) $(WORKER_OBJECTS:.o=.d) $(O)/obj/main.d $(SKELETONS:.h=.d) $(UNIT_TESTS:=.d) $(SCENARIO_OBJECTS:.o=.d) \
	$(SCENARIO_SOURCES:tests/%.c=$(O)/tests/%.d)
