# SPDX-License-Identifier: GPL-2.0-only
#
#   make demo       show the mirror at work on two guests (sets everything up)
#   make check      run the tests (sets everything up)
#   make sim        a million schedules of two simulated nodes, and the bugs that
#                   they find
#   make check-debug   the module in kernels that watch locks and memory (half an hour)
#   make check-packages   the Debian packages in a guest, and a guest with systemd, on
#                   each kernel
#   make check-cluster   a mirror under Pacemaker, in a cluster of two guests (an hour)
#   make check-iscsi   libiscsi's tests of a target, on an exported mirror
#   make soak       random faults for MINUTES, drawn from SEED (sets everything up)
#   make fuzz       run the fuzzers, FUZZ_SECONDS each (sets everything up)
#   make modules    build the module for KVER, the running kernel by default
#   make tools      build netmirrorctl
#   make install    install both, the module for KVER
#   make install-tools   all but the module
#   make install-dkms    the module's sources, for DKMS
#   make deb        build the Debian packages in build/deb
#   make lab-shell  two guests with a mirror, logged in
#   make bench      compare with the alternatives on two guests
#   make bench-stall   how long an application waits when the peer dies, compared
#   make clean
#
# demo, the checks, soak, bench and lab-shell install the Debian packages that they need;
# the other targets expect what "make setup-build" installs.

KVER ?= $(shell uname -r)
PREFIX ?= /usr
DESTDIR ?=
O ?= $(CURDIR)/build

# The kernels that the tests run on.
LAB_KERNELS ?= 6.1 6.12

VERSION := $(shell sed -n 's/^.define NM_VERSION.*"\(.*\)"/\1/p' \
	include/netmirror/version.h)

CLUSTER_KERNEL ?= 6.12

FUZZ_SECONDS ?= 60

# Of the soak; without a seed it draws one.
MINUTES ?= 60
SEED ?=
SOAK_KERNEL ?= 6.12

.PHONY: all modules lab-modules tools unit demo check check-cluster check-debug check-iscsi \
	check-packages sim soak fuzz bench bench-stall lab-shell install install-module install-tools \
	install-dkms setup-build setup-test setup-deb deb clean

all: modules tools

setup-build:
	scripts/setup.sh build

setup-test:
	scripts/setup.sh build deb test

setup-deb:
	scripts/setup.sh build deb

modules:
	scripts/build-module.sh $(KVER) $(O)/modules/$(KVER)

# The module for each kernel of the lab, in build/modules/<6.1|6.12>.
lab-modules: setup-test
	set -e; for k in $(LAB_KERNELS); do \
		scripts/build-module.sh "$$(scripts/lab-kver.sh $$k)" $(O)/modules/$$k; \
	done

tools:
	$(MAKE) -C userspace/netmirrorctl O=$(O)/tool

unit: setup-test
	$(MAKE) -C tests/unit O=$(O)/unit build

check: setup-test
	$(MAKE) unit tools lab-modules
	$(MAKE) -C tests/tool O=$(O)/tool-test tool
	$(MAKE) -C tests/scripts O=$(O)/testtools
	tests/run-check.sh $(LAB_KERNELS)

sim: setup-build
	tests/sim/prove.sh

check-debug: setup-test
	$(MAKE) tools
	O=$(O) tests/debug/build.sh um
	O=$(O) tests/debug/run.sh
	O=$(O) tests/debug/build.sh guest
	O=$(O) tests/debug/rdma.sh

check-packages: setup-test
	$(MAKE) tools lab-modules
	set -e; for k in $(LAB_KERNELS); do \
		LAB_KERNEL=$$k LINK=loop tests/scripts/packages.t; \
		LAB_KERNEL=$$k tests/scripts/boot.t; \
	done

check-cluster: setup-test
	$(MAKE) tools lab-modules LAB_KERNELS=$(CLUSTER_KERNEL)
	$(MAKE) -C tests/scripts O=$(O)/testtools
	LAB_KERNEL=$(CLUSTER_KERNEL) prove --timer --merge \
		tests/agent.t tests/scripts/cluster*.t

check-iscsi: setup-test
	$(MAKE) tools lab-modules
	set -e; for k in $(LAB_KERNELS); do \
		LAB_KERNEL=$$k tests/scripts/iscsi-conformance.t; \
	done

soak: setup-test
	$(MAKE) tools lab-modules LAB_KERNELS=$(SOAK_KERNEL)
	$(MAKE) -C tests/scripts O=$(O)/testtools
	LAB_KERNEL=$(SOAK_KERNEL) SOAK_SEED=$(SEED) SOAK_MINUTES=$(MINUTES) \
		tests/scripts/soak.sh

fuzz: setup-test
	tests/fuzz/fuzz.sh $(FUZZ_SECONDS)

demo: setup-test
	$(MAKE) tools lab-modules LAB_KERNELS=6.1
	tests/demo/demo.sh

bench: setup-test
	$(MAKE) tools lab-modules LAB_KERNELS=6.1
	tests/fio/bench.sh

bench-stall: setup-test
	$(MAKE) tools lab-modules LAB_KERNELS=6.1
	$(MAKE) -C tests/scripts O=$(O)/testtools
	tests/scripts/stall-bench.sh

lab-shell: setup-test
	$(MAKE) tools lab-modules LAB_KERNELS=6.1
	tests/lab/shell.sh

install: install-module install-tools

install-module: modules
	install -D -m 644 $(O)/modules/$(KVER)/dm-netmirror.ko \
		$(DESTDIR)/lib/modules/$(KVER)/extra/dm-netmirror.ko
	if [ -z "$(DESTDIR)" ]; then depmod $(KVER); fi

# What depends on no kernel: all of this is in the packages, too.
install-tools: tools
	$(MAKE) -C userspace/netmirrorctl O=$(O)/tool DESTDIR=$(DESTDIR) \
		PREFIX=$(PREFIX) install
	$(MAKE) -C cluster DESTDIR=$(DESTDIR) install

install-dkms: DIR = $(DESTDIR)/usr/src/dm-netmirror-$(VERSION)
install-dkms:
	install -d $(DIR)
	cp -r --parents Kbuild dkms.conf include bitmap dm-netmirror $(DIR)

deb: setup-deb
	scripts/build-deb.sh $(O)/deb

clean:
	rm -rf $(O)
