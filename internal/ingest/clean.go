package ingest

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// cleaner turns the bytes of a UTF-8 file into text for encoding/csv, and refuses what is no text.
type cleaner struct {
	hint  string // what to do about a byte that is not UTF-8
	ends  cleanEnds
	place place
}

// pour reads all of a source, and gives it piece by piece until take says no. A piece may be overwritten when the
// next but one is given.
func (c *cleaner) pour(s *source, take func(piece) bool) {
	size := pieceSize
	if s.size > 0 {
		size = int(min(s.size+1, pieceSize))
	}
	var lanes [2]struct{ raw, text []byte }
	var held []byte
	for i := 0; ; i++ {
		lane := &lanes[i%2]
		if lane.raw == nil {
			lane.raw = make([]byte, size+utf8.UTFMax)
		}
		n := copy(lane.raw, held)
		read, err := io.ReadFull(s, lane.raw[n:])
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			take(piece{err: err})
			return
		}
		raw := lane.raw[:n+read]
		whole := len(raw)
		if !last {
			whole = wholeChars(raw)
		}
		held = append(held[:0], raw[whole:]...)
		if err := c.check(raw[:whole]); err != nil {
			take(piece{err: err})
			return
		}
		text := c.ends.unify(&lane.text, raw[:whole])
		if !take(piece{text: text}) || last {
			return
		}
	}
}

// wholeChars is the length of a text without what the next piece may go on with: a part of a character, or the CR of
// a CRLF.
func wholeChars(text []byte) int {
	n := len(text)
	for i := n - 1; i >= max(0, n-utf8.UTFMax); i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRune(text[i:]) || text[i] == '\r' {
				return i
			}
			break
		}
	}
	return n
}

func (c *cleaner) check(text []byte) error {
	if i := invalidUTF8(text); i >= 0 {
		line, column := c.place.of(text[:i])
		return fmt.Errorf("line %d, column %d holds the byte 0x%02X, which is not UTF-8; %s", line, column, text[i], c.hint)
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		line, column := c.place.of(text[:i])
		return errNUL(line, column)
	}
	c.place.pass(text)
	return nil
}

func errNUL(line, column int) error {
	return fmt.Errorf("line %d, column %d holds a NUL byte, so this is not a text file or it is damaged", line, column)
}

// place is how far a text has been read: in lines, ended by LF, CRLF or CR, and in characters of the last.
type place struct {
	ends  int // of lines
	chars int // behind the last of these
}

// of is the line and the column, counted from 1, of what follows a text, which begins at the place.
func (p place) of(text []byte) (line, column int) {
	p.pass(text)
	return p.ends + 1, p.chars + 1
}

// pass goes beyond a text that does not end between CR and LF.
func (p *place) pass(text []byte) {
	p.ends += bytes.Count(text, []byte("\n"))
	for rest := text; ; {
		at := bytes.IndexByte(rest, '\r')
		if at < 0 {
			break
		}
		if rest = rest[at+1:]; len(rest) == 0 || rest[0] != '\n' {
			p.ends++
		}
	}
	if last := bytes.LastIndexAny(text, "\r\n"); last >= 0 {
		p.chars, text = 0, text[last+1:]
	}
	p.chars += utf8.RuneCount(text)
}

// cleanEnds makes encoding/csv see what is there: it takes a bare CR (old Mac files) for text, and drops the CR of
// a CRLF inside quotes, where it is part of the cell. The first becomes LF, the second is doubled, of which the
// reader drops one.
type cleanEnds struct {
	quoted bool // the text so far ends inside of quotes
}

// unify returns the text, or what it is to be in the memory of into. No text but the last may end between CR and LF.
func (e *cleanEnds) unify(into *[]byte, text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		if bytes.Count(text, []byte(`"`))%2 == 1 {
			e.quoted = !e.quoted
		}
		return text
	}
	out := (*into)[:0]
	for i, c := range text {
		beforeLF := i+1 < len(text) && text[i+1] == '\n'
		switch {
		case c == '"':
			e.quoted = !e.quoted
		case c == '\r' && e.quoted && beforeLF:
			out = append(out, '\r')
		case c == '\r' && !e.quoted && !beforeLF:
			c = '\n'
		}
		out = append(out, c)
	}
	*into = out
	return out
}
