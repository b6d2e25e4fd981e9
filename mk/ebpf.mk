# The program that runs in the kernel: bytes linked into the meter.  Without
# clang they are none, and the meter knows no --backend ebpf.

BPF_CC    ?= $(firstword $(shell command -v clang-14 clang 2>/dev/null))
BPF_CODE  := $(BUILD)/bpf/absorb.code
BPF_FLAGS := -target bpfel -mcpu=v3 -O2 -ffreestanding -Wall -Wextra -Werror -Isrc \
 -I/usr/include/$(shell $(CC) -print-multiarch)

$(BPF_CODE): src/probe/bpf/absorb.c src/probe/absorb_layout.h
	$(call say,BPF,$@)
	@mkdir -p $(@D)
ifeq ($(BPF_CC),)
	@echo "no clang: built without eBPF" >&2
	$(Q): > $@
else
	$(Q)$(BPF_CC) $(BPF_FLAGS) -c $< -o $@.o
	$(Q)objcopy -I elf64-little -O binary -j program $@.o $@
endif

ABSORB_NODE_O := $(NODE_BUILD)/obj/probe/absorb.o $(AARCH64)/obj/probe/absorb.o

$(BUILD)/obj/probe/absorb.o $(ABSORB_NODE_O): $(BPF_CODE)
$(BUILD)/obj/probe/absorb.o: ALL_CFLAGS += -DNFZ_ABSORB_CODE='"$(BPF_CODE)"'
$(ABSORB_NODE_O): NODE_CFLAGS += -DNFZ_ABSORB_CODE='"$(BPF_CODE)"'
