//go:build unix

package job

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"taskrecon/internal/exit"
)

var umask = syscall.Umask

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }

// lockAccountDir makes the test binary a run of another account.
const lockAccountDir = "TASKRECON_TEST_LOCK_ACCOUNT"

func TestLockAccountProcess(t *testing.T) {
	dir := os.Getenv(lockAccountDir)
	if dir == "" {
		return // only a child of TestLockAmongAccounts has something to do here
	}
	l, err := TakeLock(t.Context(), LockDirs{Machine: dir, State: filepath.Join(os.TempDir(), fmt.Sprint("state-", os.Getuid()))}, LockName("global", "t1", ""), "other@example", 0)
	if err != nil {
		fmt.Printf("refused with %d: %v\n", exit.Code(err), err)
		return
	}
	fmt.Printf("held, notice %q, recent %d\n", l.Notice, l.Recent().Writes)
	l.Wrote(5, time.Now())
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

// TestLockAmongAccounts: a run of one account sees that of another in a directory for all, and either may leave its line for the
// other, though the file belongs to one of them.
func TestLockAmongAccounts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another account")
	}
	machine := filepath.Join(os.TempDir(), fmt.Sprintf("taskrecon-accounts-%d", os.Getpid()))
	if err := errors.Join(os.Mkdir(machine, 0o777), os.Chmod(machine, 0o777|os.ModeSticky)); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(machine)
	account := func(uid uint32) string {
		t.Helper()
		temp := filepath.Join(machine, fmt.Sprint("tmp-", uid))
		if err := os.Mkdir(temp, 0o700); err == nil {
			if err := os.Chown(temp, int(uid), int(uid)); err != nil {
				t.Fatal(err)
			}
		}
		child := exec.Command("/proc/self/exe", "-test.run=^TestLockAccountProcess$")
		child.Env = append(os.Environ(), lockAccountDir+"="+machine, "TMPDIR="+temp)
		child.Dir = "/"
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := child.CombinedOutput()
		if err != nil {
			t.Skipf("no process of another account can be started here: %v, %s", err, out)
		}
		return string(out)
	}
	first := account(54321) // who makes the file
	second := account(54322)
	t.Log(first, second)
	dirs := LockDirs{Machine: machine, State: t.TempDir()}
	mine := mustLock(t, dirs, "t1")
	if n := mine.Recent().Writes; n != 5 {
		t.Errorf("recent writes %d", n)
	}
	third := account(54321)
	if err := mine.Release(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(machine, LockName("global", "t1", "")), 0o600); err != nil { // as no run leaves it
		t.Fatal(err)
	}
	fourth := account(54322)
	for got, want := range map[string]string{fourth: "refused with 1: taking the lock: open ", first: `held, notice "", recent 0`, second: `held, notice "", recent 5`, third: fmt.Sprintf("refused with 11: another run holds the lock: ops, pid %d ", os.Getpid())} {
		if len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("an account says %q, want %q", got, want)
		}
	}
}
