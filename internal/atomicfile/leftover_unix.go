//go:build unix

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// hold locks a file, and reports false where another program has locked it. The kernel lets go of it with its process.
// Where a file system has no locks, nothing is ever taken for a leftover.
func hold(f *os.File) bool {
	return !errors.Is(lock(f), syscall.EWOULDBLOCK)
}

func lock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	if err := raw.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) }); err != nil {
		return err
	}
	return locked
}

// removeUnheld removes a file that no program holds. A link is left alone, whatever it leads to.
func removeUnheld(path string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && lock(f) == nil && stillThere(f) {
		os.Remove(path)
	}
}
