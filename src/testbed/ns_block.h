/* Our part of an experiment's NS text: one marked block before `$ns run`.
 *
 * The block says what the text was without it (its digest), so taking it out
 * can be verified byte for byte; the text kept by the testbed is the only
 * record that counts.  Pure text: no network, no Tcl. */
#ifndef NFZ_TESTBED_NS_BLOCK_H
#define NFZ_TESTBED_NS_BLOCK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "testbed/ns.h"

#include <stdbool.h>
#include <stddef.h>

/* A link, or one member of a LAN, that is traced. */
struct ns_trace {
	const char *link;
	const char *node; /* NULL: all members */
};

struct ns_block {
	size_t start, end; /* bytes of the text */
	char digest[65];   /* SHA-256 of the text without the block */
	char mode[8];      /* "heavy" or "mixed" */
	bool collector;    /* it adds a node for the collector */
	struct ns_trace *traces;
	size_t n_traces;
};

/* 1 and *ret when the text has our block, 0 when it has none; NFZ_E_NS when a
 * block has no end, is there twice or is not of a form we know.  Strings live
 * in the arena. */
int ns_block_find(const char *text, struct arena *arena, struct ns_block *ret,
	struct err *err) NFZ_MUST_CHECK;
/* The text without the block. */
void ns_block_remove(
	const char *text, const struct ns_block *block, struct buf *out);
/* Is the text outside of the block what it was when the block was made? */
bool ns_block_intact(const char *text, const struct ns_block *block);

/* What the block shall hold. */
struct ns_change {
	const char *mode;
	const char *delay_os;  /* image of bridges; NULL: the site's */
	const char *os, *type; /* of the collector's node; NULL: the site's */
	const char *collector; /* name of the node to add; NULL: none */
	const struct ns_trace *traces;
	size_t n_traces;
	/* whose addresses and synchronisation server stay; NULL: none do */
	const struct ns_experiment *pins;
};

/* Adds the text with the block in it to out.  The text must not have one yet.
 * NFZ_E_NS when it has no statement "$ns run". */
int ns_block_insert(const char *text, const struct ns_change *change,
	struct buf *out, struct err *err) NFZ_MUST_CHECK;

/* The digest of a text, with LF for CR LF as it travels. */
void ns_text_digest(const char *text, size_t len, char hex[static 65]);
/* Copies the text with LF for CR LF, and ? for what is not plain ASCII, which
 * the testbed hands out but does not take back; returns how many characters
 * were lost that way. */
size_t ns_text_plain(const char *text, struct buf *out);
/* Adds what makes `to` of `from` as a unified diff; nothing when equal. */
void ns_text_diff(
	const char *from, const char *to, const char *name, struct buf *out);

#endif
