/* Points on the lines of a picture. */
#include "report/picture.h"

#include <math.h>

void picture_along(const struct picture *p, const struct picture_line *l,
	double s, double *ret_x, double *ret_y)
{
	const struct picture_node *a = &p->nodes[l->a], *b = &p->nodes[l->b];
	double r = 1 - s;

	if (l->a == l->b) {
		double radius = hypot(a->x - l->cx, a->y - l->cy);

		*ret_x = l->cx + radius * sin(2 * M_PI * s);
		*ret_y = l->cy + radius * cos(2 * M_PI * s);
		return;
	}
	*ret_x = r * r * a->x + 2 * r * s * l->cx + s * s * b->x;
	*ret_y = r * r * a->y + 2 * r * s * l->cy + s * s * b->y;
}

/* Taps sit on the line, just outside the node that listens. */
void picture_tap_at(const struct picture *p, const struct picture_line *l,
	enum picture_tap tap, double *ret_x, double *ret_y)
{
	const struct picture_node *from = &p->nodes[tap == TAP_A   ? l->a
						    : tap == TAP_B ? l->b
								   : l->shaper];
	double s = tap == TAP_A ? 0 : tap == TAP_B ? 1 : 0.5;
	double step = tap == TAP_A || tap == TAP_SHAPER_B ? 0.005 : -0.005;

	for (int i = 0; i < 90; i++, s += step) {
		picture_along(p, l, s, ret_x, ret_y);
		if (fabs(*ret_x - from->x) > from->half_w + 5 ||
			fabs(*ret_y - from->y) > from->half_h + 5)
			break;
	}
}
