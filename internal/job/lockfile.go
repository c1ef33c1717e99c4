package job

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Each account that may open a lock file may hold it. A machine-wide one is for all accounts.
const (
	sharedMode fs.FileMode = 0o666
	ownMode    fs.FileMode = 0o600
)

// LockName is the name of the lock file of a tenant, or of the host and port of graphURL where the tenant is not known.
func LockName(cloud, tenant, graphURL string) string {
	name := strings.ToLower(cloud + "-" + tenant)
	if tenant == "" {
		name = hostOf(graphURL)
	}
	if len(name) > 100 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" { // it comes from a token or a command line
		sum := sha256.Sum256([]byte(name))
		name = hex.EncodeToString(sum[:8])
	}
	return "taskrecon-" + name + ".lock"
}

// hostOf is the host and port of a URL, as they can be in a file's name.
func hostOf(graphURL string) string {
	u, err := url.Parse(graphURL)
	if err != nil || u.Host == "" {
		return "//" + graphURL // no plain name
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname() + "-" + port)
}

// noPlace is the error of a directory in which no lock file can be made.
type noPlace struct{ cause error }

func (e *noPlace) Error() string { return e.cause.Error() }

// oddLock is the error of a lock file that may lead to another file.
type oddLock struct{ path string }

func (e *oddLock) Error() string { return e.path + " is not a regular file, or has a second name" }

// lockFile locks the file at path, and returns nil where another run has locked it.
func lockFile(path string, mode fs.FileMode) (f *flock.Flock, err error) {
	for range 20 { // what another run makes at this moment does not have its mode yet
		if f, err = tryLockFile(lockable(path), mode); err == nil {
			return f, nil
		}
		var none *noPlace
		var odd *oddLock
		if errors.As(err, &none) || errors.As(err, &odd) {
			return nil, err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil, err
}

func tryLockFile(path string, mode fs.FileMode) (*flock.Flock, error) {
	if err := makeLockFile(path, mode); err != nil {
		return nil, err
	}
	f := flock.New(path, flock.SetFlag(os.O_RDONLY|dontFollow))
	if ok, err := f.TryLock(); err != nil || !ok {
		return nil, err
	}
	locked, err := f.Stat()
	if err == nil {
		var now fs.FileInfo
		if now, err = os.Lstat(path); err == nil && !os.SameFile(locked, now) {
			err = fmt.Errorf("%s was replaced", path)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Unlock())
	}
	return f, nil
}

// makeLockFile makes the file if there is none, with that mode whatever the umask is, and refuses what is no file of its own.
// One that is there is then opened by a call that could not make it: in a directory for all, Linux refuses such a call for
// a file of another account.
func makeLockFile(path string, mode fs.FileMode) error {
	f, made := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|dontFollow, mode)
	if made == nil {
		return errors.Join(f.Chmod(mode), f.Close())
	}
	switch info, err := os.Lstat(path); {
	case err != nil && !errors.Is(made, fs.ErrExist):
		return &noPlace{made}
	case err != nil:
		return err
	case !info.Mode().IsRegular() || links(info) > 1:
		return &oddLock{path}
	}
	return nil
}

// lockable is the file to lock in the name of the one at path. Windows lets no other process read what is locked, so
// that one beside it is locked there.
func lockable(path string) string {
	if runtime.GOOS == "windows" {
		return path + ".held"
	}
	return path
}
