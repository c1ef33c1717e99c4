package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// File is a file that is written beside the place where it is to appear. It is for one goroutine.
type File struct {
	*os.File
	path  string
	ended bool
}

// Create starts a file that is to appear at path, whose directory exists, with this mode whatever the umask is. What a
// program that was killed left of such a file is removed. Windows takes of a mode only whether the file may be written.
func Create(path string, mode fs.FileMode) (*File, error) {
	dir, name := filepath.Split(path)
	dir = filepath.Clean(dir)
	sweep(dir, "."+name+mark)
	temp, err := createHeld(dir, "."+name+mark+"*")
	if err != nil {
		return nil, err
	}
	f := &File{File: temp, path: path}
	if err := temp.Chmod(mode); err != nil {
		f.Discard()
		return nil, err
	}
	return f, nil
}

// Write makes a file of these contents appear at path, in the place of one that is there.
func Write(path string, contents []byte, mode fs.FileMode) error {
	return write(path, contents, mode, (*File).Commit)
}

// WriteNew does the same, but where something has the name it fails with an error that wraps fs.ErrExist.
func WriteNew(path string, contents []byte, mode fs.FileMode) error {
	return write(path, contents, mode, (*File).CommitNew)
}

func write(path string, contents []byte, mode fs.FileMode, commit func(*File) error) error {
	f, err := Create(path, mode)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(contents); err != nil {
		return err
	}
	return commit(f)
}

// Check says why a file cannot appear at path, or must not: what has the name is replaced only where that is asked for, and
// only if it is a file. An error of a name that is taken wraps fs.ErrExist. Check writes and removes a file beside path to
// find out; it leaves nothing behind.
func Check(path string, replace bool) error {
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return cannot(path, err)
	case info.IsDir():
		return fmt.Errorf("%s is a directory", path)
	case info.Mode()&fs.ModeType&^fs.ModeSymlink != 0:
		return fmt.Errorf("%s is no regular file", path)
	case !replace:
		return taken(path)
	}
	f, err := Create(path, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s cannot be written: there is no directory %s", path, filepath.Dir(path))
	}
	if err != nil {
		return cannot(path, err)
	}
	f.Discard()
	return nil
}

// cannot leaves out of an error the name of the temporary file.
func cannot(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s cannot be written: %w", path, err)
}

// taken is the error of a path that something has already.
type taken string

func (t taken) Error() string        { return string(t) + " exists already" }
func (t taken) Is(target error) bool { return target == fs.ErrExist }

// Commit puts the contents on stable storage and gives the file its name, in the place of one that has it. After an
// error, what was at the path is there still, and the file is gone.
func (f *File) Commit() error {
	return f.commit(func() error { return os.Rename(f.Name(), f.path) })
}

// CommitNew does the same, but where something has the name it fails with an error that wraps fs.ErrExist.
func (f *File) CommitNew() error { return f.commit(f.appear) }

func (f *File) commit(appear func() error) error {
	err := f.Sync()
	if err == nil && runtime.GOOS == "windows" { // which renames no open file; elsewhere a closed one may be taken for a leftover
		err = f.Close()
	}
	if err == nil {
		err = appear()
	}
	if err != nil {
		f.Discard()
		return err
	}
	f.ended = true
	f.Close() // all that could fail did so in Sync
	return nil
}

// appear gives a file its name if nothing has it. Only a link does so in one step; some file systems have none.
func (f *File) appear() error {
	if os.Link(f.Name(), f.path) == nil {
		os.Remove(f.Name()) // where that fails, it is a leftover
		return nil
	}
	if _, there := os.Lstat(f.path); there == nil {
		return taken(f.path)
	}
	return os.Rename(f.Name(), f.path)
}

// Discard removes a file that did not appear. After Commit it does nothing.
func (f *File) Discard() {
	if f.ended {
		return
	}
	f.ended = true
	f.Close()
	os.Remove(f.Name())
}
