package job

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
)

func TestStateDir(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		env  map[string]string
		want string // "" is an error
	}{
		{"own variable first", map[string]string{"TASKRECON_STATE_DIR": "/s", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "/s"},
		{"a relative one is made absolute", map[string]string{"TASKRECON_STATE_DIR": "s"}, filepath.Join(here, "s")},
		{"then XDG", map[string]string{"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/taskrecon"},
		{"a relative XDG does not count", map[string]string{"XDG_STATE_HOME": "x", "HOME": "/h"}, "/h/.local/state/taskrecon"},
		{"then HOME", map[string]string{"HOME": "/h"}, "/h/.local/state/taskrecon"},
		{"HOME before what Windows has", map[string]string{"HOME": "/h", "LOCALAPPDATA": "/l"}, "/h/.local/state/taskrecon"},
		{"then what Windows has", map[string]string{"LOCALAPPDATA": "/l"}, "/l/taskrecon"},
		{"empty is not set", map[string]string{"TASKRECON_STATE_DIR": "", "XDG_STATE_HOME": "", "HOME": ""}, ""},
		{"nothing", nil, ""},
	}
	for _, c := range cases {
		got, err := StateDir(c.env)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
		if err != nil && (Code(err) != ExitUsage || !strings.Contains(err.Error(), "TASKRECON_STATE_DIR")) {
			t.Errorf("%s: %v, code %d", c.name, err, Code(err))
		}
	}
}

func TestLockName(t *testing.T) {
	type key struct{ cloud, tenant, url string }
	same := [][2]key{
		{{"global", "T-1", "https://a"}, {"global", "t-1", "https://b"}},
		{{"Global", "t-1", ""}, {"global", "t-1", ""}},
		{{"global", "", "https://Graph.example/beta"}, {"global", "", "https://graph.example/v1.0"}},
	}
	for _, s := range same {
		a, b := s[0], s[1]
		if lockName(a.cloud, a.tenant, a.url) != lockName(b.cloud, b.tenant, b.url) {
			t.Errorf("%v and %v have different locks", a, b)
		}
	}
	seen := map[string]key{}
	safe := regexp.MustCompile(`^lock-[a-z0-9]{0,16}-[0-9a-f]{12}\.lock$`)
	for _, k := range []key{
		{"global", "t1", ""},
		{"global", "t2", ""},
		{"usgov", "t1", ""},
		{"us-gov", "t1", ""},
		{"global", "", "http://127.0.0.1:1"},
		{"global", "", "http://127.0.0.1:2"},
		{"global", "127.0.0.1:1", ""},
		{"global", "", ""},
		{"", "", ""},
		{"global", "", "://"},
		{"../../etc", "../../../passwd", "x"},
		{strings.Repeat("long", 100), strings.Repeat("long", 100), ""},
		{"a/b\x00", "é\n/", ""},
		{"global", "..", ""},
	} {
		name := lockName(k.cloud, k.tenant, k.url)
		if !safe.MatchString(name) || filepath.Base(name) != name {
			t.Errorf("%v: unsafe name %q", k, name)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("%v and %v share a lock", k, other)
		}
		seen[name] = k
	}
}

func TestLockIsExclusiveAndTellsItsHolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "taskrecon")
	first := mustLock(t, dir, "t1")
	path := onlyFile(t, dir)
	for p, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", p, info.Mode(), err, want)
		}
	}
	var told holder
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &told) != nil {
		t.Fatalf("%s: %v", data, err)
	}
	host, _ := os.Hostname()
	if told.PID != os.Getpid() || told.Host != host || told.Cloud != "global" || told.Tenant != "t1" || time.Since(told.Started) > time.Minute {
		t.Errorf("the file tells %+v", told)
	}

	_, err = TakeLock(t.Context(), dir, "global", "T1", "", 0)
	want := fmt.Sprintf("another run holds the lock: pid %d on host %s since %s", os.Getpid(), host, told.Started.Format(time.RFC3339))
	wantLocked(t, err, want, "--lock-timeout")

	other := mustLock(t, dir, "t2") // another tenant's is free
	if err := errors.Join(other.Release(), first.Release(), first.Release()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 0 {
		t.Errorf("after release: %v, %v; want an empty file", info, err)
	}

	second := mustLock(t, dir, "t1")
	if err := first.Release(); err != nil { // must not touch the second's
		t.Fatal(err)
	}
	_, err = TakeLock(t.Context(), dir, "global", "t1", "", 0)
	wantLocked(t, err, "another run holds the lock: pid ", "")
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
	if err := (*Lock)(nil).Release(); err != nil {
		t.Error(err)
	}
}

// What a crashed run left in its file neither locks nor shows.
func TestLeftoverLockFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, lockName("global", "t1", ""))
	long := `{"pid":1,"host":"old","started":"2020-01-01T00:00:00Z"}` + strings.Repeat(" ", 4096) + "x"
	if err := os.WriteFile(path, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	l := mustLock(t, dir, "t1")
	defer l.Release()
	if h, ok := readHolder(path); !ok || h.PID != os.Getpid() {
		t.Errorf("the file tells %+v", h)
	}
	// A holder that has not told yet who it is.
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := TakeLock(t.Context(), dir, "global", "t1", "", 0)
	wantLocked(t, err, "another run holds the lock: it has not told who it is in "+path, "--lock-timeout")
}

// TestKilledRunIsNoticed: a run that was killed leaves its lock's file as it touched it last, one that ended does not.
func TestKilledRunIsNoticed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, lockName("global", "t1", ""))
	last := time.Now().Add(-5 * time.Second).Truncate(time.Second)
	if err := errors.Join(os.WriteFile(path, []byte(`{"pid":1}`), 0o600), os.Chtimes(path, last, last)); err != nil {
		t.Fatal(err)
	}
	l := mustLock(t, dir, "t1")
	if !l.killed.Equal(last) {
		t.Errorf("killed at %v, want %v", l.killed, last)
	}
	r := new(recent)
	r.open(filepath.Join(dir, "sent.json"), l)
	if before := r.before(nil); len(before) != 1 || !before[0].At.Equal(last) || before[0].Writes != 100 {
		t.Errorf("a new run is told of %v", before)
	}
	own := batch.Lately{{ClientRequestID: "a", At: last, Writes: 20}}
	if before := r.before(own); len(before) != 1 || before[0].Writes != 20 {
		t.Errorf("the run that goes on is told of %v", before)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	r.add(batch.Envelope{ClientRequestID: "b", At: time.Now(), Changes: make([]*diff.Change, 7)})
	if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) > time.Minute {
		t.Errorf("the file was touched at %v, %v", info.ModTime(), err)
	}
	r.keep()
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	l = mustLock(t, dir, "t1")
	defer l.Release()
	next := new(recent)
	next.open(filepath.Join(dir, "sent.json"), l)
	if before := next.before(nil); len(before) != 1 || before[0].Writes != 7 {
		t.Errorf("after a run that ended, the next is told of %v", before)
	}
}

func TestLockWaits(t *testing.T) {
	dir := t.TempDir()
	first := mustLock(t, dir, "t1")
	start := time.Now()
	_, err := TakeLock(t.Context(), dir, "global", "t1", "", 120*time.Millisecond)
	wantLocked(t, err, "another run holds the lock: pid ", "waited 120ms; a longer --lock-timeout waits longer")
	if took := time.Since(start); took < 120*time.Millisecond || took > 5*time.Second {
		t.Errorf("gave up after %s", took)
	}

	time.AfterFunc(80*time.Millisecond, func() { first.Release() })
	second, err := TakeLock(t.Context(), dir, "global", "t1", "", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Release()

	cause := Fail(ExitInterrupt, "", "interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(80*time.Millisecond, func() { cancel(cause) })
	if _, err := TakeLock(ctx, dir, "global", "t1", "", time.Minute); err != error(cause) {
		t.Errorf("stopped while it waits: %v, want the cause", err)
	}
	if _, err := TakeLock(ctx, dir, "global", "free", "", 0); err != error(cause) {
		t.Errorf("stopped before: %v, want the cause", err)
	}
	deadline, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := TakeLock(deadline, dir, "global", "t1", "", time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the run's own deadline: %v, want it and not a refusal", err)
	}
}

func TestLockAmongGoroutines(t *testing.T) {
	dir := t.TempDir()
	var inside, most atomic.Int32
	unguarded := 0 // the race detector watches
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 3 {
				l, err := TakeLock(t.Context(), dir, "global", "t1", "", time.Minute)
				if err != nil {
					t.Error(err)
					return
				}
				most.Store(max(most.Load(), inside.Add(1)))
				unguarded++
				time.Sleep(time.Millisecond)
				inside.Add(-1)
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if most.Load() != 1 || unguarded != 24 {
		t.Errorf("%d runs at once, %d in all; want 1 and 24", most.Load(), unguarded)
	}
}

func TestReleaseFromSeveralGoroutines(t *testing.T) {
	l := mustLock(t, t.TempDir(), "t1")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := l.Release(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestLockThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := TakeLock(t.Context(), file, "global", "t1", "", 0); Code(err) != ExitFailed {
		t.Errorf("a file for a directory: %v", err)
	}
	link := filepath.Join(dir, lockName("global", "t1", ""))
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if _, err := TakeLock(t.Context(), dir, "global", "t1", "", 0); Code(err) != ExitFailed || !strings.Contains(err.Error(), link) {
		t.Errorf("a link for a lock: %v", err)
	}
	if data, err := os.ReadFile(file); string(data) != "precious" {
		t.Errorf("the link's target is now %q, %v", data, err)
	}
}

func TestLockLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	if _, err := LockLedger(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no ledger: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("locking made a ledger")
	}
	const text = "{\"kind\":\"run\"}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := LockLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = LockLedger(path)
	wantLocked(t, err, "another run writes the ledger "+path, "")

	// The holder writes through a descriptor of its own, and others read.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("more\n")
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = LockLedger(path) // closing that descriptor gave nothing up
	wantLocked(t, err, "another run writes the ledger ", "")
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); string(data) != text+"more\n" {
		t.Errorf("the ledger is now %q", data)
	}
	again, err := LockLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Release(); err != nil {
		t.Fatal(err)
	}
}

// lockHolderDir makes the test binary a process that holds a lock and a ledger until it is killed.
const lockHolderDir = "TASKRECON_TEST_LOCK_HOLDER"

func TestLockHolderProcess(t *testing.T) {
	dir := os.Getenv(lockHolderDir)
	if dir == "" {
		return // only a child of TestLockEndsWithItsProcess has something to do here
	}
	l, err := TakeLock(t.Context(), dir, "global", "t1", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	book, err := LockLedger(filepath.Join(dir, "ledger.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("held")
	time.Sleep(time.Minute)
	runtime.KeepAlive([]*Lock{l, book})
}

func TestLockEndsWithItsProcess(t *testing.T) {
	dir := t.TempDir()
	ledger := filepath.Join(dir, "ledger.jsonl")
	if err := os.WriteFile(ledger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each takes over what a killed one left
		child := exec.Command(os.Args[0], "-test.run=^TestLockHolderProcess$")
		child.Env = append(os.Environ(), lockHolderDir+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		kill := sync.OnceFunc(func() { child.Process.Kill(); child.Wait() })
		defer kill()
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
			t.Fatalf("the child says %q, %v", line, err)
		}
		_, err = TakeLock(t.Context(), dir, "global", "t1", "", 0)
		wantLocked(t, err, fmt.Sprintf("another run holds the lock: pid %d on host ", child.Process.Pid), "--lock-timeout")
		_, err = LockLedger(ledger)
		wantLocked(t, err, "another run writes the ledger ", "")

		kill() // SIGKILL: the child cleans nothing up
		book, err := LockLedger(ledger)
		if err != nil {
			t.Fatalf("after the kill: %v", err)
		}
		if err := errors.Join(mustLock(t, dir, "t1").Release(), book.Release()); err != nil {
			t.Fatal(err)
		}
	}
}

func mustLock(t *testing.T, dir, tenant string) *Lock {
	t.Helper()
	l, err := TakeLock(t.Context(), dir, "global", tenant, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantLocked(t *testing.T, err error, prefix, hint string) {
	t.Helper()
	var e *Exit
	if !errors.As(err, &e) || e.Code != ExitLocked || !strings.HasPrefix(e.Error(), prefix) || !strings.Contains(e.Hint, hint) {
		t.Fatalf("got %v (%#v), want an Exit %d that begins with %q and hints %q", err, err, ExitLocked, prefix, hint)
	}
}

func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v; want one file", entries, err)
	}
	return filepath.Join(dir, entries[0].Name())
}
