package ingest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"unicode/utf8"
)

// records reads the records of a CSV text as encoding/csv does. Records are cut where they lie, without a
// copy; encoding/csv is asked where quotes stand in a way that is not the everyday one, be it right or wrong.
type records struct {
	text  *flow
	sep   []byte
	comma rune
	line  int // that stands next in text
	cells []cell
	plain []byte        // of quoted cells in which a quote stands
	buf   *bufio.Reader // for encoding/csv
}

func newRecords(text *flow, sep rune) *records {
	return &records{text: text, sep: utf8.AppendRune(nil, sep), comma: sep, line: 1, buf: bufio.NewReaderSize(nil, 4096)}
}

// next returns the next record, whose cells are good until the following call, with the line on which it
// starts, and io.EOF behind the last. Another error is that of encoding/csv for the whole text, or what kept the text
// from being read.
func (r *records) next() (line int, cells []cell, err error) {
	for {
		whole, err := r.text.line()
		if err != nil {
			return 0, nil, err
		}
		content := bytes.TrimSuffix(bytes.TrimSuffix(whole, []byte("\n")), []byte("\r"))
		line = r.line
		if bytes.IndexByte(content, '"') >= 0 {
			return line, r.cells, r.quoted()
		}
		r.text.use(len(whole))
		if r.line++; len(content) > 0 {
			r.cut(content)
			return line, r.cells, nil
		}
	}
}

// quoted cuts a record in which quotes stand.
func (r *records) quoted() error {
	for {
		switch r.cutQuoted() {
		case cutWhole:
			return nil
		case cutOdd:
			return r.ask()
		}
		if err := r.text.twice(); err != nil {
			return err
		}
	}
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

// cutting is what came of cutting a record with quotes.
type cutting uint8

const (
	cutWhole cutting = iota
	cutOdd           // quotes stand in another way than around cells, doubled inside
	cutShort         // the text must be longer to see
)

// cutQuoted cuts a record in which quotes stand only around cells, doubled inside; else it does nothing.
func (r *records) cutQuoted() cutting {
	r.cells, r.plain = r.cells[:0], r.plain[:0]
	lines, text := 1, r.text.rest()
	short := cutShort
	if r.text.end() {
		short = cutOdd
	}
	for rest := text; ; {
		var raw []byte
		if len(rest) > 0 && rest[0] == '"' {
			var cut cutting
			if raw, rest, cut = r.unquote(rest[1:], short); cut != cutWhole {
				return cut
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
				return cutOdd
			}
		}
		r.cells = append(r.cells, cell{raw: raw})
		switch {
		case len(rest) < max(len(r.sep), 2) && !r.text.end():
			return cutShort
		case bytes.HasPrefix(rest, r.sep):
			rest = rest[len(r.sep):]
			continue
		case bytes.HasPrefix(rest, []byte("\r\n")):
			rest = rest[2:]
		case bytes.HasPrefix(rest, []byte("\n")):
			rest = rest[1:]
		case len(rest) > 0:
			return cutOdd
		}
		r.text.use(len(text) - len(rest))
		r.line += lines
		return cutWhole
	}
}

// unquote reads a cell behind its opening quote; short is what it comes to where the text ends before the cell.
func (r *records) unquote(text []byte, short cutting) (raw, rest []byte, c cutting) {
	start := len(r.plain)
	for {
		end := bytes.IndexByte(text, '"')
		switch {
		case end < 0 && bytes.IndexByte(text, '\r') < 0:
			return nil, nil, short
		case end < 0 || bytes.IndexByte(text[:end], '\r') >= 0:
			return nil, nil, cutOdd
		case end+1 == len(text) && short == cutShort:
			return nil, nil, short
		}
		if end+1 == len(text) || text[end+1] != '"' {
			if raw = text[:end:end]; len(r.plain) > start {
				r.plain = append(r.plain, raw...)
				raw = r.plain[start:len(r.plain):len(r.plain)]
			}
			return raw, text[end+1:], cutWhole
		}
		r.plain = append(r.plain, text[:end+1]...)
		text = text[end+2:]
	}
}

// ask leaves one record to encoding/csv.
func (r *records) ask() error {
	r.buf.Reset(&ahead{from: r.text})
	one := csv.NewReader(r.buf)
	one.Comma, one.FieldsPerRecord = r.comma, -1
	fields, err := one.Read()
	var pe *csv.ParseError
	if errors.As(err, &pe) {
		pe.StartLine += r.line - 1
		pe.Line += r.line - 1
	}
	if err != nil {
		return err
	}
	read := int(one.InputOffset())
	r.line += bytes.Count(r.text.rest()[:read], []byte("\n"))
	r.text.use(read)
	r.cells = r.cells[:0]
	for _, text := range fields {
		r.cells = append(r.cells, cell{text: text})
	}
	return nil
}
