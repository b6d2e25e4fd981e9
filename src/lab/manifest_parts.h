/* What the files that print manifests share. */
#ifndef NFZ_LAB_MANIFEST_PARTS_H
#define NFZ_LAB_MANIFEST_PARTS_H

#include "lab/portal.h"

struct manifest {
	const struct lab_site *site;
	const struct lab_experiment *e;
	int number; /* of the aggregate */
	struct buf *text;
};

/* Text as an attribute holds it; a whole attribute with a blank before. */
void manifest_escaped(struct buf *to, const char *s);
void manifest_attr(struct buf *to, const char *name, const char *value);
/* name="urn:publicid:IDN+SITE+kind+rest", with ":ethPORT" unless -1 */
void manifest_urn(const struct manifest *o, const char *name, const char *kind,
	const char *rest, int port);
void manifest_sliver(const struct manifest *o, int machine, int iface);
/* A link that never leaves one machine? */
bool manifest_is_inside(const struct manifest *o, const struct ns_lan *lan);
/* The shaper or bridge on a link, or before that member of a LAN. */
const struct lab_delay *manifest_delay(
	const struct lab_experiment *e, const char *lan, const char *member);
/* manifest_links.c: all links that touch this site. */
void manifest_links(const struct manifest *o);

#endif
