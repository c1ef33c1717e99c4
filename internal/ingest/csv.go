package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// delimiters are tried in this order; of equal ones the first wins.
var delimiters = []rune{',', ';', '\t', '|'}

// readCSV reads text with a header and one record a row. Quotes are strict: a file whose quotes do not
// pair would put one record's text into another's.
func readCSV(in *Input, data []byte, o Options) error {
	text, err := decodeText(data)
	if err != nil {
		return err
	}
	text = unifyLineEnds(text)
	sep, text, skipped := separatorLine(text)
	if sep == 0 {
		sep = chooseDelimiter(text)
	}
	b := newBuilder(in, o)
	r := newCSVReader(text, sep)
	for {
		fields, err := r.Read()
		if err == io.EOF {
			return b.finish()
		}
		if err != nil {
			return csvError(err, skipped)
		}
		line, _ := r.FieldPos(0)
		if err := addRecord(b, line+skipped, fields); err != nil {
			return err
		}
	}
}

func newCSVReader(text []byte, sep rune) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = sep
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	return r
}

func csvError(err error, skipped int) error {
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		return err
	}
	if pe.StartLine != pe.Line {
		return fmt.Errorf("line %d, column %d (in the record that starts on line %d): %w", pe.Line+skipped, pe.Column, pe.StartLine+skipped, pe.Err)
	}
	return fmt.Errorf("line %d, column %d: %w", pe.Line+skipped, pe.Column, pe.Err)
}

func addRecord(b *builder, line int, fields []string) error {
	rec := record{row: line, cells: make([]cell, len(fields))}
	for i, text := range fields {
		rec.cells[i] = cell{text: text}
	}
	if b.hasHeader {
		width := b.header.width
		last := len(fields)
		for last > width && blank(fields[last-1]) {
			last--
		}
		switch {
		case last > width:
			rec.ragged = fmt.Sprintf("the row has %d cells, but the header has %d; a text that holds the separator must be quoted", last, width)
		case last < width:
			rec.ragged = fmt.Sprintf("the row has %d cells, but the header has %d; it may have been cut", last, width)
		}
	}
	return b.add(rec)
}

// unifyLineEnds makes encoding/csv see what is there: it takes a bare CR (old Mac files) for text, and
// drops the CR of a CRLF inside quotes, where it is part of the cell. The first becomes LF, the second
// is doubled, of which the reader drops one.
func unifyLineEnds(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/64)
	quoted := false
	for i, c := range text {
		beforeLF := i+1 < len(text) && text[i+1] == '\n'
		switch {
		case c == '"':
			quoted = !quoted
		case c == '\r' && quoted && beforeLF:
			out = append(out, '\r')
		case c == '\r' && !quoted && !beforeLF:
			c = '\n'
		}
		out = append(out, c)
	}
	return out
}

// separatorLine honours Excel's first line "sep=;".
func separatorLine(text []byte) (sep rune, rest []byte, skipped int) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	first = bytes.TrimSuffix(first, []byte("\r"))
	if runes := []rune(string(first[:min(len(first), 16)])); len(runes) == 5 && strings.EqualFold(string(runes[:4]), "sep=") {
		if c := runes[4]; c != '"' && c != 0xFFFD {
			return c, rest, 1
		}
	}
	return 0, text, 0
}

// chooseDelimiter takes the delimiter under which the header has an id and the most property names,
// or, where none has any, the most cells.
func chooseDelimiter(text []byte) rune {
	best, most := delimiters[0], -1
	for _, sep := range delimiters {
		if score := scoreHeader(firstRecord(text, sep)); score > most {
			best, most = sep, score
		}
	}
	return best
}

func firstRecord(text []byte, sep rune) []string {
	r := newCSVReader(text, sep)
	for {
		fields, err := r.Read()
		if err != nil || !allBlank(fields) {
			return fields
		}
	}
}

func scoreHeader(fields []string) int {
	score := min(len(fields), 999)
	for _, f := range fields {
		switch m := matchHeader(f); {
		case m.id:
			score += 1_000_000
		case m.property != nil:
			score += 1000
		}
	}
	return score
}

// allBlank reports whether a record is empty under whichever delimiter.
func allBlank(fields []string) bool {
	for _, f := range fields {
		if !blank(strings.Trim(f, string(delimiters))) {
			return false
		}
	}
	return true
}
