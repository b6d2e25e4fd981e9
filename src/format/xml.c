/* Adapter to libxml2, its only user.
 *
 * The parser's own hooks enforce the ceilings while it reads: a document type
 * definition or an element too deep stops it at once, so neither entity bombs
 * nor deep nesting cost memory.
 *
 * Mending: a byte that is not UTF-8 is rewritten as the ISO-8859-1 character
 * it must have been; a control character, which XML cannot carry at all, is
 * rewritten as a private-use character that does not occur in the document
 * and turned back when text is read.  What is then still ill-formed goes
 * through libxml2's recovery mode, believed only when nothing but text was
 * damaged: half a document must never pass for a whole one. */
#include "format/xml.h"
#include "base/mem.h"

#include <limits.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>

enum { DEPTH_MAX = 200, NODES_MAX = 16 << 20, N_CONTROLS = 32 };

struct xdoc {
	xmlDocPtr doc;
	bool mended;
	unsigned private_base; /* code point standing for NUL, 0: none used */
};

/* What one run of the parser found out. */
struct run {
	size_t nodes;
	bool hard;  /* an error that recovery may not paper over */
	bool limit; /* a ceiling was hit */
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

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix,
	const xmlChar *uri, int n_spaces, const xmlChar **spaces, int n_attrs,
	int n_defaulted, const xmlChar **attrs)
{
	xmlParserCtxtPtr ctxt = user;
	struct run *run = ctxt->_private;

	if (ctxt->nodeNr >= DEPTH_MAX || ++run->nodes > NODES_MAX) {
		note(run, xmlSAX2GetLineNumber(ctxt),
			ctxt->nodeNr >= DEPTH_MAX ? "elements nested too deep"
						  : "too many elements");
		run->hard = run->limit = true;
		xmlStopParser(ctxt);
		return;
	}
	xmlSAX2StartElementNs(user, name, prefix, uri, n_spaces, spaces,
		n_attrs, n_defaulted, attrs);
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

static xmlDocPtr run_parser(
	const char *text, size_t len, bool recover, struct run *run)
{
	int options = XML_PARSE_NONET | XML_PARSE_NOWARNING |
		      XML_PARSE_NOCDATA | XML_PARSE_COMPACT |
		      XML_PARSE_NOBLANKS;
	xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
	xmlDocPtr doc;

	memset(run, 0, sizeof(*run));
	if (!ctxt || !ctxt->sax) {
		note(run, 0, "out of memory");
		run->hard = true;
		xmlFreeParserCtxt(ctxt);
		return NULL;
	}
	ctxt->_private = run;
	ctxt->sax->serror = on_error;
	ctxt->sax->startElementNs = on_start;
	ctxt->sax->internalSubset = on_doctype;
	if (recover)
		options |= XML_PARSE_RECOVER;
	xmlSetStructuredErrorFunc(NULL, on_stray);
	doc = xmlCtxtReadMemory(ctxt, text, (int)len, NULL, NULL, options);
	xmlSetStructuredErrorFunc(NULL, NULL);
	if (run->hard || (run->cause[0] && !recover) ||
		(doc && !xmlDocGetRootElement(doc))) {
		note(run, 1, "no element found");
		xmlFreeDoc(doc);
		doc = NULL;
	}
	if (!doc)
		note(run, 1, "not XML");
	xmlFreeParserCtxt(ctxt);
	return doc;
}

/* Length of the UTF-8 sequence at s that XML allows, 0 when it is none. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	unsigned c = s[0];

	if (n == 1)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
		return 0;
	c &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
		c == 0xfffe || c == 0xffff)
		return 0;
	return n;
}

static bool illegal_control(unsigned char c)
{
	return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

static void add_utf8(struct buf *out, unsigned c)
{
	if (c < 0x800) {
		buf_addc(out, (char)(0xc0 | c >> 6));
	} else {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(out, (char)(0x80 | (c & 0x3f)));
}

/* A run of 32 private-use code points of which the text uses none; 0 when
 * every one is taken. */
static unsigned free_private_base(const char *text, size_t len)
{
	bool used[0x1900 / N_CONTROLS] = {false}; /* U+E000 to U+F8FF */

	for (size_t i = 0; i + 2 < len; i++) {
		const unsigned char *s = (const unsigned char *)text + i;
		unsigned c = (unsigned)(s[0] & 0xf) << 12 |
			     (unsigned)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);

		if ((s[0] & 0xf0) == 0xe0 && c >= 0xe000 && c < 0xf900)
			used[(c - 0xe000) / N_CONTROLS] = true;
	}
	for (unsigned i = 0; i < sizeof(used); i++)
		if (!used[i])
			return 0xe000 + i * N_CONTROLS;
	return 0;
}

static bool mend(const char *text, size_t len, struct buf *out, unsigned *base)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	*base = free_private_base(text, len);
	for (size_t i = 0; i < len; i += n) {
		n = utf8_length(s + i, len - i);
		if (!n) {
			add_utf8(out, s[i]);
			n = 1;
		} else if (n == 1 && illegal_control(s[i])) {
			if (!*base)
				return false;
			add_utf8(out, *base + s[i]);
		} else {
			buf_add(out, s + i, n);
		}
	}
	return buf_ok(out);
}

/* Does the document say that its bytes are something else than UTF-8? */
static bool declares_other_encoding(const char *text, size_t len)
{
	cleanup_free char *head = mem_strndup(text, len < 200 ? len : 200);
	char *end = strstr(head, "?>"), *at;

	if (!end || strncmp(head, "<?xml", 5) != 0)
		return (unsigned char)head[0] >= 0xfe; /* UTF-16 mark */
	*end = '\0';
	at = strstr(head, "encoding");
	return at && !strstr(at, "UTF-8") && !strstr(at, "utf-8");
}

static xmlDocPtr parse_mending(const char *text, size_t len, struct xdoc *out)
{
	struct buf fixed = BUF_INIT(INT_MAX);
	struct run run;
	xmlDocPtr doc = NULL;

	out->mended = true;
	if (!declares_other_encoding(text, len)) {
		unsigned base;

		if (mend(text, len, &fixed, &base)) {
			out->private_base = base;
			text = fixed.data ? fixed.data : "";
			len = fixed.len;
			doc = run_parser(text, len, false, &run);
		}
	}
	if (!doc)
		doc = run_parser(text, len, true, &run);
	buf_release(&fixed);
	return doc;
}

int xdoc_parse(const char *text, size_t len, enum xdoc_mode mode,
	struct xdoc **ret, struct err *err)
{
	struct xdoc *out;
	struct run run;

	if (len > INT_MAX / 4)
		return err_set(err, NFZ_E_LIMIT,
			"the document is too big (%zu bytes)", len);
	out = mem_zalloc(1, sizeof(*out));
	out->doc = run_parser(text, len, false, &run);
	if (!out->doc && mode == XDOC_MEND && !run.limit)
		out->doc = parse_mending(text, len, out);
	if (!out->doc) {
		free(out);
		return err_set(err, run.limit ? NFZ_E_LIMIT : NFZ_E_REPLY,
			"line %d: %s", run.line, run.cause);
	}
	out->doc->_private = out;
	*ret = out;
	return 0;
}

void xdoc_free(struct xdoc *doc)
{
	if (!doc)
		return;
	xmlFreeDoc(doc->doc);
	free(doc);
}

bool xdoc_mended(const struct xdoc *doc)
{
	return doc->mended;
}

/* struct xnode is never defined: it is libxml2's node under our name. */
static const xmlNode *inner(const struct xnode *node)
{
	return (const xmlNode *)(const void *)node;
}

static const struct xnode *outer(const xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return (const struct xnode *)(const void *)node;
}

const struct xnode *xdoc_root(const struct xdoc *doc)
{
	return outer(xmlDocGetRootElement(doc->doc));
}

const struct xnode *xnode_child(const struct xnode *node)
{
	return outer(inner(node)->children);
}

const struct xnode *xnode_next(const struct xnode *node)
{
	return outer(inner(node)->next);
}

const struct xnode *xnode_find(const struct xnode *node, const char *name)
{
	const struct xnode *n;

	for (n = xnode_child(node); n && !xnode_is(n, name);)
		n = xnode_next(n);
	return n;
}

const char *xnode_name(const struct xnode *node)
{
	return (const char *)inner(node)->name;
}

const char *xnode_space(const struct xnode *node)
{
	const xmlNs *ns = inner(node)->ns;

	return ns && ns->href ? (const char *)ns->href : "";
}

bool xnode_is(const struct xnode *node, const char *name)
{
	return strcmp(xnode_name(node), name) == 0;
}

long xnode_line(const struct xnode *node)
{
	return xmlGetLineNo(inner(node));
}

/* Copies text, turning private-use stand-ins back into control characters. */
static void add_text(
	const struct xdoc *doc, const xmlChar *text, struct buf *out)
{
	const char *at = (const char *)text, *hit;
	unsigned base = doc->private_base;

	if (!base) {
		buf_adds(out, at);
		return;
	}
	for (; (hit = strpbrk(at, "\xee\xef")); at = hit + 3) {
		const unsigned char *s = (const unsigned char *)hit;
		unsigned c = (unsigned)(s[0] & 0xf) << 12 |
			     (unsigned)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);

		buf_add(out, at, (size_t)(hit - at));
		if (c >= base && c < base + N_CONTROLS)
			buf_addc(out, (char)(c - base));
		else
			buf_add(out, hit, 3);
	}
	buf_adds(out, at);
}

void xnode_text(const struct xnode *node, struct buf *out)
{
	const xmlNode *n = inner(node);
	const struct xdoc *doc = n->doc->_private;

	for (n = n->children; n; n = n->next)
		if ((n->type == XML_TEXT_NODE ||
			    n->type == XML_CDATA_SECTION_NODE) &&
			n->content)
			add_text(doc, n->content, out);
}

const char *xnode_whole_text(const struct xnode *node)
{
	const xmlNode *n = inner(node);
	const struct xdoc *doc = n->doc->_private;

	n = n->children;
	if (!n)
		return "";
	return n->type == XML_TEXT_NODE && !n->next && !doc->private_base
		       ? (const char *)n->content
		       : NULL;
}

bool xnode_attr(const struct xnode *node, const char *name, struct buf *out)
{
	const xmlNode *n = inner(node);
	const struct xdoc *doc = n->doc->_private;

	for (const xmlAttr *a = n->properties; a; a = a->next) {
		if (a->ns || strcmp((const char *)a->name, name) != 0)
			continue;
		for (n = a->children; n; n = n->next)
			if (n->content)
				add_text(doc, n->content, out);
		return true;
	}
	return false;
}
