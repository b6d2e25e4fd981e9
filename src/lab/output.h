/* Printing what a launcher says. */
#ifndef NFZ_LAB_OUTPUT_H
#define NFZ_LAB_OUTPUT_H

#include "base/err.h"
#include "lab/state.h"

enum output { OUTPUT_TEXT, OUTPUT_JSON };
extern const char *const output_choices[], *const answers_choices[];

int output_describe(
	const struct testbed *t, int output, struct err *err) NFZ_MUST_CHECK;

#endif
