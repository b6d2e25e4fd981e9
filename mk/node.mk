# Node-side programs: static, musl, no service needed on the node.  They use
# the kernel's headers and four static libraries of the distribution.
#
# make aarch64 builds them for such nodes, too; "make" only for x86_64.

NODE_CC     ?= musl-gcc
NODE_CC_AARCH64 ?= aarch64-linux-gnu-gcc
NODE_BUILD  := $(BUILD)/node
NODE_PROGRAMS := nfz-agent nfz-meter nfz-cache nfz-collector nfz-query
# Sources that need a library nodes do not have stay out.
NODE_SKIP   := $(patsubst %,src/probe/%.c,pcapfile capture_pcap inspector metric_application)
NODE_FORMAT := $(wildcard $(patsubst %,src/format/%.c,jsonw sheet sheet_fit crypto sha256_blocks compress checksum))
NODE_FOLDERS := base flow store analysis probe collector
NODE_AGENT  := $(wildcard src/deploy/agent*.c src/deploy/journal*.c src/deploy/frame*.c src/deploy/payload_read*.c)
NODE_MAINS  := $(foreach p,$(NODE_PROGRAMS),$(wildcard src/*/$(p).c))
NODE_SOURCES := $(filter-out $(NODE_SKIP) $(MAINS),$(foreach f,$(NODE_FOLDERS),$(wildcard src/$(f)/*.c)) $(NODE_FORMAT) $(NODE_AGENT))
NODE_CFLAGS := -std=gnu17 -D_GNU_SOURCE= -DNFZ_NODE=1 -Isrc \
 -MMD -MP -Os -ffunction-sections -fdata-sections -fstack-protector-strong \
 -fno-asynchronous-unwind-tables -fno-pie $(WARNINGS)
# musl gives threads 128 KB unless told otherwise, and who reads a log wants more.
NODE_LDFLAGS := -static -no-pie -Wl,--gc-sections -Wl,--wrap=sodium_misuse -Wl,-z,stack-size=1048576 -s

NODE_NAMES  := $(basename $(notdir $(NODE_MAINS)))

# What unpacks the agent on a node: small enough for a line of shell, so it has
# neither a C library nor room for what only debuggers ask for.
UNPACK_FLAGS := -std=gnu17 -Isrc -MMD -MP -O2 -ffreestanding -fno-stack-protector \
 -fno-tree-loop-distribute-patterns -fno-asynchronous-unwind-tables -fno-pie $(WARNINGS) \
 -static -no-pie -nostdlib -Wl,-z,noseparate-code,-z,norelro,--build-id=none -s

# Programs that are made of much the same are one file, by several names: the
# one that holds them, first, tells by which it was called (base/program.h).
NODE_FILES  := nfz-agent nfz-collector
NODE_WITH_nfz-agent     := nfz-meter nfz-cache
NODE_WITH_nfz-collector := nfz-query

# For one architecture: its name, the directory it is built in, its compiler,
# where its headers and libraries are (below usr/).
define node_arch
# Only what we need is linked in, so that glibc's own headers stay out.
$(2)/include/.made: mk/node.mk $(5)
	@mkdir -p $$(@D)
	$$(Q)ln -sfn $(4)/usr/include/linux $$(@D)/linux
	$$(Q)ln -sfn $(4)/usr/include/asm-generic $$(@D)/asm-generic
	$$(Q)ln -sfn $(4)/usr/include/$(1)-linux-gnu/asm $$(@D)/asm
	$$(Q)for h in sodium sodium.h lz4.h zstd.h zstd_errors.h xxhash.h xxh3.h; do \
	 ln -sfn $(4)/usr/include/$$$$h $$(@D)/$$$$h; done
	$$(Q)touch $$@

$(2)/obj/%.o: src/%.c $(2)/include/.made $(BUILD)/stamp/flags
	$$(call say,NODE,$$<)
	@mkdir -p $$(@D)
	$$(Q)$(3) $$(NODE_CFLAGS) -isystem $(2)/include $$(call version_of,$$<) -c $$< -o $$@

$(patsubst src/%.c,$(2)/obj/%.o,$(VERSIONED)): $(BUILD)/stamp/version
$(addprefix $(2)/obj/,$(FAST)): NODE_CFLAGS += -O3

$(2)/libnode.a: $(patsubst src/%.c,$(2)/obj/%.o,$(NODE_SOURCES)) $(BUILD)/stamp/sources
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$(filter %.o,$$^)

$(foreach f,$(NODE_FILES),$(2)/bin/$(f)): $(2)/bin/%: $(2)/libnode.a
	$$(call say,NODE,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(3) $$(NODE_LDFLAGS) -o $$@ $$(filter %.o,$$^) \
	 -Wl,--whole-archive $(2)/libnode.a -Wl,--no-whole-archive \
	 $(foreach l,sodium lz4 zstd,$(4)/usr/lib/$(1)-linux-gnu/lib$(l).a)
$(foreach f,$(NODE_FILES),
$(2)/bin/$(f): $(foreach p,$(f) $(NODE_WITH_$(f)),$(patsubst src/%.c,$(2)/obj/%.o,$(filter %/$(p).c,$(NODE_MAINS))))
$(foreach p,$(NODE_WITH_$(f)),
$(2)/bin/$(p): $(2)/bin/$(f)
	$$(Q)ln -f $$< $$@
))

$(2)/bin/nfz-unpack: src/deploy/unpack/nfz-unpack.c $(2)/include/.made $(BUILD)/stamp/flags
	$$(call say,NODE,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(3) $$(UNPACK_FLAGS) -isystem $(2)/include -MF $(2)/obj/nfz-unpack.d -o $$@ $$<

$(BUILD)/payload/$(1).nfzp: $(foreach p,$(NODE_NAMES) nfz-unpack,$(2)/bin/$(p)) scripts/make-payload $(BUILD)/lz4-block
	$$(call say,PACK,$$@)
	@mkdir -p $$(@D)
	$$(Q)BUILD=$(BUILD) scripts/make-payload $(1) $$@ $(foreach p,$(NODE_NAMES) nfz-unpack,$(2)/bin/$(p))

-include $(patsubst src/%.c,$(2)/obj/%.d,$(NODE_SOURCES) $(NODE_MAINS)) $(2)/obj/nfz-unpack.d
endef
$(eval $(call node_arch,x86_64,$(NODE_BUILD),$(NODE_CC),,))

# The compiler is told of musl as musl-gcc tells it, in another place.
AARCH64  := $(NODE_BUILD)-aarch64
AARCH64_ROOT := $(abspath $(AARCH64))/sysroot
$(AARCH64)/musl.specs: scripts/node-sysroot
	@scripts/deps build cross
	$(call say,FETCH,$(AARCH64_ROOT))
	$(Q)scripts/node-sysroot arm64 $(AARCH64_ROOT)
	$(Q)sed -E 's,/usr/(lib|include)/x86_64-linux-musl,$(AARCH64_ROOT)/usr/\1/aarch64-linux-musl,g' \
	 /usr/lib/x86_64-linux-musl/musl-gcc.specs >$@
$(eval $(call node_arch,aarch64,$(AARCH64),$(NODE_CC_AARCH64) -specs $(AARCH64)/musl.specs,$(AARCH64_ROOT),$(AARCH64)/musl.specs))

$(BUILD)/lz4-block: scripts/lz4-block.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O2 -Wall -Wextra -o $@ $< $(call pkg_libs,liblz4)

.PHONY: node payload aarch64
node: $(patsubst %,$(NODE_BUILD)/bin/%,$(NODE_NAMES) nfz-unpack)
payload: $(BUILD)/payload/x86_64.nfzp
aarch64: $(BUILD)/payload/aarch64.nfzp
# one that is there is kept up to date
all: payload $(if $(wildcard $(BUILD)/payload/aarch64.nfzp),aarch64)
