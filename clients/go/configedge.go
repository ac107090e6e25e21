// Package configedge reads live configuration from ConfigEdge snapshots (docs/format.md, version 1) on Linux.
package configedge

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"
	"unsafe"
)

const Null, Bool, Int, Float, String, JSON, Bytes, BigInt = 0, 1, 2, 3, 4, 5, 6, 7 // types of a Value
const version, isASCII, isSecret = "\x01\x00\x04\x03\x02\x01", 1, 2
const secret0, secret1, secret2, secret3 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3

// Reader gives the newest configuration of the snapshot directory at a path, to any number of goroutines.
type Reader struct {
	path            string // looked up anew for each change
	current, waited atomic.Pointer[Snapshot]
	err             atomic.Pointer[error]
	lock            sync.Mutex // of what follows
	retry           time.Time
	pause           time.Duration
}

// Snapshot is one generation, which never changes. What it gives are copies: a finalizer unmaps it once it is out of use.
type Snapshot struct {
	Generation, seed, mask, longest uint64
	Commit, instance, name          string      // Commit in raw bytes
	slots                           [][4]uint64 // hash; place, length, type, flags in 32, 16, 8, 8 bits; payload; changed
	data                            []byte
	page                            *Snapshot // the control page: data and name only
	announced                       *uint64
}

// Value has Bits for a boolean (0 or 1), an integer and a float, and Text for the other types.
type Value struct {
	Type   uint8
	Secret bool
	Bits   uint64
	Text   string
}

// Open attaches to the directory at path, read-only. It fails if nothing is published there, or if others could publish.
func Open(path string) (*Reader, error) {
	r := &Reader{path: path}
	if r.waited.Store(r.refresh()); r.Err() != nil {
		return nil, r.Err()
	}
	return r, nil
}

// Err tells why the newest snapshot could not be taken; nil if it was.
func (r *Reader) Err() error { return *r.err.Load() }

// Snapshot gives the newest that can be taken. Only Wait sees a directory that was made anew after its writer was killed.
func (r *Reader) Snapshot() *Snapshot {
	if held := r.current.Load(); atomic.LoadUint64(held.announced) == held.Generation {
		return held
	}
	return r.refresh()
}

// Wait sleeps until there is another snapshot than at its last true (at first: at Open), or timeout at most; says which.
func (r *Reader) Wait(timeout time.Duration) bool {
	before := r.waited.Load()
	announced, sleep := atomic.LoadUint64(before.announced), syscall.NsecToTimespec(int64(timeout))
	if r.refresh() == before {
		if announced != before.Generation {
			sleep = syscall.Timespec{Nsec: 10_000_000} // What is announced could not be taken yet.
		}
		syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(before.announced)), 0, uintptr(uint32(announced)),
			uintptr(unsafe.Pointer(&sleep)), 0, 0)
	}
	r.waited.Store(r.refresh())
	return r.waited.Load() != before
}

// refresh takes what is announced at the path. If that fails, it keeps what is held, and tries again after a pause.
func (r *Reader) refresh() *Snapshot {
	if r.lock.TryLock() {
		defer r.lock.Unlock()
		if time.Now().After(r.retry) {
			err := r.take()
			for race := 0; race < 8 && errors.Is(err, os.ErrNotExist); race++ {
				err = r.take() // It was swept, so a newer one is announced.
			}
			if r.err.Store(&err); err == nil {
				r.pause = 10 * time.Millisecond
			} else if r.retry = time.Now().Add(r.pause); r.pause < time.Second/2 {
				r.pause *= 2
			}
		}
	}
	return r.current.Load()
}

func (r *Reader) take() (err error) {
	defer func() { err, _ = recover().(error) }()
	page, held := mapped(r.path, "current", "CEDGECTL", 4096, 4096), r.current.Load()
	announced, instance := (*uint64)(unsafe.Pointer(&page.data[64])), string(page.data[16:24])
	generation, same := atomic.LoadUint64(announced), held != nil && held.instance == instance
	if same && generation == held.Generation {
		runtime.SetFinalizer(page, nil)
		return syscall.Munmap(page.data)
	}
	page.refuse(generation+1 < 2 || same && generation < held.Generation, "nothing newer is published") // 2^64-1 is none
	s := mapped(r.path, fmt.Sprintf("g-%016x", generation), "CEDGESNP", 128, 16<<20)
	s.Generation, s.instance, s.announced, s.page = generation, instance, announced, page
	s.verify(unsafe.Pointer(&s.data[0]), uint64(len(s.data)))
	r.current.Store(s)
	if generation%(64<<20/uint64(len(s.data))) == 0 {
		go runtime.GC() // It does not see how much its finalizers would unmap: let it not become more than 64 MiB.
	}
	return nil
}

// mapped maps a file that nobody but the owner of its directory can have written, and of which no page is missing.
func mapped(path, name, magic string, least, most int64) *Snapshot {
	s := &Snapshot{name: path + "/" + name}
	file, err := os.OpenFile(s.name, syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	s.refuse(err != nil, "%w", err)
	defer file.Close()
	var dir, stat syscall.Stat_t
	hole, err := file.Seek(0, 4)
	s.refuse(err != nil || syscall.Stat(path, &dir) != nil || syscall.Fstat(int(file.Fd()), &stat) != nil ||
		stat.Mode&syscall.S_IFMT != syscall.S_IFREG || stat.Uid != dir.Uid || (stat.Mode|dir.Mode)&0o022 != 0,
		"not a regular file that only the owner of its directory can write: chmod go-w both")
	s.refuse(hole != stat.Size || hole < least || hole > most, "sparse, or of impossible size")
	s.data, err = syscall.Mmap(int(file.Fd()), 0, int(hole), syscall.PROT_READ, syscall.MAP_SHARED|syscall.MAP_POPULATE)
	s.refuse(err != nil, "%w", err)
	runtime.SetFinalizer(s, func(s *Snapshot) { syscall.Munmap(s.data) })
	s.refuse(string(s.data[:10])+string(s.data[12:16]) != magic+version, "not of this version")
	return s
}

// verify checks, once, all that reads rely on: no slot, key or text lies outside the map, and nobody writes there.
func (s *Snapshot) verify(p unsafe.Pointer, size uint64) {
	blank := append(append(append([]byte(nil), s.data[:40]...), make([]byte, 8)...), s.data[48:128]...)
	sum := hash(unsafe.Add(p, 128), len(s.data)-128, start(hash(unsafe.Pointer(&blank[0]), 128, start(0))))
	s.refuse(r8(p, 32) != size || r8(p, 40) != sum, "truncated, padded, or its checksum does not match")
	s.refuse(r8(p, 24) != s.Generation || string(s.data[16:24]) != s.instance, "of another generation or instance")
	slots, entries, index, strings, commit := r4(p, 56), r4(p, 60), r4(p, 76), r4(p, 80), s.data[84]
	s.refuse(slots < 2 || slots&(slots-1) != 0 || entries > slots/2 || r4(p, 64) > slots || r4(p, 72) != 128 ||
		index != 128+32*slots || strings != index+4*entries || strings > size ||
		commit != 0 && commit != 20 && commit != 32, "its header contradicts itself")
	s.Commit, s.seed, s.mask, s.longest = string(s.data[96:96+commit]), start(r8(p, 48)), slots-1, r4(p, 64)
	s.slots = unsafe.Slice((*[4]uint64)(unsafe.Add(p, 128)), slots)
	inside := func(at, n uint64) bool { return at >= strings && at+n <= size }
	for _, e := range s.slots {
		if kind, flags := e[1]>>48&0xff, e[1]>>56; e[0] != 0 {
			entries--
			keyAt, keyLen, at, n := e[1]&math.MaxUint32, e[1]>>32&0xffff, e[2]&math.MaxUint32, e[2]>>32
			s.refuse(!inside(keyAt, keyLen) || kind >= String && !inside(at, n), "an entry outside the strings")
			s.refuse(keyLen < 1 || keyLen > 256 || !utf8.Valid(s.data[keyAt:keyAt+keyLen]) || kind > BigInt ||
				kind == Bool && e[2] > 1 || e[3] > s.Generation, "a malformed entry")
			if kind >= String && kind != Bytes {
				text := s.data[at : at+n]
				s.refuse(!utf8.Valid(text) || flags&isASCII != 0 && utf8.RuneCount(text) != len(text), "malformed text")
			}
		}
	}
	for at := int(index); at < int(strings); at += 4 {
		s.refuse(r4(p, at) >= slots || s.slots[r4(p, at)][0] == 0, "its index names no entry")
	}
	s.refuse(entries != 0, "its entries are not as many as it says")
}

func (s *Snapshot) refuse(bad bool, why string, more ...any) {
	if bad {
		panic(fmt.Errorf(s.name+": "+why, more...))
	}
}

// Lookup gives the value of key, and whether there is one.
func (s *Snapshot) Lookup(key string) (value Value, found bool) {
	h := hash(*(*unsafe.Pointer)(unsafe.Pointer(&key)), len(key), s.seed)
	h += 1 >> h // A hash of 0 is stored as 1.
	for at, e := h, &s.slots[h&s.mask]; e[0] != 0 && at-h < s.longest; at, e = at+1, &s.slots[(at+1)&s.mask] {
		if e[0] == h && e[1]>>32&0xffff == uint64(len(key)) && string(s.data[uint32(e[1]):][:len(key)]) == key {
			value, found = Value{Type: uint8(e[1] >> 48), Secret: e[1]>>56&isSecret != 0, Bits: e[2]}, true
			if value.Type >= String {
				value.Text = string(s.data[uint32(e[2]):][:e[2]>>32])
			}
			break
		}
	}
	runtime.KeepAlive(s) // Up to here nothing unmaps data.
	return value, found
}

// Get gives the value of key now, or otherwise if it has none of that type. An integer serves as float64, JSON as string.
func Get[T bool | int64 | float64 | string](r *Reader, key string, otherwise T) T {
	value, _ := r.Snapshot().Lookup(key)
	switch to := any(&otherwise).(type) {
	case *bool:
		if value.Type == Bool {
			*to = value.Bits == 1
		}
	case *int64:
		if value.Type == Int {
			*to = int64(value.Bits)
		}
	case *float64:
		if value.Type == Float {
			*to = math.Float64frombits(value.Bits)
		} else if value.Type == Int {
			*to = float64(int64(value.Bits))
		}
	case *string:
		if value.Type == String || value.Type == JSON {
			*to = value.Text
		}
	}
	return otherwise
}

// hash is wyhash, final version 4, of the n bytes at p and none beyond, from start(its seed) on.
func hash(p unsafe.Pointer, n int, seed uint64) uint64 {
	left, x, y, a, b := n, seed, seed, uint64(0), uint64(0)
	for ; left > 48; left, p = left-48, unsafe.Add(p, 48) {
		seed, x, y = mix16(p, secret1, seed), mix16(unsafe.Add(p, 16), secret2, x), mix16(unsafe.Add(p, 32), secret3, y)
	}
	for seed ^= x ^ y; left > 16; left, p = left-16, unsafe.Add(p, 16) {
		seed = mix16(p, secret1, seed)
	}
	if step := n / 8 * 4; n > 16 {
		a, b = r8(p, left-16), r8(p, left-8)
	} else if n >= 4 {
		a, b = r4(p, 0)<<32|r4(p, step), r4(p, n-4)<<32|r4(p, n-4-step)
	} else if n > 0 {
		a = r1(p, 0)<<16 | r1(p, n/2)<<8 | r1(p, n-1)
	}
	high, low := bits.Mul64(a^secret1, b^seed)
	return mix(low^secret0^uint64(n), high^secret1)
}

func start(seed uint64) uint64                      { return seed ^ mix(seed^secret0, secret1) }
func mix(a, b uint64) uint64                        { high, low := bits.Mul64(a, b); return high ^ low }
func mix16(p unsafe.Pointer, s, seed uint64) uint64 { return mix(r8(p, 0)^s, r8(p, 8)^seed) }
func r8(p unsafe.Pointer, at int) uint64            { return *(*uint64)(unsafe.Add(p, at)) }
func r4(p unsafe.Pointer, at int) uint64            { return uint64(*(*uint32)(unsafe.Add(p, at))) }
func r1(p unsafe.Pointer, at int) uint64            { return uint64(*(*byte)(unsafe.Add(p, at))) }
