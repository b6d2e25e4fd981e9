/* An XML-RPC document, taken as response and as request: what is accepted is
 * printed and must be accepted again, unless it held a nil or a character
 * that XML cannot carry. */
#include "format/xmlrpc.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = BUF_INIT(64 << 20);
	struct xmlrpc_response r, again;
	struct err err;

	request((const char *)data, size);
	if (xmlrpc_parse_response((const char *)data, size, &r, &err))
		return 0;
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
