package job

import (
	"bufio"
	"context"
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
	"taskrecon/internal/exit"
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
		if err != nil && (exit.Code(err) != exit.Usage || !strings.Contains(err.Error(), "TASKRECON_STATE_DIR")) {
			t.Errorf("%s: %v, code %d", c.name, err, exit.Code(err))
		}
	}
}

func TestLockName(t *testing.T) {
	for _, c := range []struct{ cloud, tenant, url, want string }{
		{"global", "72F988BF-86F1-41AF-91AB-2D7CD011DB47", "https://a", "taskrecon-global-72f988bf-86f1-41af-91ab-2d7cd011db47.lock"},
		{"Global", "72f988bf-86f1-41af-91ab-2d7cd011db47", "https://b", "taskrecon-global-72f988bf-86f1-41af-91ab-2d7cd011db47.lock"},
		{"global", "", "https://graph.microsoft.com", "taskrecon-graph.microsoft.com-443.lock"},
		{"custom", "", "https://Graph.Microsoft.com:443/beta", "taskrecon-graph.microsoft.com-443.lock"},
		{"custom", "", "http://127.0.0.1:8080", "taskrecon-127.0.0.1-8080.lock"},
		{"custom", "", "http://localhost", "taskrecon-localhost-80.lock"},
	} {
		if got := LockName(c.cloud, c.tenant, c.url); got != c.want {
			t.Errorf("%q, %q, %q: %q, want %q", c.cloud, c.tenant, c.url, got, c.want)
		}
	}
	seen := map[string]string{}
	hashed := regexp.MustCompile(`^taskrecon-[0-9a-f]{16}\.lock$`)
	for _, tenant := range []string{"../../../passwd", strings.Repeat("long", 100), "é", "a/b\x00", "a b", `a\b`, "a:b"} {
		name := LockName("global", tenant, "")
		if !hashed.MatchString(name) || seen[name] != "" {
			t.Errorf("tenant %q: %q, which %q has too", tenant, name, seen[name])
		}
		seen[name] = tenant
	}
	if name := LockName("custom", "", "http://[::1]:80"); !hashed.MatchString(name) {
		t.Errorf("an address with colons: %q", name)
	}
}

func TestLockIsExclusiveAndTellsItsHolder(t *testing.T) {
	dirs := LockDirs{Machine: t.TempDir(), State: filepath.Join(t.TempDir(), "state", "taskrecon")}
	old := umask(0o077)
	first := mustLock(t, dirs, "t1")
	umask(old)
	shared, own := onlyFile(t, dirs.Machine), onlyFile(t, dirs.State)
	for p, want := range map[string]fs.FileMode{dirs.State: 0o700, own: 0o600, shared: 0o666} {
		info, err := os.Stat(p)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", p, info.Mode(), err, want)
		}
	}
	host, _ := os.Hostname()
	var since string
	for _, p := range []string{shared, own} {
		told, ok := readHolder(p)
		if !ok || told.PID != os.Getpid() || told.Host != host || told.User != "ops" || time.Since(told.Started) > time.Minute {
			t.Errorf("%s tells %+v", p, told)
		}
		since = told.Started.Format(time.RFC3339)
	}

	// Another account of the machine has a state directory of its own.
	another := LockDirs{Machine: dirs.Machine, State: t.TempDir()}
	want := fmt.Sprintf("another run holds the lock: ops, pid %d on host %s, since %s", os.Getpid(), host, since)
	for _, d := range []LockDirs{dirs, another, {State: dirs.State}} {
		_, err := takeLock(t, d, "t1", 0)
		wantLocked(t, err, want, "--lock-timeout")
		if e := new(exit.Error); errors.As(err, &e) && strings.Contains(e.Hint, "TASKRECON_STATE_DIR") {
			t.Errorf("the hint %q takes the lock away", e.Hint)
		}
	}
	other := mustLock(t, dirs, "t2") // another tenant's is free
	if err := errors.Join(other.Release(), first.Release(), first.Release()); err != nil {
		t.Fatal(err)
	}
	if told, ok := readHolder(shared); !ok || told != (holder{}) {
		t.Errorf("after release: %+v", told)
	}

	second := mustLock(t, dirs, "t1")
	if err := first.Release(); err != nil { // must not touch the second's
		t.Fatal(err)
	}
	_, err := takeLock(t, dirs, "t1", 0)
	wantLocked(t, err, "another run holds the lock: ops, pid ", "")
	if err := errors.Join(second.Release(), (*Lock)(nil).Release()); err != nil {
		t.Error(err)
	}
}

// TestLockWithoutMachine: where the machine has no place for locks, a notice says so, and the lock of the account is taken.
func TestLockWithoutMachine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, machine := range []string{"", filepath.Join(file, "none"), filepath.Join(t.TempDir(), "none"), "/proc"} {
		dirs := LockDirs{Machine: machine, State: t.TempDir()}
		l := mustLock(t, dirs, "t1")
		if !strings.Contains(l.Notice, "there is no machine-wide ") || !strings.Contains(l.Notice, "other accounts are not kept out") {
			t.Errorf("%q: notice %q", machine, l.Notice)
		}
		_, err := takeLock(t, dirs, "t1", 0)
		wantLocked(t, err, "another run holds the lock: ", "")
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}
	dirs := LockDirs{Machine: t.TempDir(), State: t.TempDir()}
	l := mustLock(t, dirs, "t1")
	defer l.Release()
	if l.Notice != "" {
		t.Errorf("notice %q", l.Notice)
	}
	one := t.TempDir() // for both
	both := mustLock(t, LockDirs{Machine: one, State: one}, "t1")
	defer both.Release()
	onlyFile(t, one)
}

// TestLeftoverLockFile: what a run that was killed left in its file neither locks nor shows, but for what it sent last.
func TestLeftoverLockFile(t *testing.T) {
	dirs := LockDirs{State: t.TempDir()}
	path := filepath.Join(dirs.State, LockName("global", "t1", ""))
	last := time.Now().Add(-5 * time.Second).UTC().Truncate(time.Second)
	long := fmt.Sprintf(`{"user":"old","pid":1,"host":"old","started":"2020-01-01T00:00:00Z","last":%q,"writes":70}`, last.Format(time.RFC3339)) + strings.Repeat(" ", 3000)
	if err := os.WriteFile(path, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	l := mustLock(t, dirs, "t1")
	defer l.Release()
	if h, ok := readHolder(path); !ok || h.PID != os.Getpid() || h.User != "ops" {
		t.Errorf("the file tells %+v", h)
	}
	if r := l.Recent(); !r.Last.Equal(last) || r.Writes != 70 {
		t.Errorf("recent writes %+v", r)
	}
	for text, want := range map[string]string{
		"{": "another run holds the lock: it has not said who it is in " + path,
		`{"user":"\u001b[2Jeve\nroot","pid":5,"host":""}`: "another run holds the lock: ?[2Jeve?root, pid 5 on host unknown, since ",
		strings.Repeat(" ", 1<<20) + `{"pid":5}`:          "another run holds the lock: it has not said who it is in " + path,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := takeLock(t, dirs, "t1", 0)
		wantLocked(t, err, want, "--lock-timeout")
	}
}

// TestRecentWrites: the next run, of whatever account, learns what left in the window before the last write, whether the one
// before was killed or ended.
func TestRecentWrites(t *testing.T) {
	machine := t.TempDir()
	dirs := func() LockDirs { return LockDirs{Machine: machine, State: t.TempDir()} }
	start := time.Now().UTC().Add(-time.Minute)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	l := mustLock(t, dirs(), "t1")
	if r := l.Recent(); r != (batch.RecentWrites{}) {
		t.Errorf("nothing was sent, but %+v", r)
	}
	want := func(l *Lock, writes, seconds int) {
		t.Helper()
		if r := l.Recent(); r.Writes != writes || !r.Last.Equal(at(seconds)) {
			t.Errorf("recent %+v, want %d at %v", r, writes, at(seconds))
		}
	}
	l.Wrote(20, at(0))
	l.Wrote(7, at(19))
	want(l, 27, 19)
	l.Wrote(5, at(20)) // what left a window ago is counted no more
	want(l, 12, 20)
	for _, f := range l.held { // killed: nothing is written any more
		f.Unlock()
	}
	l = mustLock(t, dirs(), "t1")
	want(l, 12, 20)
	if err := l.Release(); err != nil { // it sent nothing
		t.Fatal(err)
	}
	l = mustLock(t, dirs(), "t1")
	want(l, 12, 20)
	l.Wrote(1, at(50))
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	file := onlyFile(t, machine)
	for _, lie := range []string{`{"last":"2999-01-01T00:00:00Z","writes":100}`, `{"writes":-5,"last":"2999-01-01T00:00:00Z"}`, "nonsense"} {
		if err := os.WriteFile(file, []byte(lie), 0o600); err != nil {
			t.Fatal(err)
		}
		l = mustLock(t, dirs(), "t1")
		if r := l.Recent(); r.Last.After(time.Now()) || r.Writes < 0 {
			t.Errorf("%s: recent %+v", lie, r)
		}
		if err := l.Release(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLockWaits(t *testing.T) {
	dir := t.TempDir()
	first := mustLock(t, LockDirs{State: dir}, "t1")
	start := time.Now()
	_, err := TakeLock(t.Context(), LockDirs{State: dir}, LockName("global", "t1", ""), "ops@example", 120*time.Millisecond)
	wantLocked(t, err, "another run holds the lock: ops, pid ", "waited 120ms; a longer --lock-timeout waits longer")
	if took := time.Since(start); took < 120*time.Millisecond || took > 5*time.Second {
		t.Errorf("gave up after %s", took)
	}

	time.AfterFunc(80*time.Millisecond, func() { first.Release() })
	second, err := TakeLock(t.Context(), LockDirs{State: dir}, LockName("global", "t1", ""), "ops@example", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Release()

	cause := exit.Errorf(exit.Interrupt, "", "interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(80*time.Millisecond, func() { cancel(cause) })
	if _, err := TakeLock(ctx, LockDirs{State: dir}, LockName("global", "t1", ""), "ops@example", time.Minute); err != error(cause) {
		t.Errorf("stopped while it waits: %v, want the cause", err)
	}
	if _, err := TakeLock(ctx, LockDirs{State: dir}, LockName("global", "free", ""), "ops@example", 0); err != error(cause) {
		t.Errorf("stopped before: %v, want the cause", err)
	}
	deadline, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err := TakeLock(deadline, LockDirs{State: dir}, LockName("global", "t1", ""), "ops@example", time.Minute); !errors.Is(err, context.DeadlineExceeded) {
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
				l, err := TakeLock(t.Context(), LockDirs{State: dir}, LockName("global", "t1", ""), "ops@example", time.Minute)
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
	l := mustLock(t, LockDirs{State: t.TempDir()}, "t1")
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

// TestLockThatCannotBe: what is no plain file of its own is neither followed nor written, in either place.
func TestLockThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := takeLock(t, LockDirs{State: file}, "t1", 0); exit.Code(err) != exit.Failed {
		t.Errorf("a file for a directory: %v", err)
	}
	for what, put := range map[string]func(path string) error{
		"a link":            func(path string) error { return os.Symlink(file, path) },
		"a link to nothing": func(path string) error { return os.Symlink(file+"-none", path) },
		"a second name":     func(path string) error { return os.Link(file, path) },
		"a directory":       func(path string) error { return os.Mkdir(path, 0o700) },
		"a pipe":            mkfifo,
	} {
		for _, shared := range []bool{true, false} {
			dirs := LockDirs{Machine: t.TempDir(), State: t.TempDir()}
			path := filepath.Join(dirs.State, LockName("global", "t1", ""))
			if shared {
				path = filepath.Join(dirs.Machine, LockName("global", "t1", ""))
			}
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			if _, err := takeLock(t, dirs, "t1", 0); exit.Code(err) != exit.Failed || !strings.Contains(err.Error(), path) {
				t.Errorf("%s for a lock: %v", what, err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := mustLock(t, dirs, "t1").Release(); err != nil { // nothing of the refused one is held still
				t.Error(err)
			}
		}
	}
	if data, err := os.ReadFile(file); string(data) != "precious" {
		t.Errorf("the link's target is now %q, %v", data, err)
	}
	if _, err := os.Lstat(file + "-none"); err == nil {
		t.Error("the target of a link was made")
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
	l, err := takeLock(t, LockDirs{State: dir}, "t1", 0)
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
		_, err = takeLock(t, LockDirs{State: dir}, "t1", 0)
		wantLocked(t, err, fmt.Sprintf("another run holds the lock: ops, pid %d on host ", child.Process.Pid), "--lock-timeout")
		_, err = LockLedger(ledger)
		wantLocked(t, err, "another run writes the ledger ", "")

		kill() // SIGKILL: the child cleans nothing up
		book, err := LockLedger(ledger)
		if err != nil {
			t.Fatalf("after the kill: %v", err)
		}
		if err := errors.Join(mustLock(t, LockDirs{State: dir}, "t1").Release(), book.Release()); err != nil {
			t.Fatal(err)
		}
	}
}

func takeLock(t *testing.T, dirs LockDirs, tenant string, wait time.Duration) (*Lock, error) {
	return TakeLock(t.Context(), dirs, LockName("global", tenant, ""), "ops@example", wait)
}

func mustLock(t *testing.T, dirs LockDirs, tenant string) *Lock {
	t.Helper()
	l, err := takeLock(t, dirs, tenant, 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantLocked(t *testing.T, err error, prefix, hint string) {
	t.Helper()
	var e *exit.Error
	if !errors.As(err, &e) || e.Code != exit.Locked || !strings.HasPrefix(e.Error(), prefix) || !strings.Contains(e.Hint, hint) {
		t.Fatalf("got %v (%#v), want an exit.Error %d that begins with %q and hints %q", err, err, exit.Locked, prefix, hint)
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
