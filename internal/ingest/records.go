package ingest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"unicode/utf8"
)

// records reads the records of a CSV text as encoding/csv does. Records are cut where they lie, without a
// copy; encoding/csv is asked where quotes stand in a way that is not the everyday one, be it right or wrong.
type records struct {
	text  []byte
	sep   []byte
	comma rune
	at    int // in text
	line  int // that stands there
	cells []cell
	plain []byte        // of quoted cells in which a quote stands
	rest  *bytes.Reader // for encoding/csv, with the buffer that it will use
	buf   *bufio.Reader
}

func newRecords(text []byte, sep rune) *records {
	rest := bytes.NewReader(nil)
	return &records{text: text, sep: utf8.AppendRune(nil, sep), comma: sep, line: 1, rest: rest, buf: bufio.NewReaderSize(rest, 4096)}
}

// next returns the next record, whose cells are good until the following call, with the line on which it
// starts, and io.EOF behind the last. Another error is that of encoding/csv for the whole text.
func (r *records) next() (line int, cells []cell, err error) {
	for r.at < len(r.text) {
		end := bytes.IndexByte(r.text[r.at:], '\n')
		next := r.at + end + 1
		if end < 0 {
			next = len(r.text)
		}
		whole := r.text[r.at:next]
		content := bytes.TrimSuffix(bytes.TrimSuffix(whole, []byte("\n")), []byte("\r"))
		line = r.line
		switch {
		case len(content) == 0:
			r.at, r.line = next, r.line+1
			continue
		case bytes.IndexByte(content, '"') >= 0:
			if !r.cutQuoted() {
				err = r.ask()
			}
			return line, r.cells, err
		}
		r.at, r.line = next, r.line+1
		r.cut(content)
		return line, r.cells, nil
	}
	return 0, nil, io.EOF
}

// cut cuts a line without quotes at its separators.
func (r *records) cut(line []byte) {
	r.cells = r.cells[:0]
	for {
		i := -1
		if len(r.sep) == 1 {
			i = bytes.IndexByte(line, r.sep[0])
		} else {
			i = bytes.Index(line, r.sep)
		}
		if i < 0 {
			r.cells = append(r.cells, cell{raw: line})
			return
		}
		r.cells = append(r.cells, cell{raw: line[:i:i]})
		line = line[i+len(r.sep):]
	}
}

// cutQuoted cuts a record in which quotes stand only around cells, doubled inside; else it does nothing.
func (r *records) cutQuoted() bool {
	r.cells, r.plain = r.cells[:0], r.plain[:0]
	lines := 1
	for rest := r.text[r.at:]; ; {
		var raw []byte
		var ok bool
		if len(rest) > 0 && rest[0] == '"' {
			if raw, rest, ok = r.unquote(rest[1:]); !ok {
				return false
			}
			lines += bytes.Count(raw, []byte("\n"))
		} else {
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			if i := bytes.Index(rest[:end], r.sep); i >= 0 {
				end = i
			} else if end > 0 && rest[end-1] == '\r' {
				end--
			}
			if raw, rest = rest[:end:end], rest[end:]; bytes.IndexByte(raw, '"') >= 0 {
				return false
			}
		}
		r.cells = append(r.cells, cell{raw: raw})
		switch {
		case bytes.HasPrefix(rest, r.sep):
			rest = rest[len(r.sep):]
			continue
		case bytes.HasPrefix(rest, []byte("\r\n")):
			rest = rest[2:]
		case bytes.HasPrefix(rest, []byte("\n")):
			rest = rest[1:]
		case len(rest) > 0:
			return false
		}
		r.at, r.line = len(r.text)-len(rest), r.line+lines
		return true
	}
}

// unquote reads a cell behind its opening quote.
func (r *records) unquote(text []byte) (raw, rest []byte, ok bool) {
	start := len(r.plain)
	for {
		end := bytes.IndexByte(text, '"')
		if end < 0 || bytes.IndexByte(text[:end], '\r') >= 0 {
			return nil, nil, false
		}
		if end+1 == len(text) || text[end+1] != '"' {
			if raw = text[:end:end]; len(r.plain) > start {
				r.plain = append(r.plain, raw...)
				raw = r.plain[start:len(r.plain):len(r.plain)]
			}
			return raw, text[end+1:], true
		}
		r.plain = append(r.plain, text[:end+1]...)
		text = text[end+2:]
	}
}

// ask leaves one record to encoding/csv.
func (r *records) ask() error {
	r.rest.Reset(r.text[r.at:])
	r.buf.Reset(r.rest)
	one := csv.NewReader(r.buf)
	one.Comma, one.FieldsPerRecord = r.comma, -1
	fields, err := one.Read()
	if err != nil {
		return r.fault(err)
	}
	read := int(one.InputOffset())
	r.line += bytes.Count(r.text[r.at:r.at+read], []byte("\n"))
	r.at += read
	r.cells = r.cells[:0]
	for _, text := range fields {
		r.cells = append(r.cells, cell{text: text})
	}
	return nil
}

// fault reads the text anew for an error that has its place in it.
func (r *records) fault(err error) error {
	for whole := newCSVReader(r.text, r.comma); ; {
		_, again := whole.Read()
		if again == io.EOF {
			return err
		}
		if again != nil {
			return again
		}
	}
}
