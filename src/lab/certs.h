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

/* Makes everything anew for a site and its users, and registers the serial
 * numbers (user.cert_serial; users without a uuid get one).  The directory is
 * created, private.  server_names: more subject alternative names in openssl
 * form ("IP:10.77.255.1"), or NULL. */
int lab_certs_make(const char *dir, struct lab_site *site,
	const char *server_names, struct err *err) NFZ_MUST_CHECK;
/* One user's certificate and ssh key alone, by the authority in dir. */
int lab_certs_user(const char *dir, const struct lab_site *site,
	struct lab_user *user, struct err *err) NFZ_MUST_CHECK;

#endif
