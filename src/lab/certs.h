/* The testbed's own certificate authority: the server's certificate and the
 * users', with all the oddities of a real site's (emulab-api reference, 1.3),
 * and variants that must be refused, for tests of clients. */
#ifndef NFZ_LAB_CERTS_H
#define NFZ_LAB_CERTS_H

#include "base/err.h"
#include "lab/model.h"

/* Names of the files lab_certs_make() writes into its directory.  For every
 * user also UID.pem (private key, then certificate), and UID.key with
 * UID.key.pub: an ssh key pair. */
#define LAB_CERT_CA "ca.pem"         /* what clients trust */
#define LAB_CERT_CA_KEY "ca.key"     /* authority's key, certificate */
#define LAB_CERT_SERVER "server.pem" /* key, then certificate */
/* Variants of the first user's certificate. */
#define LAB_CERT_ENCRYPTED "encrypted.pem" /* passphrase below */
#define LAB_CERT_EXPIRED "expired.pem"
#define LAB_CERT_FOREIGN "foreign.pem" /* signed by another authority */
#define LAB_CERT_UNKNOWN "unknown.pem" /* serial never registered */
#define LAB_CERT_LOGIN "login.pem"     /* CN is the login name */
#define LAB_CERT_COMMA "comma.pem"     /* CN is UUID,serial */
#define LAB_CERT_PASSPHRASE "let me in"

struct lab_certs_setup {
	const char *dir; /* is created, private */
	/* Where users' RSA keys are kept for the next testbed; NULL: nowhere. */
	const char *keys;
	/* More subject alternative names of the server, in openssl's form
	 * ("IP:10.77.255.1"), or NULL. */
	const char *server_names;
};

/* Makes everything anew for a site and its users, and registers the serial
 * numbers (user.cert_serial; users without a uuid get one). */
int lab_certs_make(const struct lab_certs_setup *to, struct lab_site *site,
	struct err *err) NFZ_MUST_CHECK;

#endif
