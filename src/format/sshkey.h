/* New SSH key pairs, as the files that ssh(1) and sshd(8) read. */
#ifndef NFZ_FORMAT_SSHKEY_H
#define NFZ_FORMAT_SSHKEY_H

#include "base/buf.h"
#include "base/err.h"

enum sshkey_kind { SSHKEY_ED25519, SSHKEY_ECDSA, SSHKEY_RSA };

/* Appends a new key's private file (OpenSSH's format, without a passphrase)
 * and its public line, "TYPE BASE64 COMMENT\n".  ECDSA is on nistp256, RSA has
 * 2048 bits. */
int sshkey_make(enum sshkey_kind kind, const char *comment,
	struct buf *ret_file, struct buf *ret_line,
	struct err *err) NFZ_MUST_CHECK;

#endif
