# The house: packages, checks, demo, formatting, installation.

.PHONY: help dist clean format deps lint layers docs check demo asan fuzz \
 fuzz-replay torture bench install uninstall e2e cli-tests screenshots

help:
	@printf '  %-14s %s\n' \
	 make 'build it; V=1 shows commands, BUILD=dir builds elsewhere' \
	 deps 'install what it needs (root)' \
	 demo 'the whole story on this machine (root)' \
	 install 'below PREFIX=/usr/local, DESTDIR=; uninstall takes it away' \
	 dist 'an archive of the last commit, in BUILD' \
	 aarch64 'the programs for nodes of that kind, too' \
	 check 'every test (root)' \
	 unit-FOLDER 'the unit tests of one folder of src' \
	 'cli-tests e2e' 'one kind of the others (e2e: root)' \
	 lint 'floors, sizes, manuals, formatting, shell' \
	 format 'clang-format' \
	 'asan fuzz' 'tests under sanitizers, fuzzers (CONTRIBUTING.md)'

DIST = netflowize-$(VERSION:-dirty=)

dist:
	@mkdir -p $(BUILD)
	git archive --prefix=$(DIST)/ -o $(BUILD)/$(DIST).tar.gz \
	 --add-virtual-file=$(DIST)/VERSION:$(VERSION:-dirty=) HEAD

# All cores, unless -j was given.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

clean:
	rm -rf $(BUILD)

deps:
	@scripts/deps build lab check lint fuzz

format:
	clang-format-14 -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]')

layers:
	@scripts/check-layers
	@scripts/check-size

docs:
	@scripts/check-docs

lint: layers docs
	@scripts/deps lint check
	@clang-format-14 --dry-run -Werror $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]')
	@shellcheck $$(git ls-files | xargs grep -lE '^#!/bin/(ba)?sh' 2>/dev/null)

# Every test.  The closing line counts them.  What cannot be had for aarch64 is
# skipped.
check:
	@scripts/deps build lab check
	$(Q)$(MAKE) --no-print-directory $(JOBS) all fuzz-replay-build unit-build $(BUILD)/tests/deploy-tool
	-$(Q)$(MAKE) --no-print-directory $(JOBS) aarch64
	$(Q)BUILD=$(BUILD) scripts/run-tests

# The pictures in the manual (root).
screenshots:
	@scripts/deps build lab check
	$(Q)$(MAKE) --no-print-directory $(JOBS) all unit-build
	$(Q)BUILD=$(BUILD) examples/shoot

e2e cli-tests:
	@scripts/deps build lab check
	$(Q)$(MAKE) --no-print-directory $(JOBS) all unit-build
	$(Q)BUILD=$(BUILD) scripts/run-tests $(patsubst cli-tests,cli,$@)/

# The page in Chromium; part of check where Chromium is installed.
.PHONY: check-browser
check-browser:
	@scripts/deps build check browser
	$(Q)$(MAKE) --no-print-directory $(JOBS) $(BUILD)/bin/netflowize \
	 $(BUILD)/bin/nfz-query $(BUILD)/tests/tool-genstore
	$(Q)BUILD=$(BUILD) tests/browser/page.sh

demo:
	@scripts/deps build lab
	$(Q)$(MAKE) --no-print-directory $(JOBS) $(BUILD)/bin/netflowize \
	 $(BUILD)/bin/nfz-testbed payload
	$(Q)BUILD=$(BUILD) scripts/demo

asan:
	@scripts/deps build lab check
	$(Q)$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)-asan SANITIZE=address,undefined \
	 all fuzz-replay-build unit-build $(BUILD)-asan/tests/deploy-tool
	$(Q)BUILD=$(BUILD)-asan SANITIZE=address,undefined \
	 NODE_BIN=$(abspath $(BUILD)-asan/bin) REPORTS=$(abspath $(BUILD)-asan/reports) scripts/run-tests

torture:
	@scripts/deps build lab check
	$(Q)$(MAKE) --no-print-directory $(JOBS) all unit-build
	$(Q)for t in tests/torture/*.sh; do echo "== $$t"; BUILD=$(BUILD) "$$t" || exit 1; done
	$(Q)$(MAKE) --no-print-directory fuzz RUNS=$(or $(RUNS),10000000)

# The planner beside other solvers; ARGS=--full takes hours.
.PHONY: bench-planner
bench-planner:
	@scripts/deps build check bench
	$(Q)$(MAKE) --no-print-directory $(JOBS) $(BUILD)/bin/netflowize \
	 $(BUILD)/tests/tool-coverproblem $(BUILD)/tests/tool-gengraph
	$(Q)BUILD=$(BUILD) tests/bench/planner.py $(ARGS)

# The meter beside other probes, and what it costs the traffic it watches:
# ARGS="--workloads u1M --runs 5" LIVE="--rounds 3".
.PHONY: bench-probe
bench-probe:
	@scripts/deps build check bench
	$(Q)$(MAKE) --no-print-directory $(JOBS) $(BUILD)/bin/nfz-meter \
	 $(patsubst %,$(BUILD)/tests/tool-%,gencap touch expiry inject pingpong absorbcost)
	$(Q)$(BUILD)/tests/tool-expiry
	$(Q)$(BUILD)/tests/tool-absorbcost
	$(Q)BUILD=$(BUILD) tests/bench/probe.py --peers $(ARGS)
	$(Q)BUILD=$(BUILD) tests/bench/live.py --first $(LIVE)

# The fleet beside other tools; ARGS="--nodes 50 --only fleet".
.PHONY: bench-deploy
bench-deploy:
	@scripts/deps build lab check bench
	$(Q)$(MAKE) --no-print-directory $(JOBS) all unit-build
	$(Q)BUILD=$(BUILD) tests/bench/deploy.sh $(ARGS)

# The flow store beside nfdump: ARGS="--flows 50000000".
.PHONY: bench-store
bench-store:
	@scripts/deps build check bench
	$(Q)$(MAKE) --no-print-directory $(JOBS) $(BUILD)/bin/nfz-collector \
	 $(BUILD)/bin/nfz-query $(BUILD)/tests/tool-genflows \
	 $(BUILD)/tests/tool-pack
	$(Q)BUILD=$(BUILD) tests/bench/store.sh $(ARGS)

bench:
	@scripts/deps build lab check bench
	$(Q)$(MAKE) --no-print-directory $(JOBS) all unit-build
	$(Q)for t in tests/bench/*.sh; do echo "== $$t"; BUILD=$(BUILD) "$$t" || exit 1; done

# --- fuzzing -----------------------------------------------------------------

FUZZERS := $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_LIBS = $(filter-out $(BUILD)/libcli.a,$(LIBS))

define replay_rule
$(BUILD)/tests/replay-$(1): tests/fuzz/$(1).c tests/fuzz/replay.c $(FUZZ_LIBS)
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(filter-out -MMD -MP -Wpedantic -Wconversion,$$(ALL_CFLAGS)) $$(LDHARDEN) -o $$@ $$(filter %.c,$$^) \
	 -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(filter-out -lcriterion,$$(TEST_EXT))
endef
$(foreach f,$(FUZZERS),$(eval $(call replay_rule,$(f))))

# For scripts/fuzz, which chooses compiler and sanitizers.
define fuzz_rule
$(BUILD)/fuzz/$(1): tests/fuzz/$(1).c $(FUZZ_LIBS)
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(filter-out -MMD -MP,$$(ALL_CFLAGS)) -fsanitize=fuzzer $$(LDHARDEN) -o $$@ $$(filter %.c,$$^) \
	 -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(filter-out -lcriterion,$$(TEST_EXT))
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rule,$(f))))

.PHONY: fuzz-replay-build unit-build
fuzz-replay-build: $(patsubst %,$(BUILD)/tests/replay-%,$(FUZZERS))
unit-build: $(patsubst %,$(BUILD)/tests/unit-%,$(UNIT))

# make fuzz: T seconds each; make fuzz RUNS=10000000: so many executions each,
# fewer for slow ones.
T ?= 60
fuzz:
	@scripts/deps build check fuzz
	$(Q)BUILD=$(BUILD)-fuzz scripts/fuzz $(if $(RUNS),-r $(RUNS),-s $(T)) $(FUZZERS)

# --- installation ------------------------------------------------------------

SHARE = $(DESTDIR)$(PREFIX)/share

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/netflowize \
	 $(SHARE)/netflowize/topologies $(SHARE)/netflowize/recipes \
	 $(SHARE)/bash-completion/completions $(SHARE)/doc/netflowize
	install -m 755 $(BUILD)/bin/* $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(BUILD)/payload/* $(DESTDIR)$(PREFIX)/lib/netflowize
	install -m 644 topologies/* $(SHARE)/netflowize/topologies
	install -m 644 recipes/*.recipe $(SHARE)/netflowize/recipes
	install -m 644 README.md CHANGELOG.md LICENSE $(SHARE)/doc/netflowize
	$(BUILD)/bin/netflowize completion >$(SHARE)/bash-completion/completions/netflowize
	for p in man/*.[1-8]; do s=$${p##*.}; \
	 install -d $(SHARE)/man/man$$s; \
	 install -m 644 $$p $(SHARE)/man/man$$s; done

uninstall:
	rm -f $(patsubst %,$(DESTDIR)$(PREFIX)/bin/%,$(PROGRAMS)) \
	 $(foreach p,$(notdir $(wildcard man/*.[1-8])),$(SHARE)/man/man$(subst .,,$(suffix $(p)))/$(p)) \
	 $(SHARE)/bash-completion/completions/netflowize
	rm -rf $(DESTDIR)$(PREFIX)/lib/netflowize $(SHARE)/netflowize \
	 $(SHARE)/doc/netflowize
