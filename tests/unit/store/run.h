/* A store of its own for each test: a dumbbell with three taps.
 *
 *   a --- la --- r1 --- core --- r2 --- lb --- b      (c joins r1 by lc)
 *
 * tap 1 on la at r1, tap 2 on core at r1, tap 3 on lb at r2, tap 4 on lc. */
#ifndef TESTS_STORE_RUN_H
#define TESTS_STORE_RUN_H

#include "store/answer.h"
#include "store/catalog.h"
#include "store/store.h"

enum { NODE_A, NODE_B, NODE_C, NODE_R1, NODE_R2 };
enum { LINK_LA, LINK_CORE, LINK_LB, LINK_LC };

#define SECOND INT64_C(1000000000)
#define START (INT64_C(1790000000) * SECOND)

char *run_dir(void); /* fresh directory; run_remove() */
void run_remove(char *dir);
struct catalog *run_catalog(void);
/* The same in DIR/catalog. */
void run_write_catalog(const char *dir);

struct net_addr run_addr(const char *text);
/* 10.0.1.1 is a, 10.0.3.1 is b, 10.0.4.1 is c. */
struct flow_record run_record(const char *src, const char *dst, uint16_t tap,
	uint64_t packets, double at);
/* What an exporter told of a record with so many packets; of even ones
 * nothing. */
struct flow_extra run_extra(uint64_t packets);
bool run_same_extra(const struct flow_extra *a, const struct flow_extra *b);
/* Has the i-th row what run_extra gave it? */
bool run_has_extra(const struct flow_rows *rows, size_t i);
/* One batch, committed. */
void run_store(struct store *s, uint16_t module, uint64_t seq,
	const struct flow_record *r, size_t n);
struct store *run_open(const char *dir, enum store_mode mode);
/* What nfz-query would print. */
char *run_asked(const char *dir, const char *filter, struct answer a);

#endif
