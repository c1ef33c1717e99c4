//go:build linux

package cli

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

const tinyDisk = 4 << 20

// TestFullDisk: where no record can be kept nothing is sent, and once there is room again the run goes on.
func TestFullDisk(t *testing.T) {
	want := undisturbed(t, false)
	for name, share := range map[string]float64{"soon": 0.05, "late": 0.8} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			dir := tinyFS(t)
			w.ledger = filepath.Join(dir, "ledger.jsonl")
			free := ballast(t, dir, want.planEnd+int64(share*float64(want.size-want.planEnd)))
			p := w.run(w.apply(w.file, "--ledger", w.ledger, "--report", "full.xlsx", "--concurrency", "2")...)
			p.exits(t, 1)
			p.says(t, "no space left on device")
			h := history{world: w, received: map[string]int{}}
			h.check(t)
			s := p.summary(t)
			w.reported(s.Reports)
			counted := recorded(t, w.ledger)
			for _, o := range diff.Outcomes() {
				if n := count(counted, o); n != s.Outcomes[o] {
					t.Errorf("the summary counts %d %s, the ledger %d", s.Outcomes[o], o, n)
				}
			}
			free()
			if s.Next == "" {
				t.Error("no command to go on with is named")
			}
			w.shell(s.Next, want.code)
			h.check(t)
			compare(t, w.end(t), want)
		})
	}
}

// TestFullDiskBefore: a plan that cannot be recorded is not sent.
func TestFullDiskBefore(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, false)
	w := newWorld(t)
	dir := tinyFS(t)
	w.ledger = filepath.Join(dir, "ledger.jsonl")
	free := ballast(t, dir, want.planEnd/2)
	p := w.run(w.begin()...)
	p.exits(t, 1)
	p.says(t, "no space left on device")
	if n := w.sandbox.Stats().Writes; n > 0 {
		t.Errorf("%d writes came in", n)
	}
	p.summary(t)
	free()
	w.run(w.next()...).exits(t, want.code) // it begins again
	compare(t, w.end(t), want)
}

func recorded(t *testing.T, path string) []diff.Outcome {
	t.Helper()
	past, err := ledger.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	var all []diff.Outcome
	if err := past.Each(func(e ledger.Entry) error { all = append(all, e.Outcome); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// tinyFS mounts a file system of a few megabytes.
func tinyFS(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m,mode=0700"); err != nil {
		t.Skipf("SKIPPED: no file system can be mounted to be filled up (root may): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// ballast fills the file system up to the room that is to be left, and a few pages; the func takes it away.
func ballast(t *testing.T, dir string, left int64) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	if err := os.WriteFile(path, make([]byte, tinyDisk-left-8<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
