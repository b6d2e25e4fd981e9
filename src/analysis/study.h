/* An analysis that is more than groups of flows (analyses.h): flows go in, one
 * by one, and rows come out. */
#ifndef NFZ_ANALYSIS_STUDY_H
#define NFZ_ANALYSIS_STUDY_H

#include "analysis/regions.h"
#include "analysis/symptoms.h"
#include "format/sheet.h"
#include "store/query.h"
#include "store/services.h"

struct study_ask {
	const struct store *store;
	const struct catalog *catalog;
	const struct services *services;
	const struct regions *regions; /* NULL: none */
	const struct symptoms *symptoms;
	int64_t bucket_ns;  /* pieces of time; 0: the study's own */
	uint64_t threshold; /* 0: the study's own */
	size_t limit;       /* rows; 0: the study's own */
};

struct study {
	const struct sheet_column *columns; /* as members of JSON */
	size_t n_columns;
	void *(*begin)(const struct study_ask *ask); /* which lives longer */
	/* NULL: it is not about flows, but what the store knows besides */
	int (*add)(void *it, const struct flow *f, struct err *err);
	int (*write)(void *it, struct sheet *to, struct err *err);
	void (*free)(void *it);
};

extern const struct study study_summary, study_conversations, study_symptoms,
	study_scans, study_servers, study_utilisation, study_pricing,
	study_origins, study_headers, study_hops, study_losses,
	study_packet_sizes;

/* Of use to several. */
enum { STUDY_ROWS = 2000000 }; /* things told apart, at most */
int study_too_many(struct err *err, const char *what);
/* a * times / b, rounded; 0 when b is. */
uint64_t study_ratio(uint64_t a, uint64_t times, uint64_t b);
/* TCP flags in one packet that do not go together, or none at all. */
bool study_odd_flags(const struct flow *f);
/* The name of the node, or the address. */
const char *study_name(const struct catalog *c, int node,
	const struct net_addr *a, char text[static NET_ADDR_TEXT]);
void study_addr_cell(struct sheet *to, const struct net_addr *a);
/* For people the name of the node that has it, where one does. */
void study_end_cell(
	struct sheet *to, const struct catalog *c, const struct net_addr *a);
/* sent, arrived, lost, lost_percent, lossy: whether so much is lost that it
 * means something, by the rule of the page (lossySteps in report/page).  Less is
 * left where a record ends while packets are on their way. */
void study_loss_cells(struct sheet *to, uint64_t sent, uint64_t arrived);
#define STUDY_LOSS_COLUMNS                                                     \
	{.name = "sent", .right = true, .spare = 4},                           \
		{.name = "arrived", .right = true, .spare = 7},                \
		{.name = "lost", .right = true},                               \
		{.name = "lost_percent", .right = true, .spare = 5},           \
	{                                                                      \
		.name = "lossy"                                                \
	}
void study_proto_cell(struct sheet *to, uint8_t proto);

#endif
