/* Figures as people read them: SI prefixes, three digits, units. */
#ifndef NFZ_REPORT_WORDS_H
#define NFZ_REPORT_WORDS_H

#include <stdint.h>

enum { WORDS = 48 };
/* All return text. */
char *words_rate(double bits_a_second, char text[static WORDS]); /* 9.82 Mb/s */
char *words_bytes(double bytes, char text[static WORDS]);        /* 3.43 GB */
char *words_si(double v, const char *unit, char text[static WORDS]);
char *words_percent(double share, char text[static WORDS]); /* 0.2 % */
char *words_span(double ms, char text[static WORDS]);       /* 3 min 10 s */
char *words_clock(double ms, char text[static WORDS]);      /* 14:05:33, UTC */
char *words_count(uint64_t n, char text[static WORDS]);     /* 1,204 */
/* As words_clock; with its day where the summary is of more than one. */
struct facts;
char *words_moment(const struct facts *f, double ms, char text[static WORDS]);

#endif
