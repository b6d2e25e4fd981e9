# The node programs in one archive per architecture, beside the programs.

NODE_ALL := $(patsubst %,$(NODE_BUILD)/bin/%,$(basename $(notdir $(NODE_MAINS))))

.PHONY: payload
payload: $(BUILD)/payload/x86_64.nfzp
all: payload

$(BUILD)/payload/x86_64.nfzp: $(NODE_ALL) scripts/make-payload
	$(call say,PACK,$@)
	@mkdir -p $(@D)
	$(Q)scripts/make-payload x86_64 $@ $(NODE_ALL)
