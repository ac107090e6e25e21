package configedge

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestHashHasItsPublishedValues(t *testing.T) {
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for seed, vector := range []struct {
		text string
		want uint64
	}{
		{"", 0x0409638ee2bde459}, {"a", 0xa8412d091b5fe0a9}, {"abc", 0x32dd92e4b2915153}, {"message digest", 0x8619124089a3a16b},
		{"abcdefghijklmnopqrstuvwxyz", 0x7a43afb61d7f5f40}, {alphabet, 0xff42329b90e50d58},
		{strings.Repeat("1234567890", 8), 0xc39cab13b115aad3},
	} {
		if got := hash([]byte(vector.text), uint64(seed)); got != vector.want {
			t.Errorf("hash(%q, %d) = %#x, want %#x", vector.text, seed, got, vector.want)
		}
	}
}

// served is a snapshot directory that the caller of the tests made: m.int -5, m.real 0.5, m.text é, m.yes true, m.list [1,[2.5]].
func served(t testing.TB) string {
	dir := os.Getenv("CONFIGEDGE_TEST_DIR")
	if dir == "" {
		t.Skip("CONFIGEDGE_TEST_DIR is not set; tests/clients/test_go.py sets it")
	}
	return dir
}

func TestEveryTypeIsRead(t *testing.T) {
	cfg, err := Open(served(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := Get(cfg, "m.int", int64(0)); got != -5 {
		t.Error(got)
	}
	if got := Get(cfg, "m.int", 0.0); got != -5 {
		t.Error(got)
	}
	if got := Get(cfg, "m.real", 0.0); got != 0.5 {
		t.Error(got)
	}
	if got := Get(cfg, "m.text", ""); got != "é" {
		t.Error(got)
	}
	if got := Get(cfg, "m.yes", false); !got {
		t.Error(got)
	}
	if got := Get(cfg, "m.list", ""); got != "[1, [2.5]]" {
		t.Error(got)
	}
	if got := Get(cfg, "m.nothing", int64(7)); got != 7 {
		t.Error(got)
	}
	if got := Get(cfg, "m.text", int64(7)); got != 7 {
		t.Error("another type is not taken", got)
	}
}

func TestDamagedSnapshotsAreRefused(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(served(t), "g-*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(good); err != nil {
		t.Fatal(err)
	}
	for at := range good {
		bad := append([]byte(nil), good...)
		bad[at] ^= 0x40
		if _, err := verify(bad); err == nil {
			t.Errorf("byte %d altered, and still taken", at)
		}
		if _, err := verify(good[:at]); err == nil {
			t.Errorf("cut to %d bytes, and still taken", at)
		}
	}
}

func TestGoroutinesShareAReader(t *testing.T) {
	cfg, err := Open(served(t))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 10_000 {
				if got := Get(cfg, "m.int", int64(0)); got != -5 {
					t.Errorf("%d", got)
					return
				}
			}
		}()
	}
	group.Wait()
}

func FuzzVerify(f *testing.F) {
	f.Add(make([]byte, headerLen))
	f.Fuzz(func(t *testing.T, data []byte) {
		if snapshot, err := verify(data); err == nil {
			snapshot.Lookup("m.int")
		}
	})
}

func BenchmarkGet(b *testing.B) {
	cfg, err := Open(served(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		Get(cfg, "m.real", 0.0)
	}
}
