package ingest

import (
	"bytes"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

const (
	firstWindow = 64 << 10
	mostWindow  = maxToken // bytes that an element may have
)

// window shows a part of the zip piece by piece, and checks at its end that all of it was seen.
type window struct {
	part *part
	r    io.Reader
	sum  uint32
	read uint64
	buf  []byte
	at   int // what stands before has been used
	end  bool
}

func newWindow(p *part) *window {
	w := &window{part: p, r: bytes.NewReader(p.data), buf: make([]byte, 0, firstWindow)}
	if p.method == 8 {
		w.r = flate.NewReader(w.r)
	}
	return w
}

// more makes the window longer; what has been used makes room.
func (w *window) more() error {
	if w.end {
		return errUnknown
	}
	if w.at > 0 {
		w.buf = w.buf[:copy(w.buf, w.buf[w.at:])]
		w.at = 0
	}
	if len(w.buf) == cap(w.buf) {
		if len(w.buf) >= mostWindow {
			return errUnknown
		}
		longer := make([]byte, len(w.buf), 2*len(w.buf))
		copy(longer, w.buf)
		w.buf = longer
	}
	n, err := w.r.Read(w.buf[len(w.buf):cap(w.buf)])
	added := w.buf[len(w.buf) : len(w.buf)+n]
	w.sum, w.read = crc32.Update(w.sum, crc32.IEEETable, added), w.read+uint64(n)
	w.buf = w.buf[:len(w.buf)+n]
	if err == io.EOF {
		w.end = true
		if w.sum != w.part.crc || w.read != w.part.size {
			return errUnknown
		}
		return nil
	}
	return err
}

// upTo returns the piece that ends with mark, and uses it. The piece is good until the window moves.
func (w *window) upTo(mark string) ([]byte, error) {
	for from := 0; ; {
		if i := bytes.Index(w.buf[w.at+from:], []byte(mark)); i >= 0 {
			piece := w.buf[w.at : w.at+from+i+len(mark)]
			w.at += len(piece)
			return piece, nil
		}
		from = max(0, len(w.buf)-w.at-len(mark))
		if err := w.more(); err != nil {
			return nil, err
		}
	}
}

// ahead makes sure that n bytes are seen, if the part has so many.
func (w *window) ahead(n int) ([]byte, error) {
	for len(w.buf)-w.at < n && !w.end {
		if err := w.more(); err != nil {
			return nil, err
		}
	}
	return w.buf[w.at:], nil
}

// skipSpace goes beyond white space, and makes sure that n bytes behind it are seen, if the part has so many.
func (w *window) skipSpace(n int) ([]byte, error) {
	for skipped := 0; ; skipped++ {
		seen, err := w.ahead(n)
		if err != nil {
			return nil, err
		}
		if len(seen) == 0 || !isSpace(seen[0]) {
			return seen, nil
		}
		if skipped == firstWindow {
			return nil, errUnknown
		}
		w.at++
	}
}

// rest is all that has not been used, up to the end of the part.
func (w *window) rest() ([]byte, error) {
	for !w.end {
		if err := w.more(); err != nil {
			return nil, err
		}
	}
	return w.buf[w.at:], nil
}

// share is how much of the part has been used.
func (w *window) share() float64 {
	return float64(w.read-uint64(len(w.buf)-w.at)) / float64(max(1, w.part.size))
}
