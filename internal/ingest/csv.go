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
func readCSV(in *Input, src *source, o Options) error {
	text, notice, err := textOf(src, o.Encoding)
	if err != nil {
		return err
	}
	defer text.stop()
	b := newBuilder(in, o)
	b.csv = true
	if notice != "" {
		b.notice(notice)
	}
	sep, skipped, err := separatorLine(text)
	if err != nil {
		return err
	}
	if o.Delimiter != 0 {
		sep = o.Delimiter
	}
	if sep == 0 {
		sep = chooseDelimiter(text, o.HeaderRow)
	}
	r := newRecords(text, sep)
	for {
		line, cells, err := r.next()
		if err == io.EOF {
			in.SHA256 = src.hex()
			return b.finish()
		}
		if err != nil {
			return csvError(err, r, skipped)
		}
		rec := b.csvRecord(line+skipped, cells)
		rec.share = text.share()
		if err := b.add(rec); err != nil {
			return err
		}
	}
}

func newCSVReader(text io.Reader, sep rune) *csv.Reader {
	r := csv.NewReader(text)
	r.Comma = sep
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	return r
}

// csvError says in words, and with the character in place of the byte, what is wrong with the quotes of the record
// at which r stands.
func csvError(err error, r *records, skipped int) error {
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		return err
	}
	text, before := r.text.rest(), r.line-1
	if line, column, open := openQuote(text, r.comma); open && errors.Is(pe.Err, csv.ErrQuote) {
		return fmt.Errorf("line %d, column %d: the quote that opens here is never closed", line+before+skipped, column)
	}
	place := fmt.Sprintf("line %d, column %d", pe.Line+skipped, charAt(text, pe.Line-before, pe.Column))
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
	runes := bytes.Runes(text)
	at, start, quoted := 0, true, false
	for i := 0; i < len(runes); i++ {
		c := runes[i]
		switch {
		case quoted && c == '"' && i+1 < len(runes) && runes[i+1] == '"':
			i++
		case quoted && c == '"':
			quoted = false
			if i+1 < len(runes) && runes[i+1] != sep && runes[i+1] != '\n' && runes[i+1] != '\r' {
				return 0, 0, false
			}
		case quoted:
		case c == '"' && start:
			quoted, at = true, i
		case c == '"':
			return 0, 0, false
		}
		start = !quoted && (c == sep || c == '\n')
	}
	for _, c := range runes[:at] {
		if column++; c == '\n' { // as encoding/csv counts
			line, column = line+1, 0
		}
	}
	return line + 1, column + 1, quoted
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
