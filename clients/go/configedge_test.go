package configedge

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"
)

// The test vectors of docs/format.md.
const vectors = "../../tests/vectors"

var typeNames = []string{"null", "bool", "int", "float", "string", "json", "bytes", "big"}

func Example() {
	cfg, err := Open("/run/configedge")
	if err != nil {
		return
	}
	fmt.Println(Get(cfg, "matchmaking.max_ping_ms", 80.0))
	for cfg.Wait(time.Second) {
		fmt.Println("generation", cfg.Snapshot().Generation)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(read(t, filepath.Join(vectors, name)), into); err != nil {
		t.Fatal(err)
	}
}

func number(t testing.TB, text string) uint64 {
	t.Helper()
	value, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// place puts a file into a directory as a writer does, so that what was mapped before stays as it was.
func place(t testing.TB, dir, name string, content []byte, mode os.FileMode) {
	t.Helper()
	temporary := filepath.Join(dir, ".tmp-"+name)
	for _, err := range []error{
		os.MkdirAll(dir, 0o755), os.WriteFile(temporary, content, 0o600), os.Chmod(temporary, mode),
		os.Rename(temporary, filepath.Join(dir, name)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func page(instance, generation uint64) []byte {
	content := make([]byte, 4096)
	copy(content, "CEDGECTL\x01\x00\x00\x00\x04\x03\x02\x01")
	binary.LittleEndian.PutUint64(content[16:], instance)
	binary.LittleEndian.PutUint64(content[64:], generation)
	return content
}

// announce stores a generation in the page that readers have mapped.
func announce(t testing.TB, dir string, generation uint64) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(dir, "current"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(binary.LittleEndian.AppendUint64(nil, generation), 64); err != nil {
		t.Fatal(err)
	}
}

func seal(file []byte) []byte {
	header := append([]byte(nil), file[:128]...)
	copy(header[40:48], make([]byte, 8))
	rest := append([]byte(nil), file[128:]...)
	rest = append(rest, 0) // So that there is a first byte.
	sum := hash(unsafe.Pointer(&rest[0]), len(file)-128, start(hash(unsafe.Pointer(&header[0]), 128, start(0))))
	binary.LittleEndian.PutUint64(file[40:], sum)
	return file
}

// one is the snapshot with a = 1, under another generation and instance.
func one(t testing.TB, instance, generation uint64) []byte {
	t.Helper()
	file := read(t, filepath.Join(vectors, "snapshots/good/one.bin"))
	binary.LittleEndian.PutUint64(file[16:], instance)
	binary.LittleEndian.PutUint64(file[24:], generation)
	return seal(file)
}

// publish makes a directory, or a newer generation in one.
func publish(t testing.TB, dir string, instance, generation uint64, file []byte) {
	t.Helper()
	place(t, dir, fmt.Sprintf("g-%016x", generation), file, 0o444)
	if _, err := os.Stat(filepath.Join(dir, "current")); err == nil {
		announce(t, dir, generation)
	} else {
		place(t, dir, "current", page(instance, generation), 0o644)
	}
}

func open(t testing.TB, dir string) *Reader {
	t.Helper()
	cfg, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestHashesAreThoseOfTheVectors(t *testing.T) {
	var cases []struct{ Data, Seed, Hash string }
	readJSON(t, "hash.json", &cases)
	for _, c := range cases {
		data, err := hex.DecodeString(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		got := hash(unsafe.Pointer(&append(data, 0)[0]), len(data), start(number(t, c.Seed)))
		if want := number(t, c.Hash); got != want {
			t.Errorf("hash of %q under %s is %#x, want %#x", data, c.Seed, got, want)
		}
	}
}

// A snapshot whose only entry lies where the vector says that the search begins, under the hash that it says a slot stores.
func TestKeysAreSoughtWhereTheVectorsSay(t *testing.T) {
	var cases []struct {
		Key, Seed, Hash string
		Slots, Home     uint64
	}
	readJSON(t, "keys.json", &cases)
	for _, c := range cases {
		s := &Snapshot{seed: start(number(t, c.Seed)), mask: c.Slots - 1, longest: 1, slots: make([][4]uint64, c.Slots), data: []byte(c.Key)}
		s.slots[c.Home] = [4]uint64{number(t, c.Hash), uint64(len(c.Key))<<32 | Int<<48, 42}
		if value, found := s.Lookup(c.Key); !found || value.Bits != 42 {
			t.Errorf("%q is not found under %s", c.Key, c.Seed)
		}
	}
}

type described struct {
	Generation, Instance, Commit string
	Entries                      []struct {
		Type, Key, Changed string
		Value              any
		Secret             bool
	}
}

func TestGoodSnapshotsAreReadAsTheyAreDescribed(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(vectors, "snapshots/good/*.bin"))
	if len(files) < 7 {
		t.Fatal("no vectors")
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".bin")
		t.Run(name, func(t *testing.T) {
			var want described
			readJSON(t, "snapshots/good/"+name+".json", &want)
			dir := filepath.Join(t.TempDir(), "run")
			publish(t, dir, number(t, want.Instance), number(t, want.Generation), read(t, path))
			s := open(t, dir).Snapshot()
			if s.Generation != number(t, want.Generation) || hex.EncodeToString([]byte(s.Commit)) != want.Commit {
				t.Error(s.Generation, s.Commit)
			}
			keys, changed := entries(s)
			if len(keys) != len(want.Entries) {
				t.Fatal(keys)
			}
			for i, entry := range want.Entries {
				value, found := s.Lookup(entry.Key)
				if !found || keys[i] != entry.Key || changed[entry.Key] != number(t, entry.Changed) || value.Secret != entry.Secret ||
					typeNames[value.Type] != entry.Type || shown(value) != entry.Value {
					t.Errorf("%q: %+v %v, want %+v", entry.Key, value, shown(value), entry)
				}
			}
			for _, absent := range []string{"", "absent", strings.Repeat("k", 257)} {
				if value, found := s.Lookup(absent); found {
					t.Errorf("%q: %+v", absent, value)
				}
			}
		})
	}
}

// entries gives all keys, sorted, and the generations in which they changed.
func entries(s *Snapshot) (keys []string, changed map[string]uint64) {
	changed = map[string]uint64{}
	for _, e := range s.slots {
		if e[0] != 0 {
			key := string(s.data[uint32(e[1]):][:e[1]>>32&0xffff])
			keys, changed[key] = append(keys, key), e[3]
		}
	}
	sort.Strings(keys)
	return keys, changed
}

// shown is a value in the form of the vectors.
func shown(value Value) any {
	switch value.Type {
	case Null:
		return nil
	case Bool:
		return value.Bits == 1
	case Int:
		return strconv.FormatInt(int64(value.Bits), 10)
	case Float:
		return fmt.Sprintf("0x%016x", value.Bits)
	case Bytes:
		return hex.EncodeToString([]byte(value.Text))
	}
	return value.Text
}

func TestBadSnapshotsAreRefused(t *testing.T) {
	var reasons map[string]string
	readJSON(t, "snapshots/bad.json", &reasons)
	for name, reason := range reasons {
		file := read(t, filepath.Join(vectors, "snapshots/bad", name+".bin"))
		dir := filepath.Join(t.TempDir(), "run")
		publish(t, dir, 7, 3, file)
		if _, err := Open(dir); err == nil {
			t.Errorf("%s is taken: %s", name, reason)
		} else if !strings.Contains(err.Error(), "g-0000000000000003: ") {
			t.Errorf("%s: the file is to blame, not %v", name, err)
		}
	}
}

func TestAnyDamageIsRefusedAndWithARightChecksumNothingBeyondTheFileIsRead(t *testing.T) {
	good := read(t, filepath.Join(vectors, "snapshots/good/every-type.bin"))
	taken := func(file []byte) (s *Snapshot, err error) {
		defer func() { err, _ = recover().(error) }()
		s = &Snapshot{data: append(make([]byte, 0, len(file)), file...), Generation: 9, instance: strings.Repeat("\xff", 8)}
		s.verify(unsafe.Pointer(&s.data[0]), uint64(len(file)))
		return s, nil
	}
	if _, err := taken(good); err != nil {
		t.Fatal(err)
	}
	for at := range good {
		bad := append([]byte(nil), good...)
		bad[at] ^= 0x40
		if _, err := taken(bad); err == nil {
			t.Errorf("byte %d altered, and still taken", at)
		}
		for _, altered := range []byte{0, 1, 0x7f, 0xff} {
			if bad[at] = altered; at >= 16 && at < 32 {
				continue // Its generation and instance.
			}
			if s, err := taken(seal(bad)); err == nil {
				for _, key := range []string{"m", "m.text", "real", "token", "bytes", "k"} {
					s.Lookup(key)
				}
			}
		}
	}
}

func TestValuesAreTakenAsTheTypeThatIsAskedFor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	publish(t, dir, math.MaxUint64, 9, read(t, filepath.Join(vectors, "snapshots/good/every-type.bin")))
	cfg := open(t, dir)
	for name, ok := range map[string]bool{
		"int":             Get(cfg, "int", int64(0)) == -5,
		"int as float":    Get(cfg, "int", 0.0) == -5,
		"float":           Get(cfg, "real", 0.0) == 0.1,
		"float not int":   Get(cfg, "real", int64(7)) == 7,
		"bool":            Get(cfg, "yes", false) && !Get(cfg, "no", true),
		"bool not int":    Get(cfg, "yes", int64(7)) == 7,
		"text":            Get(cfg, "m.text", "") == "é",
		"text not number": Get(cfg, "m.text", 7.0) == 7,
		"json":            Get(cfg, "m.list", "") == "[1,[2.5]]",
		"bytes not text":  Get(cfg, "bytes", "none") == "none",
		"null is nothing": Get(cfg, "null", true),
		"absent":          Get(cfg, "absent", "none") == "none",
	} {
		if !ok {
			t.Error(name)
		}
	}
	if count := testing.AllocsPerRun(100, func() { Get(cfg, "real", 0.0) }); count != 0 {
		t.Errorf("%v allocations", count)
	}
}

func TestADirectoryMadeAnewIsFollowed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	publish(t, dir, 7, 5, one(t, 7, 5))
	cfg := open(t, dir)
	held := cfg.Snapshot()
	os.Rename(dir, dir+".gone") // Readers have the old page mapped: its writer gives it up.
	publish(t, dir, 8, 2, one(t, 8, 2))
	if cfg.Snapshot() != held {
		t.Error("nothing was announced")
	}
	announce(t, dir+".gone", math.MaxUint64)
	if s := cfg.Snapshot(); s.Generation != 2 || cfg.Err() != nil {
		t.Error(s.Generation, cfg.Err())
	}
	if !cfg.Wait(0) {
		t.Error("this is another snapshot")
	}
	os.RemoveAll(dir) // Its writer is dead.
	if cfg.Wait(0) || Get(cfg, "a", int64(0)) != 1 {
		t.Error("nothing new is there")
	}
	publish(t, dir, 9, 2, one(t, 9, 2))
	for deadline := time.Now().Add(5 * time.Second); !cfg.Wait(10 * time.Millisecond); {
		if time.Now().After(deadline) {
			t.Fatal(cfg.Err())
		}
	}
	if cfg.Snapshot().instance[0] != 9 {
		t.Error("not followed")
	}
}

func TestWaitEndsAtItsTimeout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	publish(t, dir, 7, 5, one(t, 7, 5))
	cfg, began := open(t, dir), time.Now()
	if cfg.Wait(30*time.Millisecond) || time.Since(began) < 30*time.Millisecond || cfg.Wait(-1) {
		t.Error(time.Since(began))
	}
	publish(t, dir, 7, 6, one(t, 7, 6))
	cfg.Snapshot() // Another goroutine reads it first.
	if !cfg.Wait(time.Minute) || cfg.Wait(0) {
		t.Error("this is another one, once")
	}
}

// With finalizers that unmap what is out of use: a read of what is unmapped would end the process.
func TestGoroutinesShareAReaderWhileItIsPublishedTo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	publish(t, dir, 7, 2, one(t, 7, 2))
	cfg := open(t, dir)
	var group sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for s := cfg.Snapshot(); s.Generation < 200; s = cfg.Snapshot() {
				if value, found := s.Lookup("a"); !found || value.Bits != 1 || Get(cfg, "a", 0.0) != 1 {
					t.Error(value, found)
					return
				}
				runtime.Gosched()
			}
		}()
	}
	for generation := uint64(3); generation <= 200; generation++ {
		publish(t, dir, 7, generation, one(t, 7, generation))
		if generation%10 == 0 {
			runtime.GC()
		}
	}
	group.Wait()
	if err := cfg.Err(); err != nil {
		t.Error(err)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(read(f, filepath.Join(vectors, "snapshots/good/one.bin")))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) < 128 {
			return
		}
		s := &Snapshot{data: seal(append([]byte(nil), file...)), Generation: le64(file[24:]), instance: string(file[16:24])}
		defer func() {
			if why := recover(); why != nil {
				if _, bug := why.(runtime.Error); bug {
					panic(why)
				}
			}
		}()
		s.verify(unsafe.Pointer(&s.data[0]), uint64(len(file)))
		s.Lookup("a")
	})
}

func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// TestAnswers is no test: for tests/clients it answers the commands on standard input about the directory that
// CONFIGEDGE_ANSWER names. `get KEY`, `wait MILLISECONDS`, `why`, `dump`, `reopen`, as tests/clients/answers.c.
func TestAnswers(t *testing.T) {
	dir := os.Getenv("CONFIGEDGE_ANSWER")
	if dir == "" {
		t.Skip("for tests/clients")
	}
	cfg := open(t, dir)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		command, argument, _ := strings.Cut(lines.Text(), " ")
		switch command {
		case "get":
			if value, found := cfg.Snapshot().Lookup(argument); found {
				fmt.Println(typeNames[value.Type], shown(value))
			} else {
				fmt.Println("missing")
			}
		case "wait":
			fmt.Println(cfg.Wait(time.Duration(number(t, argument)) * time.Millisecond))
		case "why":
			if err := cfg.Err(); err != nil {
				fmt.Println(err)
			} else {
				fmt.Println("nothing")
			}
		case "dump":
			dump(cfg.Snapshot())
		case "reopen":
			if again, err := Open(dir); err != nil {
				fmt.Println(err)
			} else {
				fmt.Println("opened")
				cfg = again
			}
		}
	}
}

func dump(s *Snapshot) {
	keys, changed := entries(s)
	for _, key := range keys {
		value, _ := s.Lookup(key)
		text := strings.Replace(fmt.Sprint(shown(value)), "<nil>", "null", 1)
		if value.Type == String || value.Type == JSON || value.Type == BigInt {
			text = hex.EncodeToString([]byte(value.Text))
		}
		secret := map[bool]string{false: "open", true: "secret"}[value.Secret]
		fmt.Printf("%x %s %s %d %s\n", key, typeNames[value.Type], text, changed[key], secret)
	}
	fmt.Println()
}

// benched gives a reader of the directory that CONFIGEDGE_BENCH names, and its floats in an order that visits them far apart.
func benched(b *testing.B) (*Reader, []string) {
	dir := os.Getenv("CONFIGEDGE_BENCH")
	if dir == "" {
		b.Skip("for benches/readers.py")
	}
	cfg := open(b, dir)
	var floats, keys []string
	all, _ := entries(cfg.Snapshot())
	for _, key := range all {
		if value, _ := cfg.Snapshot().Lookup(key); value.Type == Float {
			floats = append(floats, key)
		}
	}
	stride := len(floats)/2 + 1
	for gcd(stride, len(floats)) != 1 {
		stride++
	}
	for i := range floats {
		keys = append(keys, strings.Clone(floats[i*stride%len(floats)]))
	}
	b.ReportAllocs()
	b.ResetTimer()
	return cfg, keys
}

func gcd(a, b int) int {
	if b == 0 {
		return a
	}
	return gcd(b, a%b)
}

var sum float64

func BenchmarkHot(b *testing.B) {
	cfg, keys := benched(b)
	for i, key := 0, keys[0]; i < b.N; i++ {
		sum += Get(cfg, key, 0.0)
	}
}

func BenchmarkRandom(b *testing.B) {
	cfg, keys := benched(b)
	for i, at := 0, 0; i < b.N; i++ {
		sum += Get(cfg, keys[at], 0.0)
		if at++; at == len(keys) {
			at = 0
		}
	}
}
