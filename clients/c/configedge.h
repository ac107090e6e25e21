/* Reads ConfigEdge snapshots (docs/format.md, version 1). One header, C11, Linux, no dependencies.
 *
 *   ce_reader *cfg = ce_open("/run/configedge");
 *   double limit = ce_f64(cfg, "matchmaking.max_ping_ms", 80.0);
 *
 * A ce_reader belongs to one thread at a time. Reads never block and never fail because of the writer: while the newest snapshot
 * cannot be taken, the one before is read, and ce_error() says why. Texts point into the map: they are valid until the
 * next call of ce_refresh() or of a read that finds something newer; call ce_pin() first to keep them longer. */
#ifndef CONFIGEDGE_H
#define CONFIGEDGE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_PATH, SEEK_HOLE; include this header first, or define it yourself */
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CE_NULL, CE_BOOL, CE_I64, CE_F64, CE_STR, CE_JSON, CE_BYTES, CE_BIG };

typedef struct {
  uint64_t hash;
  uint32_t key_at;
  uint16_t key_len;
  uint8_t type, flags;
  uint64_t payload, changed;
} ce_slot;

typedef struct {
  char magic[8];
  uint16_t major, minor;
  uint32_t mark;
  uint64_t instance, generation, length, checksum, seed;
  uint32_t slots, entries, longest, flags, slots_at, index_at, strings_at;
  uint8_t commit_len, reserved[3];
  uint64_t created_ns;
  uint8_t commit[32];
} ce_header;

_Static_assert(sizeof(ce_slot) == 32 && sizeof(ce_header) == 128, "the format's sizes");
/* A value: `i` for bool and integers, `d` for floats, `text`/`len` for the rest. */
typedef struct {
  int type;
  union { int64_t i; double d; };
  const char *text;
  size_t len;
  uint64_t changed;
} ce_value;

typedef struct {
  char error[160];
  int dir;
  const unsigned char *page, *map;
  size_t map_len;
  uint64_t seen, instance;
  struct timespec retry;
  uid_t owner;
  bool pinned;
} ce_reader;

static inline uint64_t ce__fold(unsigned __int128 r) { return (uint64_t)r ^ (uint64_t)(r >> 64); }
static inline uint64_t ce__mix(uint64_t a, uint64_t b) { return ce__fold((unsigned __int128)a * b); }
static inline uint64_t ce__r8(const unsigned char *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static inline uint64_t ce__r4(const unsigned char *p) { uint32_t v; memcpy(&v, p, 4); return v; }

/* wyhash, final version 4. */
static inline uint64_t ce_hash(const void *data, size_t n, uint64_t seed) {
  static const uint64_t s[4] = {0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3};
  const unsigned char *p = data;
  uint64_t a, b;
  seed ^= ce__mix(seed ^ s[0], s[1]);
  if (n <= 16) {
    if (n >= 4) {
      size_t step = (n >> 3) << 2;
      a = ce__r4(p) << 32 | ce__r4(p + step);
      b = ce__r4(p + n - 4) << 32 | ce__r4(p + n - 4 - step);
    } else if (n) {
      a = (uint64_t)p[0] << 16 | (uint64_t)p[n >> 1] << 8 | p[n - 1], b = 0;
    } else a = b = 0;
  } else {
    size_t i = n;
    if (i > 48) {
      uint64_t x = seed, y = seed;
      for (; i > 48; i -= 48, p += 48) {
        seed = ce__mix(ce__r8(p) ^ s[1], ce__r8(p + 8) ^ seed);
        x = ce__mix(ce__r8(p + 16) ^ s[2], ce__r8(p + 24) ^ x);
        y = ce__mix(ce__r8(p + 32) ^ s[3], ce__r8(p + 40) ^ y);
      }
      seed ^= x ^ y;
    }
    for (; i > 16; i -= 16, p += 16) seed = ce__mix(ce__r8(p) ^ s[1], ce__r8(p + 8) ^ seed);
    a = ce__r8(p + i - 16), b = ce__r8(p + i - 8);
  }
  unsigned __int128 r = (unsigned __int128)(a ^ s[1]) * (b ^ seed);
  return ce__mix((uint64_t)r ^ s[0] ^ n, (uint64_t)(r >> 64) ^ s[1]);
}

static inline bool ce__fail(ce_reader *c, const char *why) {
  snprintf(c->error, sizeof c->error, "%s", why);
  return false;
}

/* Every offset is checked once, here, so that reads need no checks. NULL if the snapshot is sound, else why not. */
static inline const char *ce_verify(const unsigned char *m, size_t len) {
  ce_header h, blank;
  if (len < sizeof h) return "too short";
  memcpy(&h, m, sizeof h);
  if (memcmp(h.magic, "CEDGESNP", 8) || h.major != 1 || h.mark != 0x01020304) return "not a snapshot of this version";
  if (h.length != len) return "truncated or padded";
  blank = h, blank.checksum = 0;
  if (ce_hash(m + sizeof h, len - sizeof h, ce_hash(&blank, sizeof blank, 0)) != h.checksum) return "wrong checksum";
  if (h.slots < 2 || h.slots & (h.slots - 1) || h.entries > h.slots / 2 || h.longest > h.slots || h.slots_at != 128 ||
      h.index_at != 128 + 32 * (uint64_t)h.slots || h.strings_at != h.index_at + 4 * (uint64_t)h.entries || h.strings_at > len)
    return "its header contradicts itself";
  for (uint32_t i = 0; i < h.slots; i++) {
    ce_slot s;
    memcpy(&s, m + 128 + 32 * (size_t)i, sizeof s);
    if (!s.hash) continue;
    uint64_t at = s.payload & 0xffffffff, n = s.payload >> 32;
    if (s.key_at < h.strings_at || !s.key_len || s.key_len > 256 || s.key_at + (uint64_t)s.key_len > len || s.type > CE_BIG ||
        (s.type >= CE_STR && (at < h.strings_at || at + n > len)))
      return "an entry lies outside the file";
  }
  return NULL;
}

static inline uint64_t ce_generation(const ce_reader *c) {
  return atomic_load_explicit((const _Atomic uint64_t *)(c->page + 64), memory_order_acquire);
}

static inline bool ce__load(ce_reader *c, uint64_t generation) {
  char name[32];
  struct stat st;
  snprintf(name, sizeof name, "g-%016llx", (unsigned long long)generation);
  int fd = openat(c->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ce__fail(c, strerror(errno));
  const char *why = NULL;
  unsigned char *map = MAP_FAILED;
  if (fstat(fd, &st)) why = strerror(errno);
  else if (!S_ISREG(st.st_mode) || st.st_uid != c->owner || st.st_mode & 022) why = "not a regular file that only its owner writes";
  else if (st.st_size < 128 || st.st_size > 16 << 20) why = "impossible size";
  else if (lseek(fd, 0, SEEK_HOLE) != st.st_size) why = "sparse";
  else if ((map = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0)) == MAP_FAILED) why = strerror(errno);
  else if (!(why = ce_verify(map, st.st_size)) &&
           (((ce_header *)map)->generation != generation || ((ce_header *)map)->instance != c->instance))
    why = "of another generation or instance";
  close(fd);
  if (why) {
    if (map != MAP_FAILED) munmap(map, st.st_size);
    return ce__fail(c, why);
  }
  if (c->map) munmap((void *)c->map, c->map_len);
  c->map = map, c->map_len = st.st_size, c->seen = generation, c->error[0] = 0;
  return true;
}

/* Takes the newest snapshot if it is not held; gives whether the one held is now the newest. A failure waits 100 ms. */
static inline bool ce_refresh(ce_reader *c) {
  struct timespec now;
  uint64_t generation = ce_generation(c);
  if (generation == c->seen || c->pinned) return generation == c->seen;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (now.tv_sec < c->retry.tv_sec || (now.tv_sec == c->retry.tv_sec && now.tv_nsec < c->retry.tv_nsec)) return false;
  for (int race = 0; race < 8; race++, generation = ce_generation(c))
    if (generation && generation != UINT64_MAX && ce__load(c, generation)) return true;
    else if (generation == ce_generation(c)) break;
  if (!generation) ce__fail(c, "nothing is published yet");
  if (generation == UINT64_MAX) ce__fail(c, "the directory was replaced: open it again");
  c->retry = now, c->retry.tv_nsec += 100000000;
  if (c->retry.tv_nsec >= 1000000000) c->retry.tv_sec++, c->retry.tv_nsec -= 1000000000;
  return false;
}

/* Keeps the snapshot that is held, so that several reads belong together, until ce_unpin(). */
static inline void ce_pin(ce_reader *c) { ce_refresh(c), c->pinned = true; }
static inline void ce_unpin(ce_reader *c) { c->pinned = false; }
static inline const char *ce_error(const ce_reader *c) { return c->error; }
static inline void ce_close(ce_reader *c) {
  if (!c) return;
  if (c->map) munmap((void *)c->map, c->map_len);
  if (c->page) munmap((void *)c->page, 4096);
  if (c->dir >= 0) close(c->dir);
  free(c);
}

/* NULL with errno set if there is no snapshot directory with something in it that may be trusted: EPERM if others may write there. */
static inline ce_reader *ce_open(const char *path) {
  struct stat st, dir;
  unsigned char head[24];
  ce_reader *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  int fd = -1, why = 0;
  if ((c->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 || fstat(c->dir, &dir)) why = errno;
  else if ((fd = openat(c->dir, "current", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)) < 0 || fstat(fd, &st)) why = errno;
  else if ((dir.st_mode | st.st_mode) & 022 || st.st_uid != dir.st_uid || !S_ISREG(st.st_mode)) why = EPERM;
  else if (st.st_size != 4096 || pread(fd, head, sizeof head, 0) != sizeof head || memcmp(head, "CEDGECTL\1\0", 10)) why = EINVAL;
  else if ((c->page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED) c->page = NULL, why = errno;
  else {
    c->owner = dir.st_uid, memcpy(&c->instance, head + 16, 8);
    if (!ce_refresh(c)) why = ENODATA;
  }
  if (fd >= 0) close(fd);
  if (!why) return c;
  ce_close(c), errno = why;
  return NULL;
}

/* Whether `key` has a value; it is put into `*v`. */
static inline bool ce_get(ce_reader *c, const char *key, ce_value *v) {
  if (ce_generation(c) != c->seen) ce_refresh(c);
  const ce_header *h = (const ce_header *)c->map;
  const ce_slot *slots = (const ce_slot *)(c->map + 128);
  size_t n = strlen(key);
  uint64_t hash = ce_hash(key, n, h->seed);
  if (!hash) hash = 1;
  for (uint32_t i = 0; i < h->longest; i++) {
    const ce_slot *s = &slots[(hash + i) & (h->slots - 1)];
    if (!s->hash) return false;
    if (s->hash != hash || s->key_len != n || memcmp(c->map + s->key_at, key, n)) continue;
    v->type = s->type, v->changed = s->changed, v->text = NULL, v->len = 0;
    if (s->type >= CE_STR) v->text = (const char *)c->map + (uint32_t)s->payload, v->len = s->payload >> 32;
    else memcpy(&v->i, &s->payload, 8);
    return true;
  }
  return false;
}

/* The value of `key`, or `otherwise` if there is none of that type. An integer is taken where a float is asked for. */
static inline int64_t ce_i64(ce_reader *c, const char *key, int64_t otherwise) {
  ce_value v;
  return ce_get(c, key, &v) && v.type == CE_I64 ? v.i : otherwise;
}
static inline bool ce_bool(ce_reader *c, const char *key, bool otherwise) {
  ce_value v;
  return ce_get(c, key, &v) && v.type == CE_BOOL ? v.i != 0 : otherwise;
}
static inline double ce_f64(ce_reader *c, const char *key, double otherwise) {
  ce_value v;
  return !ce_get(c, key, &v) ? otherwise : v.type == CE_F64 ? v.d : v.type == CE_I64 ? (double)v.i : otherwise;
}
#endif
