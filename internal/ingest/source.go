package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

var errTooBig = fmt.Errorf("is too big: more than %d MiB", maxFileSize>>20)

// readSource reads a file, or standard input, whole. The name is what messages call it.
func readSource(path string, stdin io.Reader) (name string, data []byte, err error) {
	if path == StandardInput {
		if stdin == nil {
			return stdinName, nil, errors.New("there is none to read from")
		}
		data, err = readBounded(stdin, 0)
		return stdinName, data, err
	}
	name = filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err // the name is in front already
		}
		return name, nil, fmt.Errorf("cannot be opened: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return name, nil, fmt.Errorf("cannot be opened: %w", err)
	case info.IsDir():
		return name, nil, errors.New("is a directory, not a CSV or XLSX file")
	case info.Size() > maxFileSize:
		return name, nil, errTooBig
	}
	data, err = readBounded(f, int(info.Size()))
	return name, data, err
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
