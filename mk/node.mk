# Node-side programs: static, musl, no service needed on the node.  They use
# the kernel's headers and three static libraries of the distribution.

NODE_CC     ?= musl-gcc
NODE_BUILD  := $(BUILD)/node
NODE_PROGRAMS := nfz-agent nfz-meter nfz-cache nfz-collector nfz-query
NODE_LIBDIR := /usr/lib/x86_64-linux-gnu
# Sources that need a library nodes do not have stay out.
NODE_SKIP   := src/probe/pcapfile.c
NODE_FORMAT := $(wildcard $(patsubst %,src/format/%.c,jsonw sheet crypto compress checksum))
NODE_FOLDERS := base flow store probe collector
NODE_AGENT  := $(wildcard src/deploy/agent*.c src/deploy/journal*.c src/deploy/frame*.c src/deploy/payload_read*.c)
NODE_MAINS  := $(foreach p,$(NODE_PROGRAMS),$(wildcard src/*/$(p).c))
NODE_SOURCES := $(filter-out $(NODE_SKIP) $(MAINS),$(foreach f,$(NODE_FOLDERS),$(wildcard src/$(f)/*.c)) $(NODE_FORMAT) $(NODE_AGENT))
NODE_CFLAGS := -std=gnu17 -D_GNU_SOURCE= -DNFZ_NODE=1 -Isrc -isystem $(NODE_BUILD)/include \
 -MMD -MP -Os -ffunction-sections -fdata-sections -fstack-protector-strong $(WARNINGS)
NODE_LDFLAGS := -static -Wl,--gc-sections -s

.PHONY: node
node: $(patsubst %,$(NODE_BUILD)/bin/%,$(basename $(notdir $(NODE_MAINS))))

# Only what we need is linked in, so that glibc's own headers stay out.
$(NODE_BUILD)/include/.made:
	@mkdir -p $(@D)
	$(Q)ln -sfn /usr/include/linux $(@D)/linux
	$(Q)ln -sfn /usr/include/asm-generic $(@D)/asm-generic
	$(Q)ln -sfn /usr/include/x86_64-linux-gnu/asm $(@D)/asm
	$(Q)for h in sodium sodium.h zlib.h zconf.h lz4.h xxhash.h xxh3.h; do \
	 ln -sfn /usr/include/$$h $(@D)/$$h; done
	$(Q)touch $@

$(NODE_BUILD)/obj/%.o: src/%.c $(NODE_BUILD)/include/.made
	$(call say,NODE,$<)
	@mkdir -p $(@D)
	$(Q)$(NODE_CC) $(NODE_CFLAGS) -DNFZ_VERSION='"$(VERSION)"' -c $< -o $@

$(NODE_BUILD)/libnode.a: $(patsubst src/%.c,$(NODE_BUILD)/obj/%.o,$(NODE_SOURCES))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

define node_rule
$(NODE_BUILD)/bin/$(1): $(patsubst src/%.c,$(NODE_BUILD)/obj/%.o,$(filter %/$(1).c,$(NODE_MAINS))) $(NODE_BUILD)/libnode.a
	$$(call say,NODE,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(NODE_CC) $$(NODE_LDFLAGS) -o $$@ $$^ $$(NODE_LIBDIR)/libsodium.a \
	 $$(NODE_LIBDIR)/libz.a $$(NODE_LIBDIR)/liblz4.a
endef
$(foreach p,$(NODE_PROGRAMS),$(eval $(call node_rule,$(p))))

-include $(patsubst src/%.c,$(NODE_BUILD)/obj/%.d,$(NODE_SOURCES) $(NODE_MAINS))
