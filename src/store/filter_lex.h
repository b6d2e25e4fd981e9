/* Words of the filter language (private to filter*.c). */
#ifndef NFZ_STORE_FILTER_LEX_H
#define NFZ_STORE_FILTER_LEX_H

#include "store/filter_tree.h"

enum { WORD_MAX = 255 };

struct token {
	const char *at;
	size_t len; /* 0: the end */
};

struct parser {
	const char *text, *end;
	struct token now;
	const struct catalog *catalog;
	bool any_name; /* none is known: each may be right */
	bool retried;  /* this is what the text might have been */
	bool guessed;  /* a word was taken for one that may be a mistake */
	struct filter *f;
	int depth;
	struct flow_element element; /* that `ie` is about */
	struct err *err;
};

void lex_advance(struct parser *p);
bool lex_is(const struct parser *p, const char *word);
/* Is it this word?  Then go on to the next. */
bool lex_eat(struct parser *p, const char *word);
/* The word as a string; false when it is too long to be anything. */
bool lex_word(const struct parser *p, char to[static WORD_MAX + 1]);
/* Digits with k, m, g or t behind them (powers of 1000), at most max. */
bool lex_number(const char *s, size_t len, uint64_t max, uint64_t *ret);

enum compare { CMP_EQ, CMP_NE, CMP_LT, CMP_GT, CMP_LE, CMP_GE };
/* CMP_EQ, and nothing eaten, when there is none. */
enum compare lex_compare(struct parser *p);

/* NFZ_E_FILTER at the present word; near may be NULL. */
int lex_fail(struct parser *p, const char *expected, const char *near);
/* With the nearest of these words (NULL-ended). */
int lex_fail_near(
	struct parser *p, const char *expected, const char *const *words);

#endif
