/* Adapter to libxml2, its only user: the parser's events become a tree of our
 * own, in one arena, with the parser's dictionary for the names.  The library's
 * tree costs as much again as reading the document.
 *
 * The events also enforce the ceilings while the document is read: a document
 * type definition or an element too deep stops the parser at once, so neither
 * entity bombs nor deep nesting cost memory.
 *
 * A document that is ill-formed is mended (xml_mend.h) and read once more.
 * What is then still ill-formed goes through libxml2's recovery mode, believed
 * only when nothing but text was damaged: half a document must never pass for
 * a whole one. */
#include "format/xml.h"
#include "base/arena.h"
#include "base/mem.h"
#include "format/xml_mend.h"

#include <limits.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

enum { DEPTH_MAX = 200, NODES_MAX = 16 << 20, TEXT_MAX = 64 << 20 };

struct xattr {
	struct xattr *next;
	const char *name, *text;
	size_t len;
};

struct xnode {
	const char *name, *space; /* the dictionary's */
	struct xattr *attrs;
	struct xnode *children, *next;
	const char *text;
	size_t len;
	long line;
};

struct xdoc {
	struct arena arena;
	xmlDictPtr names;
	struct xnode *root;
	bool mended;
};

/* An element whose end was not seen yet. */
struct open {
	struct xnode *node;
	struct xnode **next; /* where its next child goes */
	size_t text;         /* where its text begins */
};

/* One run of the parser, and what it found out. */
struct run {
	bool recover;
	unsigned private_base; /* of a mended document, else 0 */
	struct xdoc *doc;
	struct open open[DEPTH_MAX];
	size_t depth, nodes;
	struct buf text; /* of the open elements: an inner one's goes first */
	bool hard;       /* an error that recovery may not paper over */
	bool limit;      /* a ceiling was hit */
	int line;
	char cause[200]; /* of the first error; "" for none */
};

static void note(struct run *run, int line, const char *cause)
{
	size_t n;

	if (run->cause[0])
		return;
	run->line = line;
	n = strcspn(cause, "\n");
	if (n > sizeof(run->cause) - 1)
		n = sizeof(run->cause) - 1;
	memcpy(run->cause, cause, n);
	run->cause[n] = '\0';
	if (!n)
		memcpy(run->cause, "ill-formed", sizeof("ill-formed"));
}

/* Errors in text only; anything else means that structure was lost. */
static bool soft_error(int code)
{
	switch (code) {
	case XML_ERR_INVALID_CHAR:
	case XML_ERR_INVALID_CHARREF:
	case XML_ERR_INVALID_HEX_CHARREF:
	case XML_ERR_INVALID_DEC_CHARREF:
	case XML_ERR_UNDECLARED_ENTITY:
	case XML_WAR_UNDECLARED_ENTITY:
	case XML_ERR_ENTITYREF_SEMICOL_MISSING:
	case XML_ERR_NAME_REQUIRED: /* a bare & */
	case XML_ERR_INVALID_ENCODING:
		return true;
	default:
		return false;
	}
}

static void on_error(void *user, xmlErrorPtr error)
{
	xmlParserCtxtPtr ctxt = user;
	struct run *run = ctxt->_private;

	if (error->level == XML_ERR_WARNING && !soft_error(error->code))
		return;
	note(run, error->line, error->message ? error->message : "");
	if (!soft_error(error->code))
		run->hard = true;
}

static void stop_at_limit(xmlParserCtxtPtr ctxt, const char *cause)
{
	struct run *run = ctxt->_private;

	note(run, xmlSAX2GetLineNumber(ctxt), cause);
	run->hard = run->limit = true;
	xmlStopParser(ctxt);
}

static const char *keep_text(
	struct run *run, const char *text, size_t len, size_t *ret_len)
{
	char *kept = arena_alloc_aligned(&run->doc->arena, len + 1, 1, 1);

	if (run->private_base)
		len = xml_unmend(run->private_base, text, len, kept);
	else
		memcpy(kept, text, len);
	*ret_len = len;
	return kept;
}

/* Of each: name, prefix, namespace, first byte of the value, its end. */
static void keep_attributes(
	struct run *run, struct xnode *node, const xmlChar **attrs, int n)
{
	struct xattr **next = &node->attrs;

	for (; n > 0; n--, attrs += 5) {
		const char *text = (const char *)attrs[3];
		struct xattr *a;

		if (attrs[1])
			continue;
		a = arena_alloc(&run->doc->arena, 1, sizeof(*a));
		a->name = (const char *)attrs[0];
		a->text = keep_text(
			run, text, (size_t)(attrs[4] - attrs[3]), &a->len);
		*next = a;
		next = &a->next;
	}
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix,
	const xmlChar *uri, int n_spaces, const xmlChar **spaces, int n_attrs,
	int n_defaulted, const xmlChar **attrs)
{
	xmlParserCtxtPtr ctxt = user;
	struct run *run = ctxt->_private;
	struct open *open = run->open + run->depth;
	struct xnode *node;

	(void)prefix;
	(void)n_spaces;
	(void)spaces;
	(void)n_defaulted;
	if (run->depth == DEPTH_MAX) {
		stop_at_limit(ctxt, "elements nested too deep");
		return;
	}
	if (++run->nodes > NODES_MAX) {
		stop_at_limit(ctxt, "too many elements");
		return;
	}
	node = arena_alloc(&run->doc->arena, 1, sizeof(*node));
	node->name = (const char *)name;
	node->space = uri ? (const char *)uri : "";
	node->text = "";
	node->line = ctxt->input->line;
	keep_attributes(run, node, attrs, n_attrs);
	if (run->depth) {
		*open[-1].next = node;
		open[-1].next = &node->next;
	} else {
		run->doc->root = node;
	}
	*open = (struct open){node, &node->children, run->text.len};
	run->depth++;
}

static void on_text(void *user, const xmlChar *text, int len)
{
	xmlParserCtxtPtr ctxt = user;
	struct run *run = ctxt->_private;

	buf_add(&run->text, text, (size_t)len);
	if (!buf_ok(&run->text))
		stop_at_limit(ctxt, "too much text");
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", text[i]))
			return false;
	return true;
}

/* White space between elements is nobody's text. */
static void on_end(void *user, const xmlChar *name, const xmlChar *prefix,
	const xmlChar *uri)
{
	struct run *run = ((xmlParserCtxtPtr)user)->_private;
	const struct open *open;
	const char *text;
	size_t len;

	(void)name;
	(void)prefix;
	(void)uri;
	if (!run->depth)
		return;
	open = run->open + --run->depth;
	text = buf_str(&run->text) + open->text;
	len = run->text.len - open->text;
	if (len && !(open->node->children && is_blank(text, len)))
		open->node->text = keep_text(run, text, len, &open->node->len);
	run->text.len = open->text;
}

static void on_doctype(void *user, const xmlChar *name,
	const xmlChar *public_id, const xmlChar *system_id)
{
	xmlParserCtxtPtr ctxt = user;
	struct run *run = ctxt->_private;

	(void)name;
	(void)public_id;
	(void)system_id;
	note(run, xmlSAX2GetLineNumber(ctxt),
		"document type definitions are not accepted");
	run->hard = true;
	xmlStopParser(ctxt);
}

/* Some errors of the library pass by the parser's own hook and would be
 * printed. */
static void on_stray(void *user, xmlErrorPtr error)
{
	(void)user;
	(void)error;
}

/* NULL without a dictionary of names: out of memory. */
static xmlParserCtxtPtr new_parser(struct run *run)
{
	xmlParserCtxtPtr ctxt = xmlNewParserCtxt();

	if (!ctxt || !ctxt->sax || !ctxt->dict) {
		xmlFreeParserCtxt(ctxt);
		return NULL;
	}
	ctxt->_private = run;
	*ctxt->sax = (xmlSAXHandler){
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.internalSubset = on_doctype,
		.serror = on_error,
	};
	return ctxt;
}

/* run says what to do and is told what was found; NULL: not to be believed.
 * Entities are replaced (NOENT): without definitions there are but the five
 * that XML has itself. */
static struct xdoc *run_parser(const char *text, size_t len, struct run *run)
{
	int options = XML_PARSE_NONET | XML_PARSE_NOWARNING |
		      XML_PARSE_NOCDATA | XML_PARSE_NOENT;
	xmlParserCtxtPtr ctxt = new_parser(run);
	struct xdoc *doc;

	if (!ctxt) {
		note(run, 0, "out of memory");
		return NULL;
	}
	run->text = (struct buf)BUF_INIT(TEXT_MAX);
	run->doc = doc = mem_zalloc(1, sizeof(*doc));
	doc->names = ctxt->dict;
	xmlDictReference(doc->names);
	if (run->recover)
		options |= XML_PARSE_RECOVER;
	xmlSetStructuredErrorFunc(NULL, on_stray);
	xmlFreeDoc(
		xmlCtxtReadMemory(ctxt, text, (int)len, NULL, NULL, options));
	xmlSetStructuredErrorFunc(NULL, NULL);
	if (!doc->root)
		note(run, 1, "no element found");
	if (!run->recover && !ctxt->wellFormed)
		note(run, 1, "not XML");
	if (run->hard || !doc->root || (run->cause[0] && !run->recover)) {
		xdoc_free(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(ctxt);
	buf_release(&run->text);
	return doc;
}

static struct xdoc *parse_mending(const char *text, size_t len)
{
	struct buf fixed = BUF_INIT(INT_MAX);
	struct run strict = {0}, lax = {.recover = true};
	struct xdoc *doc = NULL;

	if (xml_mend(text, len, &fixed, &strict.private_base)) {
		lax.private_base = strict.private_base;
		text = buf_str(&fixed);
		len = fixed.len;
		doc = run_parser(text, len, &strict);
	}
	if (!doc)
		doc = run_parser(text, len, &lax);
	buf_release(&fixed);
	if (doc)
		doc->mended = true;
	return doc;
}

int xdoc_parse(const char *text, size_t len, enum xdoc_mode mode,
	struct xdoc **ret, struct err *err)
{
	struct run run = {0};
	struct xdoc *doc;

	if (len > INT_MAX / 4)
		return err_set(err, NFZ_E_LIMIT,
			"the document is too big (%zu bytes)", len);
	doc = run_parser(text, len, &run);
	if (!doc && mode == XDOC_MEND && !run.limit)
		doc = parse_mending(text, len);
	if (!doc)
		return err_set(err, run.limit ? NFZ_E_LIMIT : NFZ_E_REPLY,
			"line %d: %s", run.line, run.cause);
	*ret = doc;
	return 0;
}

void xdoc_free(struct xdoc *doc)
{
	if (!doc)
		return;
	arena_release(&doc->arena);
	xmlDictFree(doc->names);
	free(doc);
}

bool xdoc_mended(const struct xdoc *doc)
{
	return doc->mended;
}

const struct xnode *xdoc_root(const struct xdoc *doc)
{
	return doc->root;
}

const struct xnode *xnode_child(const struct xnode *node)
{
	return node->children;
}

const struct xnode *xnode_next(const struct xnode *node)
{
	return node->next;
}

const struct xnode *xnode_find(const struct xnode *node, const char *name)
{
	const struct xnode *n;

	for (n = node->children; n && !xnode_is(n, name);)
		n = n->next;
	return n;
}

const char *xnode_name(const struct xnode *node)
{
	return node->name;
}

const char *xnode_space(const struct xnode *node)
{
	return node->space;
}

bool xnode_is(const struct xnode *node, const char *name)
{
	return strcmp(node->name, name) == 0;
}

long xnode_line(const struct xnode *node)
{
	return node->line;
}

const char *xnode_text(const struct xnode *node, size_t *ret_len)
{
	*ret_len = node->len;
	return node->text;
}

const char *xnode_attr(
	const struct xnode *node, const char *name, size_t *ret_len)
{
	for (const struct xattr *a = node->attrs; a; a = a->next)
		if (strcmp(a->name, name) == 0) {
			*ret_len = a->len;
			return a->text;
		}
	return NULL;
}
