/* get DIR KEY...: prints each value, or "missing"; secrets are not shown. With no key it tells of each new generation.
 * Build: cc -O2 -std=gnu11 -o get get.c */
#include "configedge.h"

static void show(ce_reader *cfg, const char *key) {
  ce_value v;
  if (!ce_get(cfg, key, &v)) puts("missing");
  else if (v.flags & CE_SECRET) puts("(secret)");
  else if (v.type == CE_NULL) puts("null");
  else if (v.type == CE_BOOL) puts(v.i ? "true" : "false");
  else if (v.type == CE_I64) printf("%lld\n", (long long)v.i);
  else if (v.type == CE_F64) printf("%.17g\n", v.d);
  else printf("%.*s\n", (int)v.len, v.text);
}

int main(int argc, char **argv) {
  if (argc < 2) return fputs("usage: get DIR KEY...\n", stderr), 2;
  ce_reader *cfg = ce_open(argv[1]);
  if (!cfg) return fprintf(stderr, "get: %s: %s\n", argv[1], strerror(errno)), 1;
  ce_pin(cfg); /* All values are of one generation. */
  for (int i = 2; i < argc; i++) show(cfg, argv[i]);
  ce_unpin(cfg);
  while (argc == 2) {
    if (ce_wait(cfg, 1000)) printf("generation %llu\n", (unsigned long long)cfg->seen), fflush(stdout);
    else if (*ce_error(cfg)) fprintf(stderr, "get: %s\n", ce_error(cfg));
  }
  ce_close(cfg);
  return 0;
}
