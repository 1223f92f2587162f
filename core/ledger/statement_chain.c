/*
 * statement_chain.c: in which order the rows of a wallet changed it (B1).
 *
 * A row is an edge from the balance before it to the balance after it, and an order in which each
 * balance follows from the one before is a path that takes every edge once. Times alone do not give
 * it: several rows share a second, and a venue books some a little late. So the path is looked for
 * among the rows of one time, and only where there is none among twice as many, and so on.
 *
 * Where a path begins and how many balances it passes decide where it ends, so no choice made in
 * one window can spoil the next.
 */
#include "statement_rows.h"

#include <base/decimal.h>

#include <stdlib.h>
#include <string.h>

typedef const statement_row *edge;

typedef struct chain {
    edge *rows; /* by time; what is done is in its order */
    size_t count;
    edge *sorted, *stack, *path; /* of one window */
    size_t *next;                /* of the rows in `sorted` that share a balance before them */
} chain;

static base_int128 before(edge row)
{
    return row->balance_e20 - row->change_e20;
}

static int compare_wide(base_int128 a, base_int128 b)
{
    return (a > b) - (a < b);
}

static int compare_before(const void *a, const void *b)
{
    edge x = *(const edge *)a, y = *(const edge *)b;
    int order = compare_wide(before(x), before(y));

    if (order == 0)
        order = compare_wide(x->time_ns, y->time_ns);
    return order != 0 ? order : compare_wide((base_int128)x->line, (base_int128)y->line);
}

/* The first of `count` sorted rows that begins at `balance`; `count` if none does. */
static size_t find_before(const edge *sorted, size_t count, base_int128 balance)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (before(sorted[middle]) < balance)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && before(sorted[low]) == balance ? low : count;
}

/* Hierholzer's algorithm: walks until it is stuck, and splices in what was passed by. True if the
 * rows [first, first + count) are now in an order that begins at `balance`. */
static bool order_window(chain *self, size_t first, size_t count, base_int128 balance)
{
    size_t depth = 0, left = count;

    if (count == 1)
        return before(self->rows[first]) == balance;
    memcpy(self->sorted, self->rows + first, count * sizeof *self->sorted);
    qsort(self->sorted, count, sizeof *self->sorted, compare_before);
    for (size_t i = 0; i < count; i++)
        self->next[i] = i;
    for (base_int128 at = balance;;) {
        size_t group = find_before(self->sorted, count, at);
        if (group < count && self->next[group] < count &&
            before(self->sorted[self->next[group]]) == at) {
            self->stack[depth] = self->sorted[self->next[group]++];
            at = self->stack[depth++]->balance_e20;
        } else if (depth > 0) {
            self->path[--left] = self->stack[--depth];
            at = before(self->path[left]);
        } else {
            break;
        }
    }
    for (size_t i = left; i < count; i++) {
        if (before(self->path[i]) != (i == left ? balance : self->path[i - 1]->balance_e20))
            return false;
    }
    if (left > 0)
        return false;
    memcpy(self->rows + first, self->path, count * sizeof *self->rows);
    return true;
}

/* The end of the rows that share the time of the one before `end`. */
static size_t same_time(const chain *self, size_t end)
{
    while (end < self->count && self->rows[end]->time_ns == self->rows[end - 1]->time_ns)
        end++;
    return end;
}

/* Returns how many rows could be put in order from `balance` on, which becomes the last one. */
static size_t order_from(chain *self, base_int128 *balance, bool trust_times)
{
    size_t done = 0;

    while (done < self->count) {
        size_t end = same_time(self, done + 1);
        while (!order_window(self, done, end - done, *balance)) {
            if (trust_times || end == self->count)
                return done;
            end += end - done;
            end = end < self->count ? same_time(self, end) : self->count;
        }
        done = end;
        *balance = self->rows[done - 1]->balance_e20;
    }
    return done;
}

static hean_status broken(const chain *self, size_t done, base_int128 balance, hean_error *error)
{
    edge row = self->rows[done];
    char has[64], expected[64];

    decimal_format_scaled(before(row), STATEMENT_SCALE10, has, sizeof has);
    decimal_format_scaled(balance, STATEMENT_SCALE10, expected, sizeof expected);
    if (before(row) == balance)
        return base_fail(error, HEAN_E_CORRUPT,
                         "line %zu: the wallet of %s in %s had %s before this row, but the rows of "
                         "that time do not follow from each other: a row is missing or wrong",
                         row->line, row->uid, row->currency, has);
    if (done == 0)
        return base_fail(error, HEAN_E_CORRUPT,
                         "line %zu: the wallet of %s in %s had %s before this row, but its first "
                         "rows begin with %s: a row is missing or wrong",
                         row->line, row->uid, row->currency, has, expected);
    return base_fail(error, HEAN_E_CORRUPT,
                     "line %zu: the wallet of %s in %s had %s before this row, but the row before "
                     "it, line %zu, left %s: a row is missing or wrong",
                     row->line, row->uid, row->currency, has, self->rows[done - 1]->line, expected);
}

#define ADVANCE_MAX 16384

/* Goes as far as it can among the rows of one time, if they are not too many, so that the row to
 * blame comes next. */
static size_t advance(chain *self, size_t done, base_int128 *balance)
{
    size_t end = same_time(self, done + 1);

    for (size_t i = done; i < end && end - done <= ADVANCE_MAX; i++) {
        if (before(self->rows[i]) == *balance) {
            edge row = self->rows[i];
            memmove(&self->rows[done + 1], &self->rows[done], (i - done) * sizeof row);
            self->rows[done] = row;
            *balance = row->balance_e20;
            i = done++;
        }
    }
    return done < end ? done : end - 1;
}

static int compare_balances(const void *a, const void *b)
{
    return compare_wide(*(const base_int128 *)a, *(const base_int128 *)b);
}

/* The one balance that is left once more often than it is reached: a path begins there. False if
 * all are even, or if there is more than one, which no path can mend. */
static bool find_start(const chain *self, base_int128 *befores, base_int128 *afters,
                       base_int128 *start)
{
    size_t found = 0, a = 0;

    for (size_t i = 0; i < self->count; i++) {
        befores[i] = before(self->rows[i]);
        afters[i] = self->rows[i]->balance_e20;
    }
    qsort(befores, self->count, sizeof *befores, compare_balances);
    qsort(afters, self->count, sizeof *afters, compare_balances);
    for (size_t i = 0; i < self->count; i++) {
        while (a < self->count && afters[a] < befores[i])
            a++;
        if (a < self->count && afters[a] == befores[i]) {
            a++;
        } else {
            *start = befores[i];
            found++;
        }
    }
    return found == 1;
}

#define STARTS_MAX 32

/* Where it may begin: at `start`, or else, in a circle, before any row of the first time. The one
 * that needs no row to be late is right; what begins elsewhere would need many. */
static hean_status order_rows(chain *self, const edge *by_time, bool known, base_int128 start,
                              hean_error *error)
{
    size_t starts = known ? 1 : same_time(self, 1);
    base_int128 balance;
    size_t done;

    if (starts > STARTS_MAX)
        starts = STARTS_MAX;
    for (size_t i = 0; i < starts; i++) {
        balance = known ? start : before(by_time[i]);
        memcpy(self->rows, by_time, self->count * sizeof *self->rows);
        if (order_from(self, &balance, true) == self->count)
            return HEAN_OK;
    }
    balance = known ? start : before(by_time[0]);
    memcpy(self->rows, by_time, self->count * sizeof *self->rows);
    done = order_from(self, &balance, false);
    if (done == self->count)
        return HEAN_OK;
    done = advance(self, done, &balance);
    return broken(self, done, balance, error);
}

hean_status statement_order(const hean_allocator *allocator, statement_row *rows, size_t count,
                            hean_error *error)
{
    edge *edges = base_alloc_array(allocator, count, 5 * sizeof *edges);
    base_int128 *balances = base_alloc_array(allocator, count, 2 * sizeof *balances);
    statement_row *ordered = base_alloc_array(allocator, count, sizeof *ordered);
    chain self = {.count = count};
    hean_status status = HEAN_E_NO_MEMORY;
    base_int128 start = 0;
    bool known;

    self.next = base_alloc_array(allocator, count, sizeof *self.next);
    if (edges == NULL || balances == NULL || ordered == NULL || self.next == NULL) {
        (void)base_fail(error, status, "no memory to order %zu rows", count);
        goto cleanup;
    }
    self.rows = edges + count;
    self.sorted = edges + 2 * count;
    self.stack = edges + 3 * count;
    self.path = edges + 4 * count;
    for (size_t i = 0; i < count; i++)
        edges[i] = self.rows[i] = &rows[i];
    known = find_start(&self, balances, balances + count, &start);
    status = order_rows(&self, edges, known, start, error);
    if (status != HEAN_OK)
        goto cleanup;
    for (size_t i = 0; i < count; i++)
        ordered[i] = *self.rows[i];
    memcpy(rows, ordered, count * sizeof *rows);
cleanup:
    base_free(allocator, edges);
    base_free(allocator, balances);
    base_free(allocator, ordered);
    base_free(allocator, self.next);
    return status;
}
