/* An XML-RPC document, taken as response and as request: what is accepted is
 * printed and must be accepted again, unless it held a nil or a character
 * that XML cannot carry.  An array is read as an experiment's events, too. */
#include "format/xmlrpc.h"
#include "testbed/eventlist.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void request(const char *text, size_t len)
{
	struct buf out = BUF_INIT(64 << 20);
	struct xmlrpc_request r;

	if (xmlrpc_parse_request(text, len, &r, NULL))
		return;
	xmlrpc_print_request(r.method ? r.method : "",
		(const struct value *const *)r.params, r.n_params, &out);
	xmlrpc_request_release(&r);
	buf_release(&out);
}

static void events(const struct value *v)
{
	struct err err = ERR_INIT;
	struct eventlist l;
	int64_t zero = 0;

	if (eventlist_read(v, &l, &err) == 0)
		for (size_t i = 0; i < l.n; i++)
			if (l.items[i].after_ns < 0 ||
				!strchr(l.items[i].text, ' '))
				abort();
	eventlist_release(&l);
	if (eventlist_zero(v, &zero) && zero < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = BUF_INIT(64 << 20);
	struct xmlrpc_response r, again;
	struct err err;

	request((const char *)data, size);
	if (xmlrpc_parse_response((const char *)data, size, &r, &err))
		return 0;
	if (!r.fault && r.value->kind == VALUE_ARRAY)
		events(r.value);
	if (r.fault)
		xmlrpc_print_fault(r.fault_code, r.fault_text, &out);
	else
		xmlrpc_print_response(r.value, &out);
	if (xmlrpc_parse_response(buf_str(&out), out.len, &again, &err) == 0) {
		if (r.fault != again.fault)
			abort();
		xmlrpc_response_release(&again);
	} else if (!r.recovered && !strstr(buf_str(&out), "inf") &&
		   !strstr(buf_str(&out), "nan")) {
		abort();
	}
	xmlrpc_response_release(&r);
	buf_release(&out);
	return 0;
}
