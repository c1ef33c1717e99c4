package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"taskrecon/internal/batch"
	"taskrecon/internal/exit"
)

const lockPoll = 50 * time.Millisecond // how often a run that waits looks whether the lock is free

// LockDirs says where the locks of a run lie. Where both are "", it takes none.
type LockDirs struct {
	Machine string // shared by all accounts of the machine; it must exist
	State   string // of this account; made (0700) where it is missing
}

// Lock keeps other runs out of a tenant or a ledger. The kernel keeps it, so that it ends with its process, however that
// ends: a lock file that is left behind locks nothing. A Lock may be used by several goroutines; a nil one locks nothing.
type Lock struct {
	Notice string // why runs of other accounts are not kept out; "" where they are

	mu     sync.Mutex
	held   []*flock.Flock // none once released
	notes  []*os.File     // the files that say who holds the lock, where they can be written
	holder holder
	sent   []sent // the writes of the window that ends with the last of them
}

type sent struct {
	at     time.Time
	writes int
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
	return "", exit.Errorf(exit.Usage, "set TASKRECON_STATE_DIR", "there is no directory for locks: none of TASKRECON_STATE_DIR, XDG_STATE_HOME, HOME and LOCALAPPDATA is set")
}

// MachineDir is the directory in which all accounts of a machine lock: /run/lock, or the one that ProgramData names on
// Windows. It need not exist.
func MachineDir(env map[string]string) string {
	if runtime.GOOS == "windows" {
		return env["ProgramData"]
	}
	return "/run/lock"
}

// TakeLock takes the locks of a name (see LockName) in all of dirs, for a run of that operator (user@host). Where there is no
// machine-wide place, the Lock's Notice says so. Where another run holds one of them, TakeLock waits for up to wait, and
// then returns an *exit.Error with exit.Locked that names the holder. Where ctx ends first, it returns the cause of ctx.
func TakeLock(ctx context.Context, dirs LockDirs, name, operator string, wait time.Duration) (*Lock, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := os.MkdirAll(dirs.State, 0o700); err != nil {
		return nil, exit.Errorf(exit.Failed, "make it a directory that you may write to", "making the directory for locks: %w", err)
	}
	for started := time.Now(); ; {
		l := &Lock{holder: newHolder(operator)}
		busy, err := l.takeAll(dirs, name)
		if err != nil {
			_ = l.Release()
			return nil, exit.Errorf(exit.Failed, "remove what is in the way, or make it a file that you may read", "taking the lock: %w", err)
		}
		if busy == "" {
			l.begin()
			return l, nil
		}
		_ = l.Release() // of those that were free: another run may need them first
		left := wait - time.Since(started)
		if left <= 0 {
			return nil, refused(busy, wait)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(min(left, lockPoll)):
		}
	}
}

// takeAll takes what is free, up to the first lock file that another run has locked, and returns that one.
func (l *Lock) takeAll(dirs LockDirs, name string) (busy string, err error) {
	const alone = "; runs of other accounts are not kept out"
	var none *noPlace
	if dirs.Machine == "" {
		l.Notice = "there is no machine-wide place for locks" + alone
	} else {
		machine := filepath.Join(dirs.Machine, name)
		ok, err := l.take(machine, sharedMode)
		switch {
		case errors.As(err, &none):
			l.Notice = "there is no machine-wide lock: " + none.Error() + alone
		case err != nil || !ok:
			return machine, err
		case samePlace(dirs.Machine, dirs.State):
			return "", nil
		}
	}
	state := filepath.Join(dirs.State, name)
	if ok, err := l.take(state, ownMode); err != nil || !ok {
		return state, err
	}
	return "", nil
}

// take takes the lock of one file, and reports false where another run holds it.
func (l *Lock) take(path string, mode fs.FileMode) (bool, error) {
	f, err := lockFile(path, mode)
	if f == nil {
		return false, err
	}
	l.held = append(l.held, f)
	l.read(path)
	return true, nil
}

// LockLedger locks an existing ledger for the one run that writes it. It does not alter the file, and a reader need
// not care. Where another run holds it, the error is an *exit.Error with exit.Locked that names the ledger.
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
		return nil, exit.Errorf(exit.Locked, "run this again when it has ended", "another run writes the ledger %s", path)
	}
	return &Lock{held: []*flock.Flock{f}}, nil
}

// Wrote notes that so many writes leave now, for the next run and should this one be killed: what the service counts does
// not end with a run.
func (l *Lock) Wrote(writes int, at time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, sent{at, writes})
	begin, n := at.Add(-batch.PublishedWrites.Per), 0
	for len(l.sent) > 0 && !l.sent[0].at.After(begin) {
		l.sent = l.sent[1:]
	}
	for _, s := range l.sent {
		n += s.writes
	}
	l.holder.Writes = n
	if at.After(l.holder.Last) {
		l.holder.Last = at
	}
	l.writeHolder()
}

// Answered notes when an answer to writes came, or was given up: until then the service may have counted them.
func (l *Lock) Answered(at time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.holder.Last) {
		l.holder.Last = at // the files learn it with the next write, or at the end
	}
}

// Release gives the lock up. Its files stay, since another run may be opening them at this moment; they say only what was
// sent last. Releasing again, or releasing nil, does nothing.
func (l *Lock) Release() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder = holder{Last: l.holder.Last, Writes: l.holder.Writes}
	l.writeHolder() // before the lock ends: afterwards the files may be another's
	var errs []error
	for _, f := range l.notes {
		errs = append(errs, f.Close())
	}
	for _, f := range l.held {
		errs = append(errs, f.Unlock())
	}
	l.notes, l.held = nil, nil
	return errors.Join(errs...)
}
