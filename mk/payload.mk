# Recipes, where the command looks for them.
RECIPES := $(patsubst recipes/%,$(BUILD)/recipes/%,$(wildcard recipes/*.recipe))

all: $(RECIPES)

$(BUILD)/recipes/%.recipe: recipes/%.recipe
	@mkdir -p $(@D)
	$(Q)cp $< $@

# The deploy functions from a shell, for tests/e2e/deploy*.sh.
$(BUILD)/tests/deploy-tool: $(BUILD)/tests/obj/e2e/deploy_tool.o $(foreach f,deploy store probe planner testbed flow topology format base,$(BUILD)/lib$(f).a)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDHARDEN) -o $@ $(filter %.o,$^) \
	 -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(TEST_EXT)

unit-build: $(BUILD)/tests/deploy-tool
