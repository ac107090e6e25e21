/* Answers the commands on its standard input about the snapshot directory that it is given: `get KEY`, `wait MILLISECONDS`,
 * `refresh`, `why`, `pin`, `unpin`, `dump` (all entries in the order of their keys, then an empty line), `reopen`.
 * With no directory: `SEED HEX`, answered by the wyhash of the bytes. */
#include "configedge.h"

static const char *names[] = {"null", "bool", "int", "float", "string", "json", "bytes", "big"};

static void hex(const void *data, size_t len) {
  for (size_t i = 0; i < len; i++) printf("%02x", ((const unsigned char *)data)[i]);
}

static void show(const ce_value *v, bool text_in_hex) {
  printf("%s ", names[v->type]);
  if (v->type == CE_NULL) fputs("null", stdout);
  if (v->type == CE_BOOL) fputs(v->i ? "true" : "false", stdout);
  if (v->type == CE_I64) printf("%lld", (long long)v->i);
  if (v->type == CE_F64) printf("0x%016llx", (unsigned long long)v->i);
  if (v->type >= CE_STR && (text_in_hex || v->type == CE_BYTES)) hex(v->text, v->len);
  else if (v->type >= CE_STR) fwrite(v->text, 1, v->len, stdout);
}

static void dump(ce_reader *cfg) {
  const ce_header *h = (const ce_header *)cfg->map;
  for (uint32_t i = 0; i < h->entries; i++) {
    const ce_slot *s = (const ce_slot *)(cfg->map + 128) + ce__r4(cfg->map + h->index_at + 4 * i);
    char key[257] = {0};
    ce_value v;
    memcpy(key, cfg->map + s->key_at, s->key_len);
    if (!ce_get(cfg, key, &v)) continue;
    hex(key, s->key_len), putchar(' ');
    show(&v, true);
    printf(" %llu %s\n", (unsigned long long)v.changed, v.flags & CE_SECRET ? "secret" : "open");
  }
  putchar('\n');
}

static void answer(ce_reader *cfg, const char *command, const char *argument) {
  ce_value v;
  if (!cfg) puts("closed");
  else if (!strcmp(command, "get")) {
    if (ce_get(cfg, argument, &v)) show(&v, false);
    else fputs("missing", stdout);
    putchar('\n');
  }
  else if (!strcmp(command, "wait")) puts(ce_wait(cfg, atoi(argument)) ? "true" : "false");
  else if (!strcmp(command, "refresh")) puts(ce_refresh(cfg) ? "true" : "false");
  else if (!strcmp(command, "why")) puts(*ce_error(cfg) ? ce_error(cfg) : "nothing");
  else if (!strcmp(command, "pin")) ce_pin(cfg), puts("pinned");
  else if (!strcmp(command, "unpin")) ce_unpin(cfg), puts("unpinned");
  else if (!strcmp(command, "dump")) dump(cfg);
}

static void answer_hash(const char *seed, const char *digits) {
  size_t len = strlen(digits) / 2;
  unsigned char *data = malloc(len + 1); /* As long as the data, so that a sanitizer sees each byte beyond. */
  data = realloc(data, len ? len : 1);
  for (size_t i = 0; i < len; i++) sscanf(digits + 2 * i, "%2hhx", &data[i]);
  printf("0x%016llx\n", (unsigned long long)ce_hash(data, len, ce_start(strtoull(seed, NULL, 0))));
  free(data);
}

int main(int argc, char **argv) {
  static char line[4096];
  ce_reader *cfg = argc > 1 ? ce_open(argv[1]) : NULL;
  if (argc > 1 && !cfg) return fprintf(stderr, "%s: %s\n", argv[1], strerror(errno)), 1;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *argument = strchr(line, ' ');
    if (argument) *argument++ = 0;
    if (!strcmp(line, "reopen")) ce_close(cfg), cfg = ce_open(argv[1]), puts(cfg ? "opened" : strerror(errno));
    else if (argc > 1) answer(cfg, line, argument ? argument : "");
    else answer_hash(line, argument ? argument : "");
    fflush(stdout);
  }
  ce_close(cfg);
  return 0;
}
