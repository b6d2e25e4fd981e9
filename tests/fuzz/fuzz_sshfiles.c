/* Any text as what ssh -G prints, as a known hosts file and as an agent's list
 * of keys: no list grows longer than it may, and no name of 20 random letters
 * is known. */
#include "deploy/agentfilter.h"
#include "deploy/knownhosts.h"
#include "deploy/sshconf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct knownhosts *known = knownhosts_new();
	struct buf answer = BUF_INIT(1 << 20), list = BUF_INIT(2 << 20);
	struct opt_list none = {0};
	struct ssh_settings s;
	char kinds[64];
	size_t of = 0;
	int shown;

	sshconf_parse((const char *)data, len, &s);
	sshconf_settings_release(&s);

	knownhosts_text(known, (const char *)data, len);
	if (knownhosts_ask(known, "a.host", 2222, "ssh-ed25519", "AAAA", kinds,
		    sizeof(kinds)) > KNOWNHOSTS_REVOKED ||
		strlen(kinds) >= sizeof(kinds))
		abort();
	knownhosts_free(known);

	buf_add(&answer, data, len);
	shown = agentfilter_choose(&answer, &none, false, 3, &list, &of);
	if (shown > 3 || (shown >= 0 && (size_t)shown > of))
		abort();
	buf_release(&answer);
	buf_release(&list);
	return 0;
}
