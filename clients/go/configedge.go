// Package configedge reads live configuration from ConfigEdge snapshots (docs/format.md, version 1) on Linux.
//
//	cfg, err := configedge.Open("/run/configedge")
//	limit := configedge.Get(cfg, "matchmaking.max_ping_ms", 80.0)
//
// Reads never block and never fail because of the writer: while the newest snapshot cannot be taken, the one before is read,
// and Err says why. A Reader may be shared by goroutines.
package configedge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Types of values.
const (
	Null = iota
	Bool
	Int
	Float
	String
	JSON
	Bytes
	BigInt
)

const (
	headerLen, slotLen = 128, 32
	maxLen             = 16 << 20
	closed             = math.MaxUint64
	retryAfter         = 100 * time.Millisecond
)

var le = binary.LittleEndian

// Reader is the newest configuration of one snapshot directory.
type Reader struct {
	path    string
	page    []byte
	word    *uint64
	owner   uint32
	current atomic.Pointer[Snapshot]
	lock    sync.Mutex
	retry   atomic.Int64
	err     atomic.Pointer[error]
}

// Snapshot is one generation. What is read from it belongs together and never changes while it is held.
type Snapshot struct {
	Generation, instance, seed uint64
	Commit                     []byte
	data                       []byte
	mask, longest              uint64
}

// Value is one entry. Text points into the map and is valid while its Snapshot is held; copy it to keep it.
type Value struct {
	Type    int
	Bits    uint64
	Text    []byte
	Changed uint64
}

// Open attaches to the directory at path, read-only. It fails if nothing is published there, or if others could publish there.
func Open(path string) (*Reader, error) {
	dir, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(path, "current"), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	owner := dir.Sys().(*syscall.Stat_t).Uid
	if (dir.Mode()|info.Mode())&0o022 != 0 || info.Sys().(*syscall.Stat_t).Uid != owner || !info.Mode().IsRegular() || info.Size() != 4096 {
		return nil, fmt.Errorf("%s: not a snapshot directory that only its owner writes: chmod go-w it", path)
	}
	page, err := syscall.Mmap(int(file.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	reader := &Reader{path: path, page: page, word: (*uint64)(unsafe.Pointer(&page[64])), owner: owner}
	runtime.SetFinalizer(reader, func(r *Reader) { _ = syscall.Munmap(r.page) })
	if string(page[:8]) != "CEDGECTL" || le.Uint16(page[8:]) != 1 {
		return nil, fmt.Errorf("%s: not a control page of version 1", path)
	}
	reader.current.Store(&Snapshot{})
	if reader.Snapshot().data == nil {
		return nil, fmt.Errorf("%s: %w", path, reader.Err())
	}
	return reader, nil
}

// Snapshot gives the newest snapshot that can be taken.
func (r *Reader) Snapshot() *Snapshot {
	held := r.current.Load()
	if atomic.LoadUint64(r.word) == held.Generation && held.data != nil {
		return held
	}
	return r.refresh()
}

// Err tells why the newest snapshot could not be taken; nil if it was.
func (r *Reader) Err() error {
	if err := r.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (r *Reader) refresh() *Snapshot {
	if time.Now().UnixNano() < r.retry.Load() {
		return r.current.Load()
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	err := errors.New("swept again and again before it could be opened")
	for race := 0; race < 8; race++ {
		generation := atomic.LoadUint64(r.word)
		if held := r.current.Load(); held.data != nil && held.Generation == generation {
			return held
		}
		var next *Snapshot
		if next, err = r.load(generation); err == nil {
			r.current.Store(next)
			r.err.Store(nil)
			return next
		}
		if !errors.Is(err, os.ErrNotExist) || atomic.LoadUint64(r.word) == generation {
			break
		}
	}
	r.err.Store(&err)
	r.retry.Store(time.Now().Add(retryAfter).UnixNano())
	return r.current.Load()
}

func (r *Reader) load(generation uint64) (*Snapshot, error) {
	if generation == 0 {
		return nil, errors.New("nothing is published yet")
	}
	if generation == closed {
		return nil, errors.New("the directory was replaced: open it again")
	}
	name := filepath.Join(r.path, fmt.Sprintf("g-%016x", generation))
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Mode()&0o022 != 0 || info.Sys().(*syscall.Stat_t).Uid != r.owner {
		return nil, fmt.Errorf("%s: not a regular file that only its owner writes", name)
	}
	if hole, err := file.Seek(0, 4); info.Size() < headerLen || info.Size() > maxLen || err != nil || hole != info.Size() {
		return nil, fmt.Errorf("%s: sparse, or of impossible size", name)
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED|syscall.MAP_POPULATE)
	if err != nil {
		return nil, err
	}
	snapshot, err := verify(data)
	if err == nil && (snapshot.Generation != generation || snapshot.instance != le.Uint64(r.page[16:])) {
		err = errors.New("of another generation or instance")
	}
	if err != nil {
		_ = syscall.Munmap(data)
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	runtime.SetFinalizer(snapshot, func(s *Snapshot) { _ = syscall.Munmap(s.data) })
	return snapshot, nil
}

// verify checks every offset once, so that reads need no checks of their own.
func verify(data []byte) (*Snapshot, error) {
	if len(data) < headerLen || string(data[:8]) != "CEDGESNP" || le.Uint16(data[8:]) != 1 || le.Uint32(data[12:]) != 0x01020304 {
		return nil, errors.New("not a snapshot of this version")
	}
	blank := bytes.Clone(data[:headerLen])
	copy(blank[40:48], make([]byte, 8))
	if le.Uint64(data[32:]) != uint64(len(data)) || hash(data[headerLen:], hash(blank, 0)) != le.Uint64(data[40:]) {
		return nil, errors.New("truncated, padded, or its checksum does not match")
	}
	slots, entries, longest := uint64(le.Uint32(data[56:])), uint64(le.Uint32(data[60:])), uint64(le.Uint32(data[64:]))
	strings, commit := uint64(le.Uint32(data[80:])), data[84]
	if slots < 2 || slots&(slots-1) != 0 || entries > slots/2 || longest > slots || commit > 32 || le.Uint32(data[72:]) != headerLen ||
		uint64(le.Uint32(data[76:])) != headerLen+slotLen*slots || strings != headerLen+slotLen*slots+4*entries || strings > uint64(len(data)) {
		return nil, errors.New("its header contradicts itself")
	}
	for i := uint64(0); i < slots; i++ {
		slot := data[headerLen+slotLen*i:][:slotLen]
		keyAt, keyLen := uint64(le.Uint32(slot[8:])), uint64(le.Uint16(slot[12:]))
		at, length := uint64(le.Uint32(slot[16:])), uint64(le.Uint32(slot[20:]))
		if le.Uint64(slot) != 0 && (keyAt < strings || keyLen == 0 || keyAt+keyLen > uint64(len(data)) || slot[14] > BigInt ||
			slot[14] >= String && (at < strings || at+length > uint64(len(data)))) {
			return nil, errors.New("an entry lies outside the file")
		}
	}
	return &Snapshot{Generation: le.Uint64(data[24:]), instance: le.Uint64(data[16:]), seed: le.Uint64(data[48:]),
		Commit: bytes.Clone(data[96 : 96+commit]), data: data, mask: slots - 1, longest: longest}, nil
}

// Lookup gives the value of key, and whether there is one.
func (s *Snapshot) Lookup(key string) (Value, bool) {
	h := max(hash(unsafe.Slice(unsafe.StringData(key), len(key)), s.seed), 1)
	for i := uint64(0); i < s.longest; i++ {
		slot := s.data[headerLen+slotLen*((h+i)&s.mask):][:slotLen]
		found := le.Uint64(slot)
		if found == 0 {
			break
		}
		at := le.Uint32(slot[8:])
		if found == h && int(le.Uint16(slot[12:])) == len(key) && string(s.data[at:int(at)+len(key)]) == key {
			value := Value{Type: int(slot[14]), Bits: le.Uint64(slot[16:]), Changed: le.Uint64(slot[24:])}
			if value.Type >= String {
				value.Text = s.data[uint32(value.Bits):][:value.Bits>>32]
			}
			return value, true
		}
	}
	return Value{}, false
}

// Get gives the value of key now, or otherwise if there is none of that type. An integer is taken where a float64 is asked for.
func Get[T bool | int64 | float64 | string](r *Reader, key string, otherwise T) T {
	snapshot := r.Snapshot()
	value, ok := snapshot.Lookup(key)
	if !ok {
		return otherwise
	}
	switch out := any(&otherwise).(type) {
	case *bool:
		if value.Type == Bool {
			*out = value.Bits != 0
		}
	case *int64:
		if value.Type == Int {
			*out = int64(value.Bits)
		}
	case *float64:
		if value.Type == Float {
			*out = math.Float64frombits(value.Bits)
		} else if value.Type == Int {
			*out = float64(int64(value.Bits))
		}
	case *string:
		if value.Type == String || value.Type == JSON {
			*out = strings.Clone(unsafe.String(unsafe.SliceData(value.Text), len(value.Text)))
		}
	}
	runtime.KeepAlive(snapshot)
	return otherwise
}
