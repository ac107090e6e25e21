/* bench DIR: prints what one read of a float costs, in ns: of one key again and again, and of all in a scattered order.
 * Build: cc -O2 -std=gnu11 -o bench bench.c */
#include "configedge.h"

enum { READS = 1 << 20 };

static double ns(ce_reader *cfg, char *const *keys, size_t count) {
  double sum = 0;
  uint64_t begun = ce__now();
  for (size_t i = 0, at = 0; i < READS; i++, at = at + 1 == count ? 0 : at + 1) {
    const char *key = keys[at];
    __asm__ volatile("" : "+r"(key)); /* The compiler knows neither the key nor its length. */
    sum += ce_f64(cfg, key, 0.0);
  }
  __asm__ volatile("" : : "x"(sum));
  return (double)(ce__now() - begun) / READS;
}

static size_t gcd(size_t a, size_t b) { return b ? gcd(b, a % b) : a; }

int main(int argc, char **argv) {
  ce_reader *cfg = argc > 1 ? ce_open(argv[1]) : NULL;
  if (!cfg) return fputs("usage: bench DIR\n", stderr), 2;
  const ce_header *h = (const ce_header *)cfg->map;
  char **sorted = calloc(h->entries + 1, sizeof *sorted), **keys = calloc(h->entries + 1, sizeof *keys);
  size_t count = 0, stride;
  for (uint32_t i = 0; i < h->entries; i++) {
    const ce_slot *s = (const ce_slot *)(cfg->map + 128) + ce__r4(cfg->map + h->index_at + 4 * i);
    if (s->type == CE_F64) sorted[count++] = strndup((const char *)cfg->map + s->key_at, s->key_len);
  }
  if (!count) return fputs("bench: no floats there\n", stderr), 2;
  /* A stride that is prime to the number of keys visits them all, far apart. */
  for (stride = count / 2 + 1; gcd(stride, count) != 1; stride++) continue;
  for (size_t i = 0; i < count; i++) keys[i] = strdup(sorted[i * stride % count]);
  double hot = ns(cfg, keys, 1), scattered = ns(cfg, keys, count);
  printf("%.2f %.2f\n", hot, scattered);
  return 0;
}
