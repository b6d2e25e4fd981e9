/* Templates of exporters over UDP in the store's directory, so that after a
 * restart their data is understood at once.
 *
 * Written a second after they changed, and now and then because their age
 * counts; not synced, since nobody waits for the disk here: a file that a
 * crash of the machine cut has a wrong checksum and is passed over. */
#include "base/file.h"
#include "base/mem.h"
#include "collector/foreign.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define TEMPLATES_FILE "templates"
static const int64_t again_ns = 60 * NS_PER_S;

static bool write_file(const char *path, const struct buf *text)
{
	cleanup_free char *tmp = mem_printf("%s.new", path);
	cleanup_close int fd = open(tmp,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return false;
	if (file_write_all(fd, text->data, text->len, NULL) == 0 &&
		rename(tmp, path) == 0)
		return true;
	unlink(tmp);
	return false;
}

void foreign_save_templates(struct foreign *f)
{
	struct foreign_templates *k = &f->kept;
	const int64_t now_ns = wall_now().ns;
	const uint64_t changes = flowset_changes(f->sets);
	cleanup_free char *path = NULL;
	struct buf text = BUF_INIT(FLOWSET_KEPT);

	if (changes == k->changes &&
		(changes == 0 || now_ns - k->saved_ns < again_ns))
		return;
	path = mem_printf("%s/" TEMPLATES_FILE, f->c->setup->store);
	flowset_save(f->sets, now_ns, &text);
	if (buf_ok(&text) && write_file(path, &text)) {
		k->changes = changes;
		k->saved_ns = now_ns;
	}
	buf_release(&text);
}

void foreign_load_templates(struct foreign *f)
{
	cleanup_free char *path =
		mem_printf("%s/" TEMPLATES_FILE, f->c->setup->store);
	struct buf text = BUF_INIT(FLOWSET_KEPT + 1);

	if (access(path, F_OK) == 0 && file_read(path, &text, NULL) == 0 &&
		flowset_restore(
			f->sets, buf_str(&text), text.len, wall_now().ns))
		log_info("%s: %llu templates are known", path,
			(unsigned long long)flowset_counts(f->sets)->templates);
	f->kept.changes = flowset_changes(f->sets);
	f->kept.saved_ns = wall_now().ns;
	buf_release(&text);
}
