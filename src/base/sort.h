/* Arrays of numbers and of texts in ascending order; NULL with n 0 is one. */
#ifndef NFZ_BASE_SORT_H
#define NFZ_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

void sort_ints(int *v, size_t n);
void sort_int64s(int64_t *v, size_t n);
/* By bytes. */
void sort_texts(char **v, size_t n);

#endif
