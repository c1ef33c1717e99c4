package ingest

import (
	"bytes"
	"io"
)

// pieceSize is how many bytes of a CSV file are read at once.
const pieceSize = 256 << 10

// flow is the text of a CSV file from the first byte that has not been used: UTF-8, with line ends as encoding/csv
// takes them. It comes piece by piece, while the next piece is read and checked, so that a file is never
// in memory as a whole.
type flow struct {
	buf    []byte
	at     int // what stands before has been used
	passed int // bytes that were used and are gone
	size   int // of the whole text, more or less; 0 where that is not known
	pieces <-chan piece
	done   chan struct{}
	err    error // io.EOF where the last piece is in buf
}

type piece struct {
	text []byte // good until the next is received
	err  error
}

// flowOf is a text that is at hand.
func flowOf(text []byte) *flow {
	return &flow{buf: text, size: len(text), err: io.EOF}
}

// newFlow begins to read and clean a source. It must be stopped.
func newFlow(s *source, c *cleaner) *flow {
	pieces := make(chan piece)
	f := &flow{size: int(s.size), pieces: pieces, done: make(chan struct{})}
	go func() {
		defer close(pieces)
		c.pour(s, func(p piece) bool {
			select {
			case pieces <- p:
				return p.err == nil
			case <-f.done:
				return false
			}
		})
	}()
	return f
}

// stop ends the reading, of which nothing goes on when it returns.
func (f *flow) stop() {
	if f.done == nil {
		return
	}
	close(f.done)
	for range f.pieces {
	}
}

// rest is what there is of the text that has not been used; it is good until more is asked for.
func (f *flow) rest() []byte { return f.buf[f.at:] }

func (f *flow) use(n int) { f.at += n }

// end reports whether rest is all that comes.
func (f *flow) end() bool { return f.err == io.EOF }

// more makes rest longer, and returns io.EOF if nothing more comes.
func (f *flow) more() error {
	if f.err != nil {
		return f.err
	}
	p, ok := <-f.pieces
	switch {
	case !ok:
		f.err = io.EOF
		return f.err
	case p.err != nil:
		f.err = p.err
		return f.err
	}
	if f.at > 0 {
		f.passed += f.at
		f.buf = f.buf[:copy(f.buf, f.buf[f.at:])]
		f.at = 0
	}
	f.buf = append(f.buf, p.text...)
	return nil
}

// twice makes rest at least twice as long, or gives all that there is: what is looked through again each
// time that it grows must not grow by little.
func (f *flow) twice() error {
	for wanted := 2 * len(f.rest()); len(f.rest()) <= wanted; {
		if err := f.more(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// line is the next line with its end, or without one the last; io.EOF behind it.
func (f *flow) line() ([]byte, error) {
	for from := 0; ; {
		rest := f.rest()
		if i := bytes.IndexByte(rest[from:], '\n'); i >= 0 {
			return rest[:from+i+1], nil
		}
		from = len(rest)
		switch err := f.more(); {
		case err == io.EOF && len(rest) > 0:
			return f.rest(), nil
		case err != nil:
			return nil, err
		}
	}
}

// share is how much of the text has been used; 0 where that is not known.
func (f *flow) share() float64 {
	if f.size == 0 {
		return 0
	}
	return float64(f.passed+f.at) / float64(f.size)
}

// ahead reads what comes, and uses nothing.
type ahead struct {
	from *flow
	at   int
}

func (a *ahead) Read(p []byte) (int, error) {
	for a.at == len(a.from.rest()) {
		if err := a.from.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, a.from.rest()[a.at:])
	a.at += n
	return n, nil
}
