# The program that runs in the kernel: bytes linked into the meter, one file
# for each place it goes to.  Without clang they are empty, and the meter knows
# no --backend ebpf.

BPF_CC    ?= $(firstword $(shell command -v clang-14 clang 2>/dev/null))
# Another place, so that they are made again when clang comes.
BPF_BUILD := $(BUILD)/bpf$(if $(BPF_CC),,-none)
BPF_CODE  := $(patsubst %,$(BPF_BUILD)/%.code,filter ingress egress either)
BPF_FLAGS := -target bpfel -mcpu=v3 -O2 -ffreestanding -Wall -Wextra -Werror -Isrc \
 -I/usr/include/$(shell $(CC) -print-multiarch)

$(BPF_BUILD)/absorb.o: src/probe/bpf/absorb.c src/probe/absorb_layout.h src/flow/sizes.h
	$(call say,BPF,$@)
	@mkdir -p $(@D)
ifeq ($(BPF_CC),)
	@echo "no clang: built without eBPF" >&2
	$(Q): > $@
else
	$(Q)$(BPF_CC) $(BPF_FLAGS) -c $< -o $@
endif

$(BPF_CODE): $(BPF_BUILD)/%.code: $(BPF_BUILD)/absorb.o
	$(Q)if [ -s $< ]; then objcopy -I elf64-little -O binary -j $* $< $@; else : > $@; fi

ABSORB_NODE := $(NODE_BUILD)/obj/probe/absorb.o $(AARCH64)/obj/probe/absorb.o
$(BUILD)/obj/probe/absorb.o $(ABSORB_NODE): $(BPF_CODE)
$(BUILD)/obj/probe/absorb.o: ALL_CFLAGS += -DNFZ_BPF_CODE='"$(BPF_BUILD)/"'
$(ABSORB_NODE): NODE_CFLAGS += -DNFZ_BPF_CODE='"$(BPF_BUILD)/"'
