/* Certificate files, through OpenSSL's libcrypto.
 *
 * Refusals are told apart because the user's remedy differs: no certificate,
 * no key, a key of another certificate, a wrong passphrase, a date passed.
 * OpenSSL's own error queue is emptied before and after every use, so nothing
 * of it leaks into a TLS library in the same process. */
#include "format/pem.h"
#include "base/file.h"
#include "base/mem.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string.h>
#include <time.h>

enum { FILE_MAX = 1 << 20, USER_KEY_BITS = 2048 };

static void free_x509(X509 **p)
{
	X509_free(*p);
}

static void free_key(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void free_bio(BIO **p)
{
	BIO_free(*p);
}

int pem_library_error(struct err *err, enum nfz_error code, const char *what)
{
	char text[160] = "no reason given";
	unsigned long reason = ERR_peek_last_error();

	if (reason)
		ERR_error_string_n(reason, text, sizeof(text));
	ERR_clear_error();
	return err_set(err, code, "%s: %s", what, text);
}

void pem_library_clear(void)
{
	ERR_clear_error();
}

static int library_error(struct err *err, const char *what)
{
	return pem_library_error(err, NFZ_E_CERT_FILE, what);
}

static void one_line(const X509_NAME *name, char *to, size_t size)
{
	BIO *bio cleanup(free_bio) = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0,
			   XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_read(bio, to, (int)size - 1);
	to[n > 0 ? n : 0] = '\0';
}

static void entry(const X509_NAME *name, int nid, char *to, size_t size)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);
	const ASN1_STRING *s;
	size_t n;

	to[0] = '\0';
	if (at < 0)
		return;
	s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	n = (size_t)ASN1_STRING_length(s);
	n = n < size ? n : size - 1;
	memcpy(to, ASN1_STRING_get0_data(s), n);
	to[n] = '\0';
}

static bool moment(const ASN1_TIME *from, struct wall_time *ret)
{
	struct tm tm = {0};

	if (!ASN1_TIME_to_tm(from, &tm))
		return false;
	*ret = wall_from_s(timegm(&tm)); /* RFC 5280 4.1.2.5: 9999 is never */
	return true;
}

static int describe(const X509 *cert, struct pem_info *ret, struct err *err)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	char *digits = n ? BN_bn2dec(n) : NULL;
	uint64_t value = 0;

	one_line(subject, ret->subject, sizeof(ret->subject));
	one_line(X509_get_issuer_name(cert), ret->issuer, sizeof(ret->issuer));
	entry(subject, NID_commonName, ret->cn, sizeof(ret->cn));
	entry(subject, NID_pkcs9_emailAddress, ret->email, sizeof(ret->email));
	ret->serial_number = -1;
	if (ASN1_INTEGER_get_uint64(&value, serial) == 1 && value <= INT64_MAX)
		ret->serial_number = (int64_t)value;
	if (digits && strlen(digits) < sizeof(ret->serial))
		memcpy(ret->serial, digits, strlen(digits) + 1);
	OPENSSL_free(digits);
	BN_free(n);
	ERR_clear_error();
	if (!moment(X509_get0_notBefore(cert), &ret->not_before) ||
		!moment(X509_get0_notAfter(cert), &ret->not_after))
		return library_error(err, "the certificate's dates");
	return 0;
}

/* Is there a private key in the text, and does it want a passphrase?  Looks at
 * the armour only: nothing is decrypted. */
static void find_key(const char *text, struct pem_info *ret)
{
	const char *at = text;

	while ((at = strstr(at, "-----BEGIN "))) {
		const char *end = strstr(at + 11, "-----");
		const char *kind = "PRIVATE KEY";

		at += 11;
		if (!end || (size_t)(end - at) < strlen(kind) ||
			memcmp(end - strlen(kind), kind, strlen(kind)) != 0)
			continue;
		ret->has_key = true;
		ret->key_encrypted =
			memcmp(at, "ENCRYPTED", 9) == 0 ||
			strncmp(end, "-----\nProc-Type: 4,ENCRYPTED", 28) ==
				0 ||
			strncmp(end, "-----\r\nProc-Type: 4,ENCRYPTED", 29) ==
				0;
		return;
	}
}

static X509 *first_certificate(const char *text, size_t len)
{
	BIO *bio cleanup(free_bio) = BIO_new_mem_buf(text, (int)len);

	return bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

int pem_parse(
	const char *text, size_t len, struct pem_info *ret, struct err *err)
{
	X509 *cert cleanup(free_x509) = NULL;
	struct pem_info info = {.serial_number = -1};
	cleanup_free char *ended = NULL;
	int r;

	ERR_clear_error();
	if (len > FILE_MAX)
		return err_set(err, NFZ_E_CERT_FILE,
			"too large for a certificate file");
	cert = first_certificate(text, len);
	ERR_clear_error();
	if (!cert)
		return err_set(
			err, NFZ_E_CERT_FILE, "there is no certificate in it");
	r = describe(cert, &info, err);
	if (r < 0)
		return r;
	ended = mem_strndup(text, len);
	find_key(ended, &info);
	*ret = info;
	return 0;
}

static int read_text(const char *path, struct buf *text, struct err *err)
{
	int r = file_read(path, text, err);

	if (r < 0) {
		if (err)
			err->code = NFZ_E_CERT_FILE;
		return -NFZ_E_CERT_FILE;
	}
	return 0;
}

int pem_read(const char *path, struct pem_info *ret, struct err *err)
{
	struct buf text cleanup(buf_release) = BUF_INIT(FILE_MAX);
	int r = read_text(path, &text, err);

	if (r < 0)
		return r;
	r = pem_parse(buf_str(&text), text.len, ret, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	return 0;
}

int pem_parse_der(
	const uint8_t *der, size_t len, struct pem_info *ret, struct err *err)
{
	const unsigned char *at = der;
	X509 *cert cleanup(free_x509) = NULL;
	struct pem_info info = {.serial_number = -1};
	int r;

	ERR_clear_error();
	cert = d2i_X509(NULL, &at, (long)len);
	if (!cert)
		return library_error(err, "certificate");
	r = describe(cert, &info, err);
	if (r < 0)
		return r;
	*ret = info;
	return 0;
}

int pem_check_time(
	const struct pem_info *info, struct wall_time now, struct err *err)
{
	char when[CLOCK_TEXT];

	if (now.ns > info->not_after.ns)
		return err_set(err, NFZ_E_CERT_EXPIRED,
			"the certificate expired on %.10s",
			wall_print(info->not_after, when));
	if (now.ns < info->not_before.ns)
		return err_set(err, NFZ_E_CERT_EXPIRED,
			"the certificate is not valid before %.19sZ",
			wall_print(info->not_before, when));
	return 0;
}

struct asked {
	const char *passphrase;
	bool asked;
};

/* pem_password_cb: hands out the passphrase and remembers the question. */
static int give_passphrase(char *to, int size, int rwflag, void *ctx)
{
	struct asked *a = ctx;
	size_t n = a->passphrase ? strlen(a->passphrase) : 0;

	(void)rwflag;
	a->asked = true;
	if (!a->passphrase || n > (size_t)size)
		return -1;
	memcpy(to, a->passphrase, n);
	return (int)n;
}

int pem_check_key(const char *path, const char *passphrase, struct err *err)
{
	struct buf text cleanup(buf_release) = BUF_INIT(FILE_MAX);
	struct asked asked = {.passphrase = passphrase};
	X509 *cert cleanup(free_x509) = NULL;
	EVP_PKEY *key cleanup(free_key) = NULL;
	BIO *bio cleanup(free_bio) = NULL;
	struct pem_info info;
	int r = read_text(path, &text, err);

	if (r < 0)
		return r;
	r = pem_parse(buf_str(&text), text.len, &info, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	if (!info.has_key)
		return err_set(err, NFZ_E_CERT_FILE,
			"%s: there is no private key in it", path);
	bio = BIO_new_mem_buf(buf_str(&text), (int)text.len);
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &asked)
		  : NULL;
	ERR_clear_error();
	if (!key && asked.asked)
		return err_set(err, NFZ_E_PASSPHRASE,
			passphrase ? "%s: wrong passphrase"
				   : "%s: the key needs its passphrase",
			path);
	if (!key)
		return err_set(err, NFZ_E_CERT_FILE,
			"%s: the private key is damaged", path);
	cert = first_certificate(buf_str(&text), text.len);
	r = cert ? X509_check_private_key(cert, key) : 0;
	ERR_clear_error();
	if (r != 1)
		return err_set(err, NFZ_E_CERT_FILE,
			"%s: key and certificate do not belong together", path);
	return 0;
}

static bool add_name(X509_NAME *name, const char *field, const char *text)
{
	return !text || X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
				(const unsigned char *)text, -1, -1, 0);
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	if (!value)
		return true;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!ext)
		return false;
	ok = X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool add_extensions(
	X509 *cert, X509 *issuer, const struct pem_spec *spec)
{
	bool ca = spec->kind == PEM_CA;

	return add_extension(cert, issuer, NID_basic_constraints,
		       ca ? "critical,CA:TRUE" : "CA:FALSE") &&
	       add_extension(
		       cert, issuer, NID_subject_key_identifier, "hash") &&
	       (ca || add_extension(cert, issuer, NID_authority_key_identifier,
			      "keyid")) &&
	       add_extension(cert, issuer, NID_ext_key_usage,
		       spec->kind == PEM_SERVER ? "serverAuth" : NULL) &&
	       add_extension(cert, issuer, NID_subject_alt_name, spec->names) &&
	       add_extension(cert, issuer, NID_info_access, spec->access);
}

static bool set_time(ASN1_TIME *to, struct wall_time t)
{
	return ASN1_TIME_set(to, (time_t)(t.ns / NS_PER_S)) != NULL;
}

/* The certificate before it is signed. */
static bool fill(
	X509 *cert, EVP_PKEY *key, X509 *issuer, const struct pem_spec *spec)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) &&
	       ASN1_INTEGER_set_int64(
		       X509_get_serialNumber(cert), spec->serial) &&
	       set_time(X509_getm_notBefore(cert), spec->not_before) &&
	       set_time(X509_getm_notAfter(cert), spec->not_after) &&
	       X509_set_pubkey(cert, key) &&
	       add_name(name, "O", spec->organization) &&
	       add_name(name, "OU", spec->unit) &&
	       add_name(name, "CN", spec->cn) &&
	       add_name(name, "emailAddress", spec->email) &&
	       X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
	       add_extensions(cert, issuer, spec);
}

static EVP_PKEY *read_key(const char *text)
{
	BIO *bio cleanup(free_bio) = BIO_new_mem_buf(text, -1);

	return bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
}

static EVP_PKEY *key_for(const struct pem_spec *spec)
{
	if (spec->key)
		return read_key(spec->key);
	if (spec->kind == PEM_USER)
		return EVP_RSA_gen(USER_KEY_BITS);
	return EVP_EC_gen("P-256");
}

/* Moves what a memory BIO holds to the buffer. */
static void drain(BIO *bio, struct buf *out)
{
	char *data = NULL;
	long n = BIO_get_mem_data(bio, &data);

	if (n > 0)
		buf_add(out, data, (size_t)n);
}

static bool write_pem(EVP_PKEY *key, X509 *cert, const char *passphrase,
	struct buf *key_out, struct buf *cert_out)
{
	BIO *k cleanup(free_bio) = BIO_new(BIO_s_mem());
	BIO *c cleanup(free_bio) = BIO_new(BIO_s_mem());
	struct asked asked = {.passphrase = passphrase};

	if (!k || !c ||
		!PEM_write_bio_PrivateKey_traditional(k, key,
			passphrase ? EVP_aes_256_cbc() : NULL, NULL, 0,
			passphrase ? give_passphrase : NULL, &asked) ||
		!PEM_write_bio_X509(c, cert))
		return false;
	drain(k, key_out);
	drain(c, cert_out);
	return buf_ok(key_out) && buf_ok(cert_out);
}

int pem_issue(const struct pem_spec *spec, const char *ca, struct buf *key_out,
	struct buf *cert_out, struct err *err)
{
	EVP_PKEY *key cleanup(free_key) = NULL;
	EVP_PKEY *ca_key cleanup(free_key) = NULL;
	X509 *ca_cert cleanup(free_x509) = NULL;
	X509 *cert cleanup(free_x509) = X509_new();

	ERR_clear_error();
	key = key_for(spec);
	if (ca) {
		ca_key = read_key(ca);
		ca_cert = first_certificate(ca, strlen(ca));
		if (!ca_key || !ca_cert)
			return library_error(err, "the site's authority");
	}
	if (!key || !cert || !fill(cert, key, ca ? ca_cert : cert, spec))
		return library_error(err, "making a certificate");
	if (!X509_sign(cert, ca ? ca_key : key, EVP_sha256()))
		return library_error(err, "signing a certificate");
	if (!write_pem(key, cert, spec->passphrase, key_out, cert_out))
		return library_error(err, "writing a certificate");
	ERR_clear_error();
	return 0;
}
