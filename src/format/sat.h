/* Propositional satisfiability.  Variables are numbered from 1; a literal is a
 * variable or its negative.  One solver may be asked many times, clauses added
 * in between; each time under assumptions that hold for that call only. */
#ifndef NFZ_FORMAT_SAT_H
#define NFZ_FORMAT_SAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sat;

enum sat_answer { SAT_UNKNOWN, SAT_YES, SAT_NO };

/* Variables without a reason either way are tried false first. */
struct sat *sat_new(void);
void sat_free(struct sat *s); /* NULL is fine */
static inline void sat_free_at(struct sat **s)
{
	sat_free(*s);
}
void sat_clause(struct sat *s, const int *lits, size_t n);
/* conflicts 0: no limit; deadline_ns (mono_now) 0: none. */
enum sat_answer sat_solve(struct sat *s, const int *assume, size_t n,
	int conflicts, int64_t deadline_ns);
/* The next call gives up after so many decisions, beyond its assumptions or
 * not: for questions not worth a whole model. */
void sat_few_decisions(struct sat *s, int decisions);
/* After SAT_YES: is the literal true? */
bool sat_true(struct sat *s, int lit);
/* After SAT_NO: was this assumption used to refute? */
bool sat_failed(struct sat *s, int lit);

#endif
