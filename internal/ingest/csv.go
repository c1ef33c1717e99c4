package ingest

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"taskrecon/internal/task"
)

// delimiters are tried in this order; of equal ones the first wins.
var delimiters = []rune{',', ';', '\t', '|'}

var delimiterNames = map[rune]string{',': "commas", ';': "semicolons", '\t': "tabs", '|': "pipes"}

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
	for line := 0; ; {
		fields, err := r.Read()
		if err == io.EOF {
			if err := b.checkLastLine(text, line); err != nil {
				return err
			}
			return b.finish()
		}
		if err != nil {
			return csvError(err, text, sep, skipped)
		}
		cells = cells[:0]
		for _, field := range fields {
			cells = append(cells, cell{text: field})
		}
		first, _ := r.FieldPos(0)
		line = first + skipped
		if err := b.add(b.csvRecord(line, cells, sep)); err != nil {
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
		return fmt.Errorf("%s: a quote is inside a cell that does not begin with one; %s", place, remedy)
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

// checkLastLine refuses a file whose last record alone has no line end: it was cut, or is still being written.
func (b *builder) checkLastLine(text []byte, line int) error {
	last := text[bytes.LastIndexByte(text, '\n')+1:]
	if blank(string(last)) || line <= b.in.Header || !b.hasHeader {
		return nil
	}
	return fmt.Errorf("line %d, the last record, has no line end, though the others have one, so the file was cut or is still being written; "+
		"get it again, or, if it is whole, put a line end behind it", line)
}

// csvRecord makes a record of cells, and says whether it is as long as the header.
func (b *builder) csvRecord(line int, cells []cell, sep rune) record {
	rec := record{row: line, cells: cells}
	if !b.hasHeader {
		return rec
	}
	least, most, last := b.header.width, b.header.widest, len(cells)
	for last > most && cells[last-1].blank() {
		last--
	}
	switch {
	case last > most:
		rec.ragged = fmt.Sprintf("the row has %s, but the header has %d; a text that holds the separator must be quoted", task.Plural(last, "cell"), most)
	case last < least:
		rec.ragged = fmt.Sprintf("the row has %s, but the header has %d; it may have been cut", task.Plural(last, "cell"), least)
	}
	if last < least && last == 1 {
		switch other := otherDelimiter(cells[0].text, least, sep); other {
		case 0:
		case sep:
			rec.ragged = "the whole row is in one quoted cell; " + quotedWhole
		default:
			rec.ragged = fmt.Sprintf("the row is separated by %s, but the header by %s; separate both by the same", delimiterNames[other], cmp.Or(delimiterNames[sep], strconv.QuoteRune(sep)))
		}
	}
	return rec
}

const quotedWhole = "write the file again with quotes around single cells, or without any"

// otherDelimiter finds what separates a text into as many cells as the header has; 0 is nothing.
func otherDelimiter(text string, width int, sep rune) rune {
	for _, d := range append([]rune{sep}, delimiters...) {
		if fields, err := newCSVReader([]byte(text), d).Read(); err == nil && width > 1 && len(fields) >= width {
			return d
		}
	}
	return 0
}
