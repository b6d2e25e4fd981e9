# The house: packages, formatting, lint, installation.

.PHONY: clean format deps
clean:
	rm -rf $(BUILD)
format:
	clang-format-14 -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]')
deps:
	scripts/deps
