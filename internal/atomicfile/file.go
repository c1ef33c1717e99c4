// Package atomicfile writes files that appear under their name whole or not at all.
package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file that is written beside the place where it is to appear. It is for one goroutine.
type File struct {
	*os.File
	path  string
	ended bool
}

// Create starts a file that is to appear at path, whose directory exists, with this mode whatever the umask is.
// Windows takes of a mode only whether the file may be written.
func Create(path string, mode fs.FileMode) (*File, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"*")
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

// Write makes a file of these contents appear at path.
func Write(path string, contents []byte, mode fs.FileMode) error {
	f, err := Create(path, mode)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(contents); err != nil {
		return err
	}
	return f.Commit()
}

// Commit puts the contents on stable storage and gives the file its name, in the place of one that has it. After an
// error, what was at the path is there still, and the file is gone.
func (f *File) Commit() error {
	err := f.Sync()
	if err == nil {
		err = f.Close() // Windows renames no open file
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		f.Discard()
	}
	f.ended = true
	return err
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
