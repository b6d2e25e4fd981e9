# netflowize: one non-recursive Makefile, everything built under build/.
#
#   make            all programs            make check      every test (sudo)
#   make demo       the whole story (sudo)  make deps       missing packages
#   V=1 shows commands; SANITIZE=address,undefined, WERROR=1, BUILD=dir.

BUILD    ?= build
PREFIX   ?= /usr/local
DESTDIR  ?=
CC       ?= gcc
ifeq ($(origin CC),default)
CC       := gcc
endif
CFLAGS   ?= -O2 -g
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || cat VERSION 2>/dev/null || echo unknown)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
 -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 \
 -Wvla -Walloca -Wundef -Wimplicit-fallthrough=5 -Wconversion \
 -Wno-sign-conversion -Wnull-dereference -Wduplicated-cond \
 -Wduplicated-branches -Wlogical-op -fno-common $(if $(WERROR),-Werror)
HARDEN   := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
LDHARDEN := -pie -Wl,-z,relro,-z,now
SAN      := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
PKGS     := libcurl libxml-2.0 libssh igraph libpcap libsodium jansson yaml-0.1 \
 tcl8.6 libssl libcrypto liblz4 libzstd libmicrohttpd ncursesw
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I $(PKGS) 2>/dev/null))
ALL_CFLAGS = -std=gnu17 -Isrc -MMD -MP $(WARNINGS) $(HARDEN) $(SAN) \
 $(PKG_CFLAGS) $(CFLAGS)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# Floors from the top down: a program links its own folder and those below.
FOLDERS  := cli check collector analysis exchange deploy report lab store probe planner testbed \
 flow topology format base
PROGRAMS := netflowize nfz-testbed nfz-meter nfz-cache nfz-collector nfz-query \
 nfz-agent nfz-plan-check
MAINS    := $(foreach p,$(PROGRAMS),$(wildcard src/*/$(p).c))
SOURCES  := $(filter-out $(MAINS),$(foreach f,$(FOLDERS),$(wildcard src/$(f)/*.c)))
LIBS     := $(foreach f,$(FOLDERS),$(if $(wildcard src/$(f)/*.c),$(BUILD)/lib$(f).a))

# Those that say which version they are of; no others are told, so that a
# compiler's cache knows them again.
VERSIONED := $(shell grep -l NFZ_VERSION src/*/*.c)
version_of = $(if $(filter $(VERSIONED),$(1)),-DNFZ_VERSION='"$(VERSION)"')

# A file that is made anew, with what depends on it, when a variable's text is
# another: commands and lists have no time of their own.
define stamp_rule
$(1):
	@mkdir -p $$(@D) && printf '%s\n' '$$(subst ','\'',$$($(2)))' >$$@
ifneq ($$(strip $$(file <$(1))),$$(strip $$($(2))))
.PHONY: $(1)
endif
endef

.PHONY: all
all: $(patsubst %,$(BUILD)/bin/%,$(basename $(notdir $(MAINS)))) node

$(BUILD)/obj/%.o: src/%.c $(BUILD)/stamp/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(call version_of,$<) -c $< -o $@

$(patsubst src/%.c,$(BUILD)/obj/%.o,$(VERSIONED)): $(BUILD)/stamp/version

# What a query over millions of rows spends its time in, and storing them.
FAST := $(patsubst %,store/%.o,plane column block block_fill logrow filter_block group_block bins hosts) \
 $(patsubst %,flow/%.o,nf5 record extra)
$(addprefix $(BUILD)/obj/,$(FAST)): CFLAGS += -O3

# These texts are linked in by .incbin, which -MMD does not see.
$(BUILD)/obj/testbed/ns_prelude.o: $(wildcard src/testbed/*.tcl)
$(BUILD)/obj/report/page_texts.o: $(wildcard src/report/page/*)

define folder_rule
$(BUILD)/lib$(1).a: $(patsubst src/%.c,$(BUILD)/obj/%.o,$(filter src/$(1)/%,$(SOURCES))) $(BUILD)/stamp/sources
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rule,$(f))))

# What each program needs besides the folders below its own.
pkg_libs = $(shell pkg-config --libs $(1))
LINK_netflowize    := cli analysis exchange deploy report store probe planner testbed flow topology format base
LINK_nfz-testbed   := lab testbed topology format base
LINK_nfz-meter     := probe flow topology format base
LINK_nfz-cache     := probe flow format base
LINK_nfz-collector := collector store flow format base
LINK_nfz-query     := analysis store flow format base
# none of the planner: it is what is checked
LINK_nfz-plan-check := check testbed topology format base
LINK_nfz-agent     := deploy store probe flow format base
EXT_netflowize     = $(call pkg_libs,libpcap sqlite3 libmicrohttpd ncursesw libcurl libxml-2.0 libssh jansson yaml-0.1 libsodium tcl8.6 libcrypto liblz4 libzstd) -linih -lcadical -lstdc++ -lm
EXT_nfz-testbed    = $(call pkg_libs,libxml-2.0 jansson tcl8.6 libssl libcrypto libsodium) -lm
EXT_nfz-meter      = $(call pkg_libs,libpcap libsodium) -lpthread
EXT_nfz-cache      = $(call pkg_libs,libsodium) -lpthread
EXT_nfz-collector  = $(call pkg_libs,libsodium liblz4 libzstd) -lpthread
EXT_nfz-query      = $(call pkg_libs,libsodium liblz4 libzstd) -lpthread
EXT_nfz-plan-check = $(call pkg_libs,libxml-2.0 jansson yaml-0.1 tcl8.6 libcrypto libsodium) -lcadical -lstdc++ -lm
EXT_nfz-agent      = $(call pkg_libs,libsodium liblz4 libzstd)

define program_rule
$(BUILD)/bin/$(1): $(patsubst src/%.c,$(BUILD)/obj/%.o,$(filter %/$(1).c,$(MAINS))) $(foreach f,$(LINK_$(1)),$(filter $(BUILD)/lib$(f).a,$(LIBS)))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(LDHARDEN) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) \
	 -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(EXT_$(1))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

-include mk/node.mk
-include mk/ebpf.mk
-include mk/payload.mk
-include mk/tests.mk
-include mk/house.mk

# As they are here: a rule that has flags of its own lends them to what it needs.
FLAGS := $(CC) $(ALL_CFLAGS) $(NODE_CC) $(NODE_CC_AARCH64) $(NODE_CFLAGS) $(UNPACK_FLAGS)
LISTED := $(SOURCES) $(NODE_SOURCES)
LISTED_TESTS := $(wildcard tests/support/*.c tests/unit/*/*.c)
$(eval $(call stamp_rule,$(BUILD)/stamp/flags,FLAGS))
$(eval $(call stamp_rule,$(BUILD)/stamp/version,VERSION))
$(eval $(call stamp_rule,$(BUILD)/stamp/sources,LISTED))
$(eval $(call stamp_rule,$(BUILD)/stamp/tests,LISTED_TESTS))

-include $(patsubst src/%.c,$(BUILD)/obj/%.d,$(SOURCES) $(MAINS))
