/* Pointer chasing: a linked ring larger than the first cache and lookups in a binary tree. */
#include "bench.h"

#define NODES 16384

struct node {
    struct node *next, *left, *right;
    uint32_t key;
};

static struct node pool[NODES];

static struct node *make_ring(void)
{
    static uint32_t order[NODES];
    uint32_t seed = 11;
    for (uint32_t i = 0; i < NODES; i++)
        order[i] = i;
    for (uint32_t i = NODES - 1; i > 0; i--) {
        uint32_t k = bench_random(&seed) % (i + 1), t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
    for (uint32_t i = 0; i < NODES; i++)
        pool[order[i]].next = &pool[order[(i + 1) % NODES]];
    return pool;
}

static struct node *make_tree(void)
{
    uint32_t seed = 77;
    struct node *root = NULL;
    for (uint32_t i = 0; i < NODES; i++) {
        struct node **link = &root;
        pool[i].key = bench_random(&seed);
        while (*link)
            link = pool[i].key < (*link)->key ? &(*link)->left : &(*link)->right;
        *link = &pool[i];
    }
    return root;
}

int main(int argc, char **argv)
{
    long rounds = bench_work(argc, argv, 120);
    struct node *at = make_ring(), *root = make_tree();
    uint32_t seed = 5;
    uint64_t sum = 0;
    for (long r = 0; r < rounds; r++) {
        for (int i = 0; i < 4 * NODES; i++) {
            sum += at->key;
            at = at->next;
        }
        for (int i = 0; i < NODES; i++) {
            uint32_t key = bench_random(&seed);
            for (const struct node *n = root; n; n = key < n->key ? n->left : n->right)
                sum = sum * 3 + n->key;
        }
    }
    printf("chase %016llx\n", (unsigned long long)sum);
    return 0;
}
