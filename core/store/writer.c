/*
 * writer.c: group commit: a thread that posts what others queue.
 *
 * Batches that were queued while the disk was busy are posted together, in one turn. If such a
 * group is refused, its batches are posted one by one up to the one that is at fault, so that no
 * batch suffers from another that came later. The first failure stays: what is queued behind it is
 * never posted, for it may rest on what was lost.
 *
 * Invariants
 *   W1  a ticket counts as durable only after the turn that holds its batch was committed.
 *   W2  tickets become durable in their order.
 *   W3  `mutex` guards everything below it; the store belongs to the thread until it has ended.
 */
#include "store_private.h"

#include <pthread.h>
#include <string.h>

#define QUEUED_MAX 1000000 /* postings: some 300 MB */
#define GROUP_MAX  100000  /* in one turn, so that other writers get theirs */

typedef struct node {
    struct node *next;
    uint64_t ticket;
    store_holding holding; /* scope NULL: none */
    size_t count;
    ledger_posting postings[]; /* their texts follow */
} node;

struct store_writer {
    const hean_allocator *allocator;
    store *store;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    node *first, *last; /* the queue */
    size_t queued;
    uint64_t submitted, durable;
    bool closing;
    hean_error failure; /* status HEAN_OK: none */
};

/* ---- copying a batch ---- */

static size_t text_bytes(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static const char *copy_text(char **at, const char *text)
{
    size_t bytes = text_bytes(text);
    char *copy = *at;

    if (text == NULL)
        return NULL;
    memcpy(copy, text, bytes);
    *at += bytes;
    return copy;
}

static size_t posting_bytes(const ledger_posting *posting)
{
    const ledger_account *account = &posting->account;
    return sizeof *posting + text_bytes(posting->id) + text_bytes(posting->basis) +
           text_bytes(account->run) + text_bytes(account->process) + text_bytes(account->strategy) +
           text_bytes(account->symbol) + text_bytes(account->currency);
}

static void copy_posting(ledger_posting *to, const ledger_posting *from, char **at)
{
    *to = *from;
    to->id = copy_text(at, from->id);
    to->basis = copy_text(at, from->basis);
    to->account.run = copy_text(at, from->account.run);
    to->account.process = copy_text(at, from->account.process);
    to->account.strategy = copy_text(at, from->account.strategy);
    to->account.symbol = copy_text(at, from->account.symbol);
    to->account.currency = copy_text(at, from->account.currency);
}

static size_t holding_bytes(const store_holding *holding)
{
    return text_bytes(holding->scope) + text_bytes(holding->strategy) +
           text_bytes(holding->symbol) + text_bytes(holding->lot);
}

static void copy_holding(store_holding *to, const store_holding *from, char **at)
{
    *to = *from;
    to->scope = copy_text(at, from->scope);
    to->strategy = copy_text(at, from->strategy);
    to->symbol = copy_text(at, from->symbol);
    to->lot = copy_text(at, from->lot);
}

static node *make_node(const hean_allocator *allocator, const ledger_posting *postings,
                       size_t count, const store_holding *holding)
{
    size_t bytes = sizeof(node) + (holding != NULL ? holding_bytes(holding) : 0);
    node *made;
    char *at;

    for (size_t i = 0; i < count; i++)
        bytes += posting_bytes(&postings[i]);
    made = base_resize(allocator, NULL, bytes);
    if (made == NULL)
        return NULL;
    *made = (node){.count = count};
    at = (char *)&made->postings[count];
    for (size_t i = 0; i < count; i++)
        copy_posting(&made->postings[i], &postings[i], &at);
    if (holding != NULL)
        copy_holding(&made->holding, holding, &at);
    return made;
}

/* ---- the thread ---- */

/* Cuts a group off the queue; NULL at the end. Called with the mutex held. */
static node *take_group(store_writer *self, size_t *count)
{
    node *group = self->first, *end = group;

    *count = group != NULL ? group->count : 0;
    while (end != NULL && end->next != NULL && *count + end->next->count <= GROUP_MAX) {
        end = end->next;
        *count += end->count;
    }
    if (end != NULL) {
        self->first = end->next;
        end->next = NULL;
        if (self->first == NULL)
            self->last = NULL;
    }
    return group;
}

/* Batches that are posted in one turn. */
typedef struct turn {
    const ledger_posting *postings;
    size_t count;
    const node *first, *end; /* with these holdings */
} turn;

static hean_status post_turn(store *store_of, void *context, hean_error *error)
{
    const turn *self = context;
    hean_status status = store_post(store_of, self->postings, self->count, NULL, error);

    for (const node *at = self->first; status == HEAN_OK && at != self->end; at = at->next) {
        if (at->holding.scope != NULL)
            status = store_set_holding(store_of, &at->holding, error);
    }
    return status;
}

static hean_status post_node(store_writer *self, const node *one, hean_error *error)
{
    turn alone = {one->postings, one->count, one, one->next};
    return store_transaction(self->store, post_turn, &alone, error);
}

/* The batches of a group, in one turn. */
static hean_status post_group(store_writer *self, const node *group, size_t count,
                              hean_error *error)
{
    ledger_posting *postings = base_alloc_array(self->allocator, count, sizeof *postings);
    turn all = {postings, count, group, NULL};
    hean_status status;
    size_t at = 0;

    if (postings == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    for (; group != NULL; group = group->next) {
        memcpy(postings + at, group->postings, group->count * sizeof *postings);
        at += group->count;
    }
    status = store_transaction(self->store, post_turn, &all, error);
    base_free(self->allocator, postings);
    return status;
}

/* The last ticket of the group that was posted; 0 if none was. */
static uint64_t write_group(store_writer *self, const node *group, size_t count, hean_error *error)
{
    uint64_t posted = 0;
    hean_status status = post_group(self, group, count, error);

    if (status == HEAN_OK) {
        for (; group != NULL; group = group->next)
            posted = group->ticket;
        return posted;
    }
    for (; group != NULL && group->next != NULL; group = group->next) {
        if (post_node(self, group, error) != HEAN_OK)
            return posted;
        posted = group->ticket;
    }
    if (posted > 0 && group != NULL && post_node(self, group, error) == HEAN_OK)
        posted = group->ticket;
    return posted;
}

static void free_nodes(const hean_allocator *allocator, node *list)
{
    while (list != NULL) {
        node *next = list->next;
        base_free(allocator, list);
        list = next;
    }
}

static void write_one_group(store_writer *self)
{
    hean_error error = {HEAN_OK, ""};
    size_t count;
    node *group = take_group(self, &count);
    uint64_t posted;

    BASE_ASSERT(pthread_mutex_unlock(&self->mutex) == 0);
    posted = write_group(self, group, count, &error);
    BASE_ASSERT(pthread_mutex_lock(&self->mutex) == 0);
    if (posted > 0)
        self->durable = posted;
    for (const node *at = group; at != NULL; at = at->next) {
        if (at->ticket > posted && self->failure.status == HEAN_OK)
            self->failure = error;
    }
    self->queued -= count;
    free_nodes(self->allocator, group);
    BASE_ASSERT(pthread_cond_broadcast(&self->done) == 0);
}

static void *write_until_closed(void *context)
{
    store_writer *self = context;

    BASE_ASSERT(pthread_mutex_lock(&self->mutex) == 0);
    for (;;) {
        while (self->first == NULL && !self->closing)
            BASE_ASSERT(pthread_cond_wait(&self->work, &self->mutex) == 0);
        if (self->first == NULL || self->failure.status != HEAN_OK)
            break;
        write_one_group(self);
    }
    BASE_ASSERT(pthread_mutex_unlock(&self->mutex) == 0);
    return NULL;
}

/* ---- the door ---- */

hean_status store_writer_open(const hean_allocator *allocator, store *owned, store_writer **out,
                              hean_error *error)
{
    const hean_allocator *memory = allocator != NULL ? allocator : base_allocator_default();
    store_writer *self = base_alloc(memory, sizeof *self);

    if (self == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    self->allocator = memory;
    self->store = owned;
    BASE_ASSERT(pthread_mutex_init(&self->mutex, NULL) == 0);
    BASE_ASSERT(pthread_cond_init(&self->work, NULL) == 0);
    BASE_ASSERT(pthread_cond_init(&self->done, NULL) == 0);
    if (pthread_create(&self->thread, NULL, write_until_closed, self) != 0) {
        base_free(memory, self);
        return base_fail(error, HEAN_E_NO_MEMORY, "no thread can be started");
    }
    *out = self;
    return HEAN_OK;
}

/* Called with the mutex held. */
static hean_status failure_of(const store_writer *self, hean_error *error)
{
    if (self->failure.status != HEAN_OK && error != NULL)
        *error = self->failure;
    return self->failure.status;
}

static hean_status enqueue(store_writer *self, node *added, uint64_t *ticket, hean_error *error)
{
    hean_status status = failure_of(self, error);

    if (status != HEAN_OK)
        return status;
    if (self->queued > 0 && added->count > QUEUED_MAX - self->queued)
        return base_fail(error, HEAN_E_LIMIT, "%zu postings wait for the disk already",
                         self->queued);
    added->ticket = ++self->submitted;
    self->queued += added->count;
    if (self->last != NULL)
        self->last->next = added;
    else
        self->first = added;
    self->last = added;
    *ticket = added->ticket;
    BASE_ASSERT(pthread_cond_signal(&self->work) == 0);
    return HEAN_OK;
}

hean_status store_writer_submit(store_writer *self, const ledger_posting *postings, size_t count,
                                uint64_t *ticket, hean_error *error)
{
    return store_writer_submit_holding(self, postings, count, NULL, ticket, error);
}

hean_status store_writer_submit_holding(store_writer *self, const ledger_posting *postings,
                                        size_t count, const store_holding *holding,
                                        uint64_t *ticket, hean_error *error)
{
    hean_status status = HEAN_OK;
    node *added;

    for (size_t i = 0; i < count && status == HEAN_OK; i++)
        status = ledger_check(&postings[i], error);
    if (status != HEAN_OK)
        return status;
    added = make_node(self->allocator, postings, count, holding);
    if (added == NULL)
        return base_fail(error, HEAN_E_NO_MEMORY, "out of memory");
    BASE_ASSERT(pthread_mutex_lock(&self->mutex) == 0);
    status = enqueue(self, added, ticket, error);
    BASE_ASSERT(pthread_mutex_unlock(&self->mutex) == 0);
    if (status != HEAN_OK)
        base_free(self->allocator, added);
    return status;
}

hean_status store_writer_durable(store_writer *self, uint64_t *ticket, hean_error *error)
{
    hean_status status;

    BASE_ASSERT(pthread_mutex_lock(&self->mutex) == 0);
    *ticket = self->durable;
    status = failure_of(self, error);
    BASE_ASSERT(pthread_mutex_unlock(&self->mutex) == 0);
    return status;
}

hean_status store_writer_wait(store_writer *self, uint64_t ticket, hean_error *error)
{
    hean_status status = HEAN_OK;

    BASE_ASSERT(pthread_mutex_lock(&self->mutex) == 0);
    if (ticket > self->submitted)
        status = base_fail(error, HEAN_E_INVALID, "ticket %llu was not given out",
                           (unsigned long long)ticket);
    while (status == HEAN_OK && self->durable < ticket) {
        status = failure_of(self, error);
        if (status == HEAN_OK)
            BASE_ASSERT(pthread_cond_wait(&self->done, &self->mutex) == 0);
    }
    BASE_ASSERT(pthread_mutex_unlock(&self->mutex) == 0);
    return status;
}

hean_status store_writer_close(store_writer *self, hean_error *error)
{
    hean_status status;

    BASE_ASSERT(pthread_mutex_lock(&self->mutex) == 0);
    self->closing = true;
    BASE_ASSERT(pthread_cond_signal(&self->work) == 0);
    BASE_ASSERT(pthread_mutex_unlock(&self->mutex) == 0);
    BASE_ASSERT(pthread_join(self->thread, NULL) == 0);
    status = failure_of(self, error);
    free_nodes(self->allocator, self->first);
    BASE_ASSERT(pthread_cond_destroy(&self->done) == 0);
    BASE_ASSERT(pthread_cond_destroy(&self->work) == 0);
    BASE_ASSERT(pthread_mutex_destroy(&self->mutex) == 0);
    store_close(self->store);
    base_free(self->allocator, self);
    return status;
}
