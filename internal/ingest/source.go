package ingest

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// headSize is how many bytes of a file are looked at to tell what it is.
const headSize = 64 << 10

// source is a file, or standard input, read once from its start.
type source struct {
	name string
	size int64 // bytes; 0 where that is not known
	in   *bufio.Reader
	file io.Closer
	sum  hash.Hash // of what has been read
	read int64
	done chan struct{} // closed when sum is; nil where it always is
}

func openSource(path string, stdin io.Reader) (*source, error) {
	s := &source{name: filepath.Base(path), sum: sha256.New()}
	if path == StandardInput {
		if s.name = stdinName; stdin == nil {
			return s, errors.New("there is none to read from")
		}
		s.in = bufio.NewReaderSize(stdin, headSize)
		return s, nil
	}
	f, err := os.Open(path)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err // the name stands in front already
		}
		return s, fmt.Errorf("cannot be opened: %w", err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = fmt.Errorf("cannot be opened: %w", err)
	case info.IsDir():
		err = errors.New("is a directory, not a CSV or XLSX file")
	case info.Size() > maxFileSize:
		err = errTooBig
	}
	if err != nil {
		return s, errors.Join(err, f.Close())
	}
	room := int64(headSize)
	if s.size = info.Size(); s.size > 0 { // else it may be a pipe that has a name
		room = min(s.size, headSize)
	}
	s.file, s.in = f, bufio.NewReaderSize(f, int(room))
	return s, nil
}

var errTooBig = fmt.Errorf("is too big: more than %d MiB", maxFileSize>>20)

func (s *source) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// head is the first bytes, which are still to be read.
func (s *source) head() ([]byte, error) {
	head, err := s.in.Peek(headSize)
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return head, nil
}

// Read reads on, and io.EOF only where all is read.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.sum.Write(p[:n])
	if s.read += int64(n); s.read > maxFileSize { // a pipe has no size to look at before
		return n, errTooBig
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("cannot be read: %w", err)
	}
	return n, err
}

// all is the whole source. Its hash goes on in the background: it takes as long as to understand the data.
func (s *source) all() ([]byte, error) {
	data := make([]byte, 0, s.size+1)
	for {
		n, err := s.in.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case len(data) > maxFileSize:
			return nil, errTooBig
		case err == io.EOF:
			s.done = make(chan struct{})
			go func() {
				defer close(s.done)
				s.sum.Write(data)
			}()
			return data, nil
		case err != nil:
			return nil, fmt.Errorf("cannot be read: %w", err)
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}

// hex is the hash of all that was read.
func (s *source) hex() string {
	if s.done != nil {
		<-s.done
	}
	return hex.EncodeToString(s.sum.Sum(nil))
}
