package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

var errTooBig = fmt.Errorf("is too big: more than %d MiB", maxFileSize>>20)

// nameOf is what messages call a file.
func nameOf(path string) string {
	if path == StandardInput {
		return stdinName
	}
	return filepath.Base(path)
}

// readSource reads a file, or standard input, whole.
func readSource(path string, stdin io.Reader) (data []byte, state os.FileInfo, err error) {
	if path == StandardInput {
		if stdin == nil {
			return nil, nil, errors.New("there is none to read from")
		}
		data, err = readBounded(stdin, 0)
		return data, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err // the name is in front already
		}
		return nil, nil, fmt.Errorf("cannot be opened: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("cannot be opened: %w", err)
	case info.IsDir():
		return nil, nil, errors.New("is a directory, not a CSV or XLSX file")
	case info.Size() > maxFileSize:
		return nil, nil, errTooBig
	}
	if data, err = readBounded(f, int(info.Size())); err != nil {
		return nil, nil, err
	}
	if after, err := f.Stat(); err == nil && info.Mode().IsRegular() && !sameState(info, after) {
		return nil, nil, errors.New("changed while it was read; wait until it is complete")
	}
	return data, info, nil
}

func sameState(a, b os.FileInfo) bool { return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) }

// youngFile is how old the time stamp of a file is at least that is taken to be complete at once.
const youngFile = time.Second

// StillWhole looks again at a CSV file that had just been written when it was read, once its time stamp is a second old: one that is
// copied or uploaded meanwhile may have ended with a whole line by chance. An error says that it has changed.
func (in *Input) StillWhole() error {
	if in.state == nil || in.Sheet != "" || !in.state.Mode().IsRegular() {
		return nil
	}
	if age := in.readAt.Sub(in.state.ModTime()); age.Abs() >= youngFile {
		return nil
	}
	time.Sleep(time.Until(in.readAt.Add(youngFile)))
	if now, err := os.Stat(in.path); err != nil || !sameState(in.state, now) {
		return fmt.Errorf("%s: has changed since it was read; wait until it is complete", in.File)
	}
	return nil
}

// readBounded reads to the end of what has about so many bytes; the size of a pipe is not known.
func readBounded(in io.Reader, size int) ([]byte, error) {
	var data bytes.Buffer
	data.Grow(size + bytes.MinRead)
	_, err := data.ReadFrom(io.LimitReader(in, maxFileSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case data.Len() > maxFileSize:
		return nil, errTooBig
	}
	return data.Bytes(), nil
}
