/* Reads ConfigEdge snapshots (docs/format.md, version 1): one header, C11 as GCC and Clang have it, Linux, no dependencies.
 *
 *   ce_reader *cfg = ce_open("/run/configedge");
 *   double limit = ce_f64(cfg, "matchmaking.max_ping_ms", 80.0);
 *
 * A ce_reader belongs to one thread at a time. No read blocks or fails because of the writer: while the newest snapshot
 * cannot be taken, the one before is read, and ce_error() says why. Texts point into the map: they are valid until
 * ce_refresh(), ce_wait() or a read finds something newer; call ce_pin() first to keep them longer. */
#ifndef CONFIGEDGE_H
#define CONFIGEDGE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_PATH, SEEK_HOLE; include this header first, or define it yourself */
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { CE_NULL, CE_BOOL, CE_I64, CE_F64, CE_STR, CE_JSON, CE_BYTES, CE_BIG }; /* types */
enum { CE_ASCII = 1, CE_SECRET = 2 };                                         /* flags */

typedef struct {
  char magic[8];
  uint16_t major, minor; uint32_t mark;
  uint64_t instance, generation, length, checksum, seed;
  uint32_t slots, entries, longest, flags, slots_at, index_at, strings_at;
  uint8_t commit_len, reserved[3]; uint64_t created_ns; uint8_t commit[32];
} ce_header;

typedef struct {
  uint64_t hash;
  uint32_t key_at; uint16_t key_len; uint8_t type, flags;
  uint64_t payload, changed;
} ce_slot;

typedef struct {
  int type, flags;
  union { int64_t i; double d; }; /* a bool or an integer; a float */
  const char *text;               /* the other types: `len` bytes, after which no NUL need come */
  uint64_t len, changed;
} ce_value;

typedef struct {
  char *path, error[200];
  uint8_t *page, *map;
  uint64_t seen, seed, switches, retry_at, pause;
  ino_t page_ino;
  int dir, pinned;
} ce_reader;

static inline uint64_t ce__r8(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static inline uint64_t ce__r4(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint64_t ce__fold(unsigned __int128 r) { return (uint64_t)r ^ (uint64_t)(r >> 64); }
static inline uint64_t ce__mix(uint64_t a, uint64_t b) { return ce__fold((unsigned __int128)a * b); }
static inline uint64_t ce__in(const uint8_t *p, uint64_t s, uint64_t x) { return ce__mix(ce__r8(p) ^ s, ce__r8(p + 8) ^ x); }

static const uint64_t ce__s[4] = {0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3};
/* wyhash, final version 4, from ce_start() on: that is what depends on the seed alone. */
static inline uint64_t ce_start(uint64_t seed) { return seed ^ ce__mix(seed ^ ce__s[0], ce__s[1]); }
static inline uint64_t ce_hash(const void *data, size_t n, uint64_t seed) {
  const uint8_t *p = data;
  uint64_t a = 0, b = 0, x = seed, y = seed;
  size_t left = n, step = n / 8 * 4;
  for (; left > 48; left -= 48, p += 48)
    seed = ce__in(p, ce__s[1], seed), x = ce__in(p + 16, ce__s[2], x), y = ce__in(p + 32, ce__s[3], y);
  for (seed ^= x ^ y; left > 16; left -= 16, p += 16) seed = ce__in(p, ce__s[1], seed);
  if (n > 16) a = ce__r8(p + left - 16), b = ce__r8(p + left - 8);
  else if (n >= 4) a = ce__r4(p) << 32 | ce__r4(p + step), b = ce__r4(p + n - 4) << 32 | ce__r4(p + n - 4 - step);
  else if (n) a = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
  unsigned __int128 r = (unsigned __int128)(a ^ ce__s[1]) * (b ^ seed);
  return ce__mix((uint64_t)r ^ ce__s[0] ^ n, (uint64_t)(r >> 64) ^ ce__s[1]);
}

/* Whether this is UTF-8, or ASCII alone. */
static inline bool ce__is_text(const uint8_t *p, uint64_t n, bool ascii) {
  for (uint64_t i = 0, more; i < n; i += more + 1) {
    while (n - i > 8 && !(ce__r8(p + i) & 0x8080808080808080)) i += 8;
    unsigned c = p[i], low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80, high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (c >= 0x80 && (ascii || c < 0xc2 || c > 0xf4 || more >= n - i || p[i + 1] < low || p[i + 1] > high ||
                      (more > 1 && p[i + 2] >> 6 != 2) || (more > 2 && p[i + 3] >> 6 != 2)))
      return false;
  }
  return true;
}

/* All that reads rely on is checked here, once: no slot, key or text lies outside. NULL if it is sound, else why not. */
static inline const char *ce_verify(const uint8_t *m, uint64_t len, uint64_t generation, uint64_t instance) {
  const ce_header *h = (const ce_header *)m;
  const ce_slot *slots = (const ce_slot *)(m + 128);
  ce_header blank = *h;
  uint32_t found = blank.checksum = 0;
  if (h->length != len) return "truncated or padded";
  if (ce_hash(m + 128, len - 128, ce_start(ce_hash(&blank, 128, ce_start(0)))) != h->checksum) return "wrong checksum";
  if (h->generation != generation || h->instance != instance) return "of another generation or instance";
  if (h->slots < 2 || h->slots & (h->slots - 1) || h->entries > h->slots / 2 || h->longest > h->slots ||
      h->slots_at != 128 || h->index_at != 128 + 32 * (uint64_t)h->slots || h->strings_at > len ||
      h->strings_at != h->index_at + 4 * (uint64_t)h->entries ||
      (h->commit_len != 0 && h->commit_len != 20 && h->commit_len != 32))
    return "its header contradicts itself";
  for (const ce_slot *s = slots; s < slots + h->slots; s++) {
    uint64_t key = s->key_at, at = (uint32_t)s->payload, n = s->payload >> 32, text = s->type >= CE_STR;
    if (!s->hash) continue;
    if (found++, key < h->strings_at || key + s->key_len > len || (text && (at < h->strings_at || at + n > len)))
      return "an entry outside the strings";
    if (s->key_len < 1 || s->key_len > 256 || !ce__is_text(m + key, s->key_len, false) || s->type > CE_BIG ||
        (s->type == CE_BOOL && s->payload > 1) || s->changed > generation)
      return "a malformed entry";
    if (text && s->type != CE_BYTES && !ce__is_text(m + at, n, s->flags & CE_ASCII)) return "malformed text";
  }
  for (const uint8_t *at = m + h->index_at; at < m + h->strings_at; at += 4)
    if (ce__r4(at) >= h->slots || !slots[ce__r4(at)].hash) return "its index names no entry";
  return found == h->entries ? NULL : "its entries are not as many as it says";
}

static inline uint64_t ce__announced(const uint8_t *page) {
  return __atomic_load_n((const uint64_t *)(page + 64), __ATOMIC_ACQUIRE);
}
static inline uint64_t ce__now(void) {
  struct timespec t;
  return clock_gettime(CLOCK_MONOTONIC, &t), (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
static inline void *ce__fail(ce_reader *c, int code, const char *name, const char *why) {
  snprintf(c->error, sizeof c->error, "%s/%s: %s", c->path, name, why ? why : strerror(code));
  return errno = code, NULL;
}

/* Maps a file of `dir` that only the owner of that can have written and of which no page is missing. */
static inline void *ce__map(ce_reader *c, int dir, const char *name, const char *magic, off_t min, off_t max, struct stat *st) {
  struct stat owner;
  uint8_t *map = MAP_FAILED;
  const char *why = NULL;
  int code = EINVAL, fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 || fstat(fd, st) || fstat(dir, &owner)) code = errno;
  else if (!S_ISREG(st->st_mode) || st->st_uid != owner.st_uid || st->st_mode & 022) code = EPERM, why = "not the owner's alone";
  else if (st->st_size < min || st->st_size > max || lseek(fd, 0, SEEK_HOLE) != st->st_size) why = "sparse, or of wrong size";
  else if ((map = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0)) == MAP_FAILED) code = errno;
  else if (memcmp(map, magic, 8) || memcmp(map + 8, "\1", 2) || ce__r4(map + 12) != 0x01020304) why = "not of this version";
  else code = 0;
  if (fd >= 0) close(fd);
  if (code && map != MAP_FAILED) munmap(map, (size_t)st->st_size);
  return code ? ce__fail(c, code, name, why) : map;
}

/* Takes what is announced, from another directory at the path if that of the page was given up or deleted. */
static inline bool ce__take(ce_reader *c) {
  struct stat st = {0}, file;
  char name[32];
  uint8_t *page = c->page, *map = NULL;
  int dir = c->dir;
  if (!page || ce__announced(page) == UINT64_MAX || fstatat(dir, "current", &st, 0) || st.st_ino != c->page_ino) {
    page = NULL;
    if ((dir = open(c->path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 || fstat(dir, &st)) ce__fail(c, errno, ".", NULL);
    else if (st.st_mode & 022) ce__fail(c, EPERM, ".", "others could publish there: chmod go-w it");
    else page = ce__map(c, dir, "current", "CEDGECTL", 4096, 4096, &st);
  }
  uint64_t generation = 0, floor = dir == c->dir ? c->seen : 0;
  for (int race = 0; page && race < 8 && !map && (!race || generation != ce__announced(page)); race++) {
    if ((generation = ce__announced(page)) == floor && floor) return c->error[0] = 0, true;
    snprintf(name, sizeof name, "g-%016llx", (unsigned long long)generation);
    if (generation <= floor || generation == UINT64_MAX) ce__fail(c, ENODATA, name, "nothing newer is published");
    else map = ce__map(c, dir, name, "CEDGESNP", 128, 16 << 20, &file);
  }
  const char *why = map ? ce_verify(map, (uint64_t)file.st_size, generation, ce__r8(page + 16)) : NULL;
  if (why) munmap(map, (size_t)file.st_size), map = ce__fail(c, EINVAL, name, why);
  if (dir != c->dir) { /* One of the two is of no use any more. */
    if (map ? c->page : page) munmap(map ? c->page : page, 4096);
    if ((map ? c->dir : dir) >= 0) close(map ? c->dir : dir);
  }
  if (!map) return false;
  if (c->map) munmap(c->map, ((ce_header *)c->map)->length);
  c->dir = dir, c->page = page, c->page_ino = st.st_ino, c->map = map, c->seen = generation, c->error[0] = 0, c->switches++;
  return c->seed = ce_start(((ce_header *)map)->seed), true;
}

/* Takes the newest snapshot unless one is pinned; gives whether that is the one held. What failed is tried again after a
 * pause. This and ce_wait(), but no read, find a directory that was made anew after its writer was killed. */
static inline bool ce_refresh(ce_reader *c) {
  uint64_t now = ce__now();
  if (c->pinned || now < c->retry_at) return ce__announced(c->page) == c->seen;
  if (ce__take(c)) return c->pause = 0, true;
  c->pause = !c->pause ? 10000000 : c->pause < 500000000 ? c->pause * 2 : 1000000000;
  return c->retry_at = now + c->pause, false;
}

/* Sleeps until another snapshot is held or the time is over; gives whether there is another one. */
static inline bool ce_wait(ce_reader *c, int timeout_ms) {
  uint64_t switches = c->switches, now, end = ce__now() + (uint64_t)timeout_ms * 1000000;
  for (;;) {
    uint64_t announced = ce__announced(c->page), pause = announced == c->seen ? 999999999 : 10000000;
    ce_refresh(c), now = ce__now();
    if (c->switches != switches || now >= end) return c->switches != switches;
    struct timespec t = {.tv_nsec = (long)(end - now < pause ? end - now : pause)};
    syscall(SYS_futex, c->page + 64, 0 /* FUTEX_WAIT */, (uint32_t)announced, &t, NULL, 0);
  }
}

/* ce_pin() keeps the snapshot that is held, so that several reads belong together, until ce_unpin(). */
static inline void ce_pin(ce_reader *c) { ce_refresh(c), c->pinned = true; }
static inline void ce_unpin(ce_reader *c) { c->pinned = false; }
static inline const char *ce_error(const ce_reader *c) { return c->error; }
static inline void ce_close(ce_reader *c) {
  if (c && c->map) munmap(c->map, ((ce_header *)c->map)->length), munmap(c->page, 4096), close(c->dir);
  if (c) free(c->path), free(c);
}

/* NULL with errno set if there is no directory with a snapshot that may be trusted: EPERM if others may write there. */
static inline ce_reader *ce_open(const char *path) {
  ce_reader *c = calloc(1, sizeof *c);
  if (c && (c->dir = -1, c->path = strdup(path)) && ce__take(c)) return c;
  int code = errno;
  return ce_close(c), errno = code, NULL;
}

/* Whether `key` has a value; it is put into `*v`. */
static inline bool ce_get(ce_reader *c, const char *key, ce_value *v) {
  if (ce__announced(c->page) != c->seen) ce_refresh(c);
  const ce_header *h = (const ce_header *)c->map;
  const ce_slot *s, *slots = (const ce_slot *)(c->map + 128);
  size_t n = strlen(key);
  uint64_t hash = ce_hash(key, n, c->seed);
  if (!hash) hash = 1;
  for (uint32_t i = 0; i < h->longest && (s = &slots[(hash + i) & (h->slots - 1)])->hash; i++) {
    if (s->hash != hash || s->key_len != n || memcmp(c->map + s->key_at, key, n)) continue;
    v->type = s->type, v->flags = s->flags, v->changed = s->changed, v->i = (int64_t)s->payload;
    v->text = s->type < CE_STR ? NULL : (const char *)c->map + (uint32_t)s->payload, v->len = v->text ? s->payload >> 32 : 0;
    return true;
  }
  return false;
}

/* The value of `key`, or `otherwise` if there is none of that type. An integer is taken where a float is asked for. */
static inline int64_t ce_i64(ce_reader *c, const char *key, int64_t otherwise) {
  ce_value v; return ce_get(c, key, &v) && v.type == CE_I64 ? v.i : otherwise;
}
static inline bool ce_bool(ce_reader *c, const char *key, bool otherwise) {
  ce_value v; return ce_get(c, key, &v) && v.type == CE_BOOL ? v.i != 0 : otherwise;
}
static inline double ce_f64(ce_reader *c, const char *key, double otherwise) {
  ce_value v; return !ce_get(c, key, &v) ? otherwise : v.type == CE_F64 ? v.d : v.type == CE_I64 ? (double)v.i : otherwise;
}
#endif
