# The program that runs in the kernel: bytes linked into the meter, one file
# for each place it goes to.  Without clang they are empty, and the meter knows
# no --backend ebpf.

BPF_CC    ?= $(firstword $(shell command -v clang-14 clang 2>/dev/null))
BPF_CODE  := $(patsubst %,$(BUILD)/bpf/%.code,filter ingress egress)
BPF_FLAGS := -target bpfel -mcpu=v3 -O2 -ffreestanding -Wall -Wextra -Werror -Isrc \
 -I/usr/include/$(shell $(CC) -print-multiarch)

$(BUILD)/bpf/absorb.o: src/probe/bpf/absorb.c src/probe/absorb_layout.h
	$(call say,BPF,$@)
	@mkdir -p $(@D)
ifeq ($(BPF_CC),)
	@echo "no clang: built without eBPF" >&2
	$(Q): > $@
else
	$(Q)$(BPF_CC) $(BPF_FLAGS) -c $< -o $@
endif

$(BPF_CODE): $(BUILD)/bpf/%.code: $(BUILD)/bpf/absorb.o
	$(Q)if [ -s $< ]; then objcopy -I elf64-little -O binary -j $* $< $@; else : > $@; fi

$(BUILD)/obj/probe/absorb.o $(NODE_BUILD)/obj/probe/absorb.o: $(BPF_CODE)
$(BUILD)/obj/probe/absorb.o: ALL_CFLAGS += -DNFZ_BPF_CODE='"$(BUILD)/bpf/"'
$(NODE_BUILD)/obj/probe/absorb.o: NODE_CFLAGS += -DNFZ_BPF_CODE='"$(BUILD)/bpf/"'
