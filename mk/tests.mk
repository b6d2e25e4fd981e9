# Tests.  One Criterion program per folder of tests/unit.

TEST_ABOVE_base      := base
TEST_ABOVE_format    := format base
TEST_ABOVE_topology  := topology format base
TEST_ABOVE_flow      := flow topology format base
TEST_ABOVE_testbed   := testbed flow topology format base
TEST_ABOVE_planner   := planner topology format base
TEST_ABOVE_check     := check planner testbed flow topology format base
TEST_ABOVE_probe     := probe flow topology format base
TEST_ABOVE_store     := store flow topology format base
TEST_ABOVE_analysis  := analysis store flow topology format base
TEST_ABOVE_exchange  := exchange store probe flow topology format base
TEST_ABOVE_collector := collector store flow topology format base
TEST_ABOVE_deploy    := deploy store probe planner testbed flow topology format base
TEST_ABOVE_report    := report planner testbed topology format base
TEST_ABOVE_lab       := lab testbed flow topology format base
TEST_ABOVE_cli       := cli analysis exchange deploy report store probe planner testbed flow topology format base

TEST_PKGS := sqlite3 libmicrohttpd ncursesw libcurl libxml-2.0 libssh libpcap libsodium jansson yaml-0.1 tcl8.6 libssl libcrypto liblz4 libzstd criterion
TEST_EXT  = $(call pkg_libs,$(TEST_PKGS)) -linih -lcadical -lstdc++ -lm -lpthread
UNIT      := $(notdir $(patsubst %/,%,$(wildcard tests/unit/*/)))

$(BUILD)/tests/obj/%.o: tests/%.c $(BUILD)/stamp/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -Wpedantic -Wconversion -Wshadow -Wundef -Wwrite-strings,$(ALL_CFLAGS)) -Itests -c $< -o $@

# An archive, so that a test links only the helpers it uses.
$(BUILD)/tests/libsupport.a: $(patsubst tests/%.c,$(BUILD)/tests/obj/%.o,$(wildcard tests/support/*.c)) $(BUILD)/stamp/tests
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

define unit_rule
$(BUILD)/tests/unit-$(1): $(patsubst tests/%.c,$(BUILD)/tests/obj/%.o,$(wildcard tests/unit/$(1)/*.c)) $(BUILD)/tests/obj/support/sanitizer.o $(BUILD)/tests/libsupport.a $(BUILD)/stamp/tests $(foreach f,$(TEST_ABOVE_$(1)),$(filter $(BUILD)/lib$(f).a,$(LIBS)))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(LDHARDEN) -o $$@ $$(filter %.o,$$^) \
	 -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(TEST_EXT)
.PHONY: unit-$(1)
unit-$(1): $(BUILD)/tests/unit-$(1)
	$$(Q)ASAN_OPTIONS=abort_on_error=1:detect_leaks=1 $$< --jobs 2
endef
$(foreach f,$(UNIT),$(eval $(call unit_rule,$(f))))

.PHONY: unit
unit: $(patsubst %,unit-%,$(UNIT))

-include $(wildcard $(BUILD)/tests/obj/*/*.d $(BUILD)/tests/obj/*/*/*.d)

.PHONY: fuzz-libs
fuzz-libs: $(filter-out $(BUILD)/libcli.a,$(LIBS))

# Helpers of end-to-end tests: tests/tools/NAME.c -> $(BUILD)/tests/tool-NAME.
TOOLS := $(basename $(notdir $(wildcard tests/tools/*.c)))
define tool_rule
$(BUILD)/tests/tool-$(1): $(BUILD)/tests/obj/tools/$(1).o $(foreach f,check analysis store probe testbed flow topology format base,$(BUILD)/lib$(f).a)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(ALL_CFLAGS) $$(LDHARDEN) -o $$@ $$(filter %.o,$$^) \
	 -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(call pkg_libs,libpcap libsodium jansson yaml-0.1 tcl8.6 libxml-2.0 liblz4 libzstd) -lpthread -lm
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))
unit-build: $(patsubst %,$(BUILD)/tests/tool-%,$(TOOLS))
