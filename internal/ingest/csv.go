package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"taskrecon/internal/task"
)

// delimiters are tried in this order; of equal ones the first wins.
var delimiters = []rune{',', ';', '\t', '|'}

// readCSV reads text with a header and one record a row. Quotes are strict: a file whose quotes do not
// pair would put one record's text into another's.
func readCSV(in *Input, data []byte, o Options) error {
	text, notice, err := decodeText(data, o.Encoding)
	if err != nil {
		return err
	}
	b := newBuilder(in, o)
	b.csv = true
	if notice != "" {
		b.notice(notice)
	}
	sep, text, skipped := separatorLine(unifyLineEnds(text))
	if o.Delimiter != 0 {
		sep = o.Delimiter
	}
	if sep == 0 {
		sep = chooseDelimiter(text, o.HeaderRow)
	}
	r := newCSVReader(text, sep)
	var cells []cell
	for {
		fields, err := r.Read()
		if err == io.EOF {
			return b.finish()
		}
		if err != nil {
			return csvError(err, text, sep, skipped)
		}
		cells = cells[:0]
		for _, field := range fields {
			cells = append(cells, cell{text: field})
		}
		line, _ := r.FieldPos(0)
		if err := b.add(b.csvRecord(line+skipped, cells)); err != nil {
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

// unifyLineEnds makes encoding/csv see what is there: it takes a bare CR (old Mac files) for text, and drops the CR of
// a CRLF inside quotes, where it is part of the cell. The first becomes LF, the second is doubled, of which the
// reader drops one.
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

// csvError says in words, and with the character in place of the byte, what is wrong with the quotes of a text.
func csvError(err error, text []byte, sep rune, skipped int) error {
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		return err
	}
	if line, column, open := openQuote(text, sep); open && errors.Is(pe.Err, csv.ErrQuote) {
		return fmt.Errorf("line %d, column %d: the quote that opens here is never closed", line+skipped, column)
	}
	place := fmt.Sprintf("line %d, column %d", pe.Line+skipped, charAt(text, pe.Line, pe.Column))
	if pe.StartLine != pe.Line {
		place += fmt.Sprintf(" (in the record that starts on line %d)", pe.StartLine+skipped)
	}
	const remedy = "put the whole cell in quotes and write each quote inside it twice"
	switch {
	case errors.Is(pe.Err, csv.ErrBareQuote):
		return fmt.Errorf("%s: a quote stands inside a cell that does not begin with one; %s", place, remedy)
	case errors.Is(pe.Err, csv.ErrQuote):
		return fmt.Errorf("%s: text follows the quote that ends a cell; %s", place, remedy)
	}
	return fmt.Errorf("%s: %w", place, pe.Err)
}

// charAt turns a byte's place in a line, both counted from 1, into the character's.
func charAt(text []byte, line, column int) int {
	for ; line > 1; line-- {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return 1 + utf8.RuneCount(text[:min(column-1, len(text))])
}

// openQuote finds the quote that opens a cell and is never closed. It follows quotes as encoding/csv
// does, and so finds none in text in which that stops for another reason.
func openQuote(text []byte, sep rune) (line, column int, open bool) {
	at, start, quoted := 0, true, false
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		next := i + size
		switch {
		case quoted && c == '"' && next < len(text) && text[next] == '"':
			next++
		case quoted && c == '"':
			quoted = false
			if behind, _ := utf8.DecodeRune(text[next:]); next < len(text) && behind != sep && behind != '\n' && behind != '\r' {
				return 0, 0, false
			}
		case quoted:
		case c == '"' && start:
			quoted, at = true, i
		case c == '"':
			return 0, 0, false
		}
		start = !quoted && (c == sep || c == '\n')
		i = next
	}
	last := bytes.LastIndexByte(text[:at], '\n') + 1
	return 1 + bytes.Count(text[:at], []byte("\n")), 1 + utf8.RuneCount(text[last:at]), quoted
}

// csvRecord makes a record of cells, and says whether it is as long as the header.
func (b *builder) csvRecord(line int, cells []cell) record {
	rec := record{row: line, cells: cells}
	if b.hasHeader {
		width := b.header.width
		last := len(cells)
		for last > width && cells[last-1].blank() {
			last--
		}
		switch {
		case last > width:
			rec.ragged = fmt.Sprintf("the row has %s, but the header has %d; a text that holds the separator must be quoted", task.Plural(last, "cell"), width)
		case last < width:
			rec.ragged = fmt.Sprintf("the row has %s, but the header has %d; it may have been cut", task.Plural(last, "cell"), width)
		}
	}
	return rec
}
