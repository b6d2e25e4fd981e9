/* Certificate files: what is in one, whether its key opens, and making new
 * ones for a testbed of our own.  The only file that knows openssl's x509,
 * x509v3, pem and evp headers.
 *
 * A user's file is one PEM file: private key first, then the certificate,
 * with any text between (emulab-api reference, section 1.3). */
#ifndef NFZ_FORMAT_PEM_H
#define NFZ_FORMAT_PEM_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct pem_info {
	char subject[256]; /* "C=US, O=..., CN=..." */
	char issuer[256];
	char cn[128];          /* the user's UUID or login, perhaps ",serial" */
	char email[128];       /* "" when none */
	char serial[64];       /* decimal */
	int64_t serial_number; /* -1 when it needs more than 63 bits */
	struct wall_time not_before, not_after;
	bool has_key;       /* a private key is in the file too */
	bool key_encrypted; /* it asks for a passphrase */
};

/* Reads the first certificate of a file.  NFZ_E_CERT_FILE says what is
 * missing in it. */
int pem_read(
	const char *path, struct pem_info *ret, struct err *err) NFZ_MUST_CHECK;
/* The same of a text. */
int pem_parse(const char *text, size_t len, struct pem_info *ret,
	struct err *err) NFZ_MUST_CHECK;
/* NFZ_E_CERT_EXPIRED, with the date, when `now` is outside its time. */
int pem_check_time(const struct pem_info *info, struct wall_time now,
	struct err *err) NFZ_MUST_CHECK;
/* Opens the private key: NFZ_E_PASSPHRASE when it needs a passphrase and this
 * is not it (NULL: none given), NFZ_E_CERT_FILE when there is no key or it
 * does not belong to the certificate. */
int pem_check_key(const char *path, const char *passphrase,
	struct err *err) NFZ_MUST_CHECK;
/* The common name and the serial number of one DER certificate, as a TLS
 * server learns them from its client.  *ret is complete but for the key. */
int pem_parse_der(const uint8_t *der, size_t len, struct pem_info *ret,
	struct err *err) NFZ_MUST_CHECK;

/* OpenSSL keeps what went wrong in a queue of its own: this makes the newest
 * entry an error "what: reason" and empties the queue; the second only empties
 * it, as every TLS call asks for.  For the TLS adapter. */
int pem_library_error(struct err *err, enum nfz_error code, const char *what);
void pem_library_clear(void);

enum pem_kind {
	PEM_CA,     /* EC key, signs others */
	PEM_SERVER, /* EC key, subject alternative names from `names` */
	PEM_USER    /* RSA key, the extensions of a testbed user */
};

/* What to make.  Strings may be NULL. */
struct pem_spec {
	enum pem_kind kind;
	const char *organization, *unit, *cn, *email;
	const char
		*names; /* openssl form: "DNS:boss.example.net,IP:10.0.0.1" */
	const char *access; /* authorityInfoAccess, openssl form; marked odd */
	int64_t serial;
	struct wall_time not_before, not_after;
	const char *passphrase; /* encrypts the key in the old PEM form */
	const char *key;        /* PEM text of a key to use; NULL: a new one */
};

/* Signs with the authority whose key and certificate are in `ca` (PEM text;
 * NULL: self-signed).  Appends PEM text to both buffers. */
int pem_issue(const struct pem_spec *spec, const char *ca, struct buf *key_out,
	struct buf *cert_out, struct err *err) NFZ_MUST_CHECK;

#endif
