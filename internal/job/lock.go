package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// ExitLocked is the exit code of a run that did not start because another one holds the lock.
const ExitLocked = 11

const lockPoll = 50 * time.Millisecond // how often a run that waits looks whether the lock is free

// Lock is an exclusive lock that the kernel keeps, so that it ends with its process, however that ends: a lock file
// that is left behind locks nothing. A Lock may be used by several goroutines.
type Lock struct {
	mu     sync.Mutex
	held   *flock.Flock // nil once released
	holder string       // the file that tells who holds the lock; "" where none does
	killed time.Time    // when a run that did not release it touched it last; zero where none did
}

// holder is what a lock file tells about the run that holds the lock.
type holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	Cloud   string    `json:"cloud"`
	Tenant  string    `json:"tenant,omitempty"`
}

// StateDir is the directory for what outlives a run: TASKRECON_STATE_DIR, else taskrecon in XDG_STATE_HOME, else
// .local/state/taskrecon in HOME, else, as Windows has it, taskrecon in LOCALAPPDATA. A relative XDG_STATE_HOME does
// not count, as its specification says. The path is absolute; the directory need not exist.
func StateDir(env map[string]string) (string, error) {
	switch {
	case env["TASKRECON_STATE_DIR"] != "":
		return filepath.Abs(env["TASKRECON_STATE_DIR"])
	case filepath.IsAbs(env["XDG_STATE_HOME"]):
		return filepath.Join(env["XDG_STATE_HOME"], "taskrecon"), nil
	case filepath.IsAbs(env["HOME"]):
		return filepath.Join(env["HOME"], ".local", "state", "taskrecon"), nil
	case filepath.IsAbs(env["LOCALAPPDATA"]):
		return filepath.Join(env["LOCALAPPDATA"], "taskrecon"), nil
	}
	return "", Fail(ExitUsage, "set TASKRECON_STATE_DIR", "there is no directory for locks: none of TASKRECON_STATE_DIR, XDG_STATE_HOME, HOME and LOCALAPPDATA is set")
}

// TakeLock takes the one lock that there is for a cloud and tenant, or for the host of graphURL where the tenant is
// not known. Its file is in dir, which is made (0700) where it is missing; all runs must name the same dir.
// Where another run holds the lock, TakeLock waits for up to wait, and then returns an *Exit with ExitLocked that
// names the holder. Where ctx ends first, it returns the cause of ctx.
func TakeLock(ctx context.Context, dir, cloud, tenant, graphURL string, wait time.Duration) (*Lock, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, Fail(ExitFailed, "name another directory with TASKRECON_STATE_DIR", "making the directory for locks: %w", err)
	}
	path := filepath.Join(dir, lockName(cloud, tenant, graphURL))
	// Something else under this name, such as a link, would be emptied below.
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, Fail(ExitFailed, "remove it, or name another directory with TASKRECON_STATE_DIR", "the lock %s is not a regular file", path)
	}
	f := flock.New(lockable(path), flock.SetPermissions(0o600))
	ok, err := f.TryLock()
	if err == nil && !ok && wait > 0 {
		ok, err = waitForLock(ctx, f, wait)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, Fail(ExitFailed, "name another directory with TASKRECON_STATE_DIR", "taking the lock: %w", err)
	case !ok:
		return nil, refused(path, wait)
	}
	l := &Lock{held: f, holder: path}
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		l.killed = info.ModTime()
	}
	if err := writeHolder(path, cloud, tenant); err != nil {
		return nil, errors.Join(fmt.Errorf("writing the lock: %w", err), l.Release())
	}
	return l, nil
}

// lockable is the file to lock in the name of the one at path. Windows lets nobody read what another has locked, so
// that one beside it is locked there.
func lockable(path string) string {
	if runtime.GOOS == "windows" {
		return path + ".held"
	}
	return path
}

// waitForLock polls until the lock is taken (true), wait has passed (false), or ctx ends (an error).
func waitForLock(ctx context.Context, f *flock.Flock, wait time.Duration) (bool, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	ok, err := f.TryLockContext(waiting, lockPoll)
	if waiting.Err() != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	return ok, err
}

func lockName(cloud, tenant, graphURL string) string {
	return "lock-" + tenantName(cloud, tenant, graphURL) + ".lock"
}

// tenantName stands for a tenant in names of files. Nothing of it but letters and digits comes from outside.
func tenantName(cloud, tenant, graphURL string) string {
	cloud = strings.ToLower(cloud)
	key := "tenant\x00" + strings.ToLower(tenant)
	if tenant == "" {
		host := graphURL
		if u, err := url.Parse(graphURL); err == nil && u.Host != "" {
			host = u.Host // with its port: stand-ins share the loopback address
		}
		key = "host\x00" + strings.ToLower(host)
	}
	sum := sha256.Sum256([]byte(cloud + "\x00" + key))
	readable := strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			return r
		}
		return -1
	}, cloud)
	return readable[:min(len(readable), 16)] + "-" + hex.EncodeToString(sum[:6])
}

func writeHolder(path, cloud, tenant string) error {
	host, _ := os.Hostname() // only told, and the pid says more
	line, err := json.Marshal(holder{PID: os.Getpid(), Host: host, Started: time.Now().UTC().Truncate(time.Second), Cloud: cloud, Tenant: tenant})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // truncating keeps the inode, and so the lock
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Sync(), file.Close())
}

// refused makes the error for a lock that another run holds.
func refused(path string, waited time.Duration) *Exit {
	hint := "wait for it with --lock-timeout, such as --lock-timeout 10m"
	if waited > 0 {
		hint = fmt.Sprintf("waited %s; a longer --lock-timeout waits longer", waited)
	}
	if h, ok := readHolder(path); ok {
		return Fail(ExitLocked, hint, "another run holds the lock: pid %d on host %s since %s", h.PID, h.Host, h.Started.UTC().Format(time.RFC3339))
	}
	return Fail(ExitLocked, hint, "another run holds the lock: it has not told who it is in %s", path)
}

// readHolder reads a lock file, with a little patience: its holder may be about to write it.
func readHolder(path string) (h holder, ok bool) {
	for range 5 {
		data, err := os.ReadFile(path)
		if err == nil && json.Unmarshal(data, &h) == nil && h.PID != 0 {
			return h, true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return holder{}, false
}

// LockLedger locks an existing ledger for the one run that writes it. It does not alter the file, and a reader need
// not care. Where another run holds it, the error is an *Exit with ExitLocked that names the ledger.
func LockLedger(path string) (*Lock, error) {
	locked, flag := lockable(path), os.O_RDONLY
	if locked != path {
		flag |= os.O_CREATE
	}
	f := flock.New(locked, flock.SetFlag(flag))
	ok, err := f.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("locking the ledger: %w", err)
	case !ok:
		return nil, Fail(ExitLocked, "run this again when it has ended", "another run writes the ledger %s", path)
	}
	return &Lock{held: f}, nil
}

// Touch marks on the lock's file that its run is at work.
func (l *Lock) Touch() {
	if l != nil && l.holder != "" {
		now := time.Now()
		_ = os.Chtimes(l.holder, now, now) // it tells the next run how long to wait, and no more
	}
}

// Release gives the lock up. The file stays, since another run may be opening it at this moment; a lock file is
// emptied. Releasing again, or releasing nil, does nothing.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		return nil
	}
	var err error
	if l.holder != "" {
		err = os.Truncate(l.holder, 0) // before the lock ends: afterwards the file may be another's
	}
	err = errors.Join(err, l.held.Unlock())
	l.held = nil
	return err
}
