/* Certificates of a testbed, and what must be refused.
 *
 * As the real site makes them: one file with the key first, subject O, OU
 * "sslxmlrpc", CN the user's UUID, e-mail address; subject alternative names
 * with the user's URN; an authorityInfoAccess entry with a 128-bit object
 * identifier.  All variants of one user share one RSA key. */
#define _GNU_SOURCE
#include "lab/certs.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/pem.h"
#include "format/sshkey.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { PEM_MAX = 1 << 16, PATH_MAX_HERE = 512 };

static const char odd_access[] =
	"2.25.305821105408246119474742976030998643995;URI:https://";

/* Days from now, at the second. */
static struct wall_time in_days(int days)
{
	struct wall_time t = wall_now();

	t.ns += (int64_t)days * 86400 * NS_PER_S;
	return t;
}

static int64_t new_serial(void)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		r = (uint32_t)wall_now().ns;
	return 1000 + (r >> 8);
}

static void new_uuid(char *to, size_t size)
{
	uint8_t b[16] = {0};

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		memset(b, 7, sizeof(b));
	snprintf(to, size,
		"%02x%02x%02x%02x-%02x%02x-11e0-%02x%02x-"
		"%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		b[10], b[11], b[12], b[13]);
}

static int put(const char *dir, const char *name, const struct buf *first,
	const struct buf *second, struct err *err)
{
	struct buf all cleanup(buf_release) = BUF_INIT(PEM_MAX);
	char path[PATH_MAX_HERE];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (first)
		buf_add(&all, first->data, first->len);
	if (second)
		buf_add(&all, second->data, second->len);
	return file_replace(path, 0600, all.data, all.len, err);
}

/* Key and certificate of an authority; ca gets both texts. */
static int make_ca(
	const char *name, struct buf *ca, struct buf *cert, struct err *err)
{
	struct pem_spec spec = {.kind = PEM_CA,
		.organization = "Local Testbed",
		.unit = "Certificate Authority",
		.cn = name,
		.serial = new_serial(),
		.not_before = in_days(-1),
		.not_after = in_days(3650)};
	int r = pem_issue(&spec, NULL, ca, cert, err);

	if (r == 0)
		buf_add(ca, cert->data, cert->len);
	return r;
}

static int make_server(const char *dir, const char *domain, const char *names,
	const struct buf *ca, struct err *err)
{
	struct buf key cleanup(buf_release) = BUF_INIT(PEM_MAX);
	struct buf cert cleanup(buf_release) = BUF_INIT(PEM_MAX);
	char cn[128], alt[512];
	struct pem_spec spec = {.kind = PEM_SERVER,
		.organization = "Local Testbed",
		.unit = "boss",
		.cn = cn,
		.names = alt,
		.serial = new_serial(),
		.not_before = in_days(-1),
		.not_after = in_days(1000)};
	int r;

	snprintf(cn, sizeof(cn), "boss.%s", domain);
	snprintf(alt, sizeof(alt), "DNS:boss.%s,DNS:boss,IP:127.0.0.1%s%s",
		domain, names ? "," : "", names ? names : "");
	r = pem_issue(&spec, buf_str(ca), &key, &cert, err);
	if (r < 0)
		return r;
	return put(dir, LAB_CERT_SERVER, &key, &cert, err);
}

/* One kind of user certificate. */
struct variant {
	const char *file;
	const char *cn; /* NULL: the UUID */
	const char *passphrase;
	const struct buf *ca;
	int64_t serial;
	int from_days, to_days;
};

struct user_text {
	char email[128], names[512], access[256];
};

static void user_texts(
	const char *domain, const struct lab_user *user, struct user_text *ret)
{
	snprintf(ret->email, sizeof(ret->email), "%s@%s", user->uid, domain);
	snprintf(ret->names, sizeof(ret->names),
		"URI:urn:publicid:IDN+%s+user+%s,email:%s", domain, user->uid,
		ret->email);
	snprintf(ret->access, sizeof(ret->access),
		"%sboss.%s:12369/protogeni/xmlrpc", odd_access, domain);
}

/* Issues one; *key holds the user's key text, made when empty. */
static int make_user(const char *dir, const struct user_text *text,
	const struct lab_user *user, const struct variant *v, struct buf *key,
	struct err *err)
{
	struct buf cert cleanup(buf_release) = BUF_INIT(PEM_MAX);
	struct buf out cleanup(buf_release) = BUF_INIT(PEM_MAX);
	struct pem_spec spec = {.kind = PEM_USER,
		.organization = "Local Testbed",
		.unit = "sslxmlrpc",
		.cn = v->cn ? v->cn : user->uuid,
		.email = text->email,
		.names = text->names,
		.access = text->access,
		.serial = v->serial,
		.not_before = in_days(v->from_days),
		.not_after = in_days(v->to_days),
		.passphrase = v->passphrase,
		.key = key->len ? buf_str(key) : NULL};
	int r = pem_issue(&spec, buf_str(v->ca), &out, &cert, err);

	if (r == 0 && key->len == 0)
		buf_add(key, out.data, out.len);
	if (r == 0)
		r = put(dir, v->file, &out, &cert, err);
	return r;
}

static int make_ssh_key(const char *dir, const struct lab_user *user,
	const char *comment, struct err *err)
{
	struct buf file cleanup(buf_release) = BUF_INIT(PEM_MAX);
	struct buf line cleanup(buf_release) = BUF_INIT(PEM_MAX);
	char name[64];
	int r = sshkey_make(SSHKEY_ED25519, comment, &file, &line, err);

	snprintf(name, sizeof(name), "%s.key", user->uid);
	if (r == 0)
		r = put(dir, name, &file, NULL, err);
	snprintf(name, sizeof(name), "%s.key.pub", user->uid);
	if (r == 0)
		r = put(dir, name, &line, NULL, err);
	return r;
}

/* A user's RSA key takes long to make: what was made for one testbed is there
 * for the next. */
static int kept_key(
	const char *keys, const char *uid, struct buf *key, struct err *err)
{
	char path[PATH_MAX_HERE];

	if (keys == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/user_%s.pem", keys, uid);
	return access(path, F_OK) == 0 ? file_read(path, key, err) : 0;
}

static int keep_key(const char *keys, const char *uid, const struct buf *key,
	struct err *err)
{
	char path[PATH_MAX_HERE];
	int r;

	if (keys == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/user_%s.pem", keys, uid);
	r = file_make_dirs(keys, 0700, err);
	return r == 0 ? file_replace(path, 0600, key->data, key->len, err) : r;
}

/* The user's certificate and ssh key; key is left for variants. */
static int one_user(const struct lab_certs_setup *to,
	const struct lab_site *site, struct lab_user *user,
	const struct buf *ca, struct buf *key, struct err *err)
{
	struct user_text text;
	char file[64];
	struct variant v = {
		.file = file, .ca = ca, .from_days = -1, .to_days = 1000};
	int r;

	if (!user->uuid[0])
		new_uuid(user->uuid, sizeof(user->uuid));
	v.serial = new_serial();
	snprintf(file, sizeof(file), "%s.pem", user->uid);
	user_texts(site->domain, user, &text);
	r = kept_key(to->keys, user->uid, key, err);
	if (r == 0)
		r = make_user(to->dir, &text, user, &v, key, err);
	if (r == 0)
		r = keep_key(to->keys, user->uid, key, err);
	if (r < 0)
		return err_wrap(err, "certificate of %s", user->uid);
	user->cert_serial = v.serial;
	return make_ssh_key(to->dir, user, text.email, err);
}

static int make_variants(const char *dir, const struct lab_site *site,
	const struct lab_user *user, const struct buf *ca, struct buf *key,
	struct err *err)
{
	struct buf other cleanup(buf_release) = BUF_INIT(PEM_MAX);
	struct buf other_cert cleanup(buf_release) = BUF_INIT(PEM_MAX);
	char comma[64];
	const int64_t serial = user->cert_serial;
	const struct variant variants[] = {
		{LAB_CERT_ENCRYPTED, NULL, LAB_CERT_PASSPHRASE, ca, serial, -1,
			365},
		{LAB_CERT_EXPIRED, NULL, NULL, ca, serial, -400, -35},
		{LAB_CERT_FOREIGN, NULL, NULL, &other, serial, -1, 365},
		{LAB_CERT_UNKNOWN, NULL, NULL, ca, serial + 1, -1, 365},
		{LAB_CERT_LOGIN, user->uid, NULL, ca, serial, -1, 365},
		{LAB_CERT_COMMA, comma, NULL, ca, serial, -1, 365},
	};
	struct user_text text;
	int r = make_ca("Another Testbed", &other, &other_cert, err);

	snprintf(
		comma, sizeof(comma), "%s,%lld", user->uuid, (long long)serial);
	user_texts(site->domain, user, &text);
	for (size_t i = 0; r == 0 && i < sizeof(variants) / sizeof(variants[0]);
		i++)
		r = make_user(dir, &text, user, &variants[i], key, err);
	return r;
}

int lab_certs_make(const struct lab_certs_setup *to, struct lab_site *site,
	struct err *err)
{
	const char *dir = to->dir;
	struct buf ca cleanup(buf_release) = BUF_INIT(PEM_MAX);
	struct buf cert cleanup(buf_release) = BUF_INIT(PEM_MAX);
	char name[160];
	int r = file_make_dirs(dir, 0700, err);

	snprintf(name, sizeof(name), "Testbed %s", site->domain);
	if (r == 0)
		r = make_ca(name, &ca, &cert, err);
	if (r == 0)
		r = put(dir, LAB_CERT_CA, &cert, NULL, err);
	if (r == 0)
		r = put(dir, LAB_CERT_CA_KEY, &ca, NULL, err);
	if (r == 0)
		r = make_server(dir, site->domain, to->server_names, &ca, err);
	for (size_t i = 0; r == 0 && i < site->n_users; i++) {
		struct lab_user *user = &site->users[i];
		struct buf key cleanup(buf_release) = BUF_INIT(PEM_MAX);

		r = one_user(to, site, user, &ca, &key, err);
		if (r == 0 && i == 0)
			r = make_variants(dir, site, user, &ca, &key, err);
	}
	if (r < 0)
		return err_wrap(err, "certificates in %s", dir);
	return 0;
}
