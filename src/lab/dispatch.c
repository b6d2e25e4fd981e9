/* From a request document to the method that answers it.
 *
 * The tests that most methods share are made here in the original's order:
 * number of parameters, version, closed logins, missing arguments, characters
 * of names, existence, permission (emulab-api reference, 2.1 to 2.4). */
#include "lab/dispatch.h"
#include "lab/pyrepr.h"
#include "lab/service_xml.h"

#include <stdio.h>
#include <string.h>

static const struct call_method *const tables[] = {methods_info,
	methods_experiment, methods_virtual, methods_events, methods_change,
	methods_node, methods_site, methods_absent, methods_portal};

/* Attributes of the original's objects that are no methods: calling one is a
 * fault of its own. */
static const struct {
	const char *name, *type;
} attributes[] = {{"uid", "str"}, {"readonly", "int"}, {"VERSION", "float"}};

static const char *const modules[] = {"experiment", "template", "emulab",
	"user", "fs", "imageid", "osid", "node", "elabinelab"};

static bool version_ok(const struct lab_call *c)
{
	const struct value *v = c->request.params[0];

	return v->kind == VALUE_DOUBLE && v->number == 0.1;
}

/* The tests before the method itself. */
static void run_method(struct lab_call *c, const struct call_method *m)
{
	struct lab_experiment *e = NULL;

	if ((m->flags & CALL_VERSION) && !version_ok(c)) {
		call_fail(c, CALL_BADVERSION, "Client version mismatch!");
		return;
	}
	if ((m->flags & CALL_NOLOGINS) && call_nologins(c))
		return;
	if (m->required && c->args->kind != VALUE_STRUCT) {
		const char *type = pyrepr_type(c->args);

		call_fault(c, "AttributeError",
			c->args->kind == VALUE_TIME
				? "%s instance has no attribute 'has_key'"
				: "'%s' object has no attribute 'has_key'",
			type);
		return;
	}
	if (m->required && !call_require(c, m->required))
		return;
	if ((m->flags & CALL_CHARS_ARGS) &&
		!call_names_ok(c, "Illegal characters in arguments!"))
		return;
	if ((m->flags & CALL_CHARS_FORMED) &&
		!call_names_ok(c, "Improperly formed proj/exp!"))
		return;
	if (m->flags & CALL_PERM) {
		e = call_experiment(c);
		if (!e)
			return;
	}
	m->run(c, e);
}

static bool has_portal(const struct lab_site *site)
{
	for (size_t i = 0; i < site->n_experiments; i++)
		if (site->experiments[i]->portal != NULL)
			return true;
	return false;
}

static const struct call_method *find(const char *module, const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct call_method *m = tables[i]; m->module; m++)
			if (strcmp(m->module, module) == 0 &&
				strcmp(m->name, name) == 0)
				return m;
	return NULL;
}

static bool is_module(const char *name)
{
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (strcmp(modules[i], name) == 0)
			return true;
	return false;
}

/* A name that is an attribute: "experiment.uid", "uid". */
static const char *attribute_type(const char *module, const char *name)
{
	if (module[0] && !is_module(module))
		return NULL;
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (strcmp(attributes[i].name, name) == 0)
			return attributes[i].type;
	return NULL;
}

static void dispatch(struct lab_call *c)
{
	const char *full = c->request.method;
	const char *dot = strchr(full, '.'), *name = dot ? dot + 1 : full;
	const struct call_method *m;
	const char *type;
	char module[64] = "";

	if (dot)
		snprintf(module, sizeof(module), "%.*s", (int)(dot - full),
			full);
	m = dot ? find(module, name) : NULL;
	if (m && strcmp(module, "portal") == 0 && !has_portal(c->site))
		m = NULL; /* an old server */
	type = m ? NULL : attribute_type(module, name);
	if (type) {
		call_fault(c, "TypeError", "'%s' object is not callable", type);
	} else if (!m) {
		call_fault(
			c, "Exception", "method \"%s\" is not supported", full);
	} else if (c->request.n_params != 2) {
		call_fault(c, "TypeError",
			"%s() takes exactly 3 arguments (%zu given)", name,
			c->request.n_params + 1);
	} else {
		c->args = c->request.params[1];
		run_method(c, m);
	}
}

/* What the original's parser would say to a body that cannot be read. */
static void bad_document(struct lab_call *c, const char *text, size_t len)
{
	char complaint[128];

	if (!service_xml_complaint(text, len, complaint, sizeof(complaint)))
		snprintf(complaint, sizeof(complaint),
			"not well-formed (invalid token): line 1, column 0");
	call_fault(c, "xml.parsers.expat.ExpatError", "%s", complaint);
}

void dispatch_document(struct lab_call *c, const char *document, size_t len)
{
	char complaint[128];
	struct err err = ERR_INIT;

	c->output = (struct buf)BUF_INIT(CALL_OUTPUT_MAX);
	if (service_xml_complaint(
		    document, len, complaint, sizeof(complaint)) ||
		xmlrpc_parse_request(document, len, &c->request, &err) < 0)
		bad_document(c, document, len);
	else if (!c->request.method)
		call_fault(c, "TypeError",
			"getattr(): attribute name must be string");
	else
		dispatch(c);
}
