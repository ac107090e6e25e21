/* get DIR KEY...: prints each value as TYPE and text, or "missing". With no key it prints keys from standard input, a line each,
 * reading anew each time. Build: cc -O2 -std=gnu11 -o get get.c */
#include "configedge.h"

static void show(ce_reader *cfg, const char *key) {
  static const char *names[] = {"null", "bool", "int", "float", "str", "json", "bytes", "big"};
  ce_value v;
  if (!ce_get(cfg, key, &v)) {
    puts("missing");
    return;
  }
  printf("%s ", names[v.type]);
  if (v.type == CE_BOOL) fputs(v.i ? "true" : "false", stdout);
  if (v.type == CE_I64) printf("%lld", (long long)v.i);
  if (v.type == CE_F64) printf("%.17g", v.d);
  if (v.type >= CE_STR) fwrite(v.text, 1, v.len, stdout);
  putchar('\n');
}

int main(int argc, char **argv) {
  char line[512];
  ce_reader *cfg = argc > 1 ? ce_open(argv[1]) : NULL;
  if (!cfg) {
    fprintf(stderr, "get: %s: %s\n", argc > 1 ? argv[1] : "usage: get DIR KEY...", argc > 1 ? strerror(errno) : "name a directory");
    return 2;
  }
  for (int i = 2; i < argc; i++) show(cfg, argv[i]);
  while (argc == 2 && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    show(cfg, line);
    fflush(stdout);
  }
  ce_close(cfg);
  return 0;
}
