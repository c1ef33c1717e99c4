package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// rowBuffer is how much of a sheet's rows is held in memory before it goes to a temporary file.
const rowBuffer = 1 << 20

// rowSpool holds the rows of a sheet below its header, as XML. excelize, whose own writing of rows takes several times as long, writes all
// that stands around them; pack puts them in their place. What a cell reads as is what excelize would have written.
type rowSpool struct {
	buf    []byte
	file   *os.File // nil until the rows outgrow the buffer
	size   int64
	names  []string // of the columns: "A", "B"
	styles []string // of the columns, as an attribute
	err    error
}

func newRowSpool(styles []int) *rowSpool {
	r := &rowSpool{}
	for i, s := range styles {
		name, err := excelize.ColumnNumberToName(i + 1)
		r.err = errors.Join(r.err, err)
		r.names = append(r.names, name)
		r.styles = append(r.styles, strconv.Itoa(s))
	}
	return r
}

// row writes a row of ints, floats, strings, UTC times, Cells of ints or strings, and nils, which are blank. A height of 0 is the default.
func (r *rowSpool) row(number int, height float64, cells []any) error {
	at := strconv.Itoa(number)
	r.buf = append(append(append(r.buf, `<row r="`...), at...), '"')
	if height > 0 {
		r.buf = append(append(append(r.buf, ` ht="`...), strconv.FormatFloat(height, 'f', -1, 64)...), `" customHeight="1"`...)
	}
	r.buf = append(r.buf, '>')
	for i, v := range cells {
		if v == nil {
			continue
		}
		style := r.styles[i]
		if c, ok := v.(excelize.Cell); ok {
			style, v = strconv.Itoa(c.StyleID), c.Value
		}
		r.buf = append(append(append(r.buf, `<c r="`...), r.names[i]...), at...)
		r.buf = append(append(append(r.buf, `" s="`...), style...), '"')
		r.cell(v)
	}
	r.buf = append(r.buf, `</row>`...)
	if len(r.buf) > rowBuffer {
		r.spill()
	}
	return r.err
}

func (r *rowSpool) cell(v any) {
	switch v := v.(type) {
	case string:
		r.buf = append(r.buf, ` t="inlineStr"><is><t`...)
		if padded(v) {
			r.buf = append(r.buf, ` xml:space="preserve"`...)
		}
		r.buf = append(appendText(append(r.buf, '>'), v), `</t></is></c>`...)
	case int:
		r.buf = append(strconv.AppendInt(append(r.buf, `><v>`...), int64(v), 10), `</v></c>`...)
	case float64:
		r.buf = append(strconv.AppendFloat(append(r.buf, `><v>`...), v, 'f', -1, 64), `</v></c>`...)
	case time.Time:
		r.buf = append(strconv.AppendFloat(append(r.buf, `><v>`...), serial(v), 'f', -1, 64), `</v></c>`...)
	default:
		r.err = errors.Join(r.err, errors.New("a cell of a type that is none of a report's"))
	}
}

// padded reports whether a text begins or ends with a blank, which XML would drop.
func padded(text string) bool {
	blank := func(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
	return text != "" && (blank(text[0]) || blank(text[len(text)-1]))
}

// appendText appends a text that fits a cell, escaped for XML and for spreadsheets, which read _x0041_ as A.
func appendText(buf []byte, text string) []byte {
	if !strings.ContainsAny(text, "<>&\"'\t\r") && !strings.Contains(text, "_x") {
		return append(buf, text...)
	}
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // a Buffer takes everything
	rest := bytes.ReplaceAll(escaped.Bytes(), []byte("&#xA;"), []byte("\n"))
	for {
		i := bytes.Index(rest, []byte("_x"))
		if i < 0 {
			return append(buf, rest...)
		}
		buf = append(buf, rest[:i]...)
		if escapeLike(rest[i:]) {
			buf = append(buf, "_x005F"...)
		}
		buf, rest = append(buf, '_'), rest[i+1:]
	}
}

// escapeLike reports whether text begins as _xHHHH_.
func escapeLike(text []byte) bool {
	if len(text) < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_' {
		return false
	}
	for _, c := range text[2:6] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// serial is a time as spreadsheets count it: days since the end of 1899, by which 1900 has a 29 February. Times before March 1900,
// which no run has, are 0.
func serial(t time.Time) float64 {
	const day = 24 * time.Hour
	t = t.UTC()
	if t.Before(time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)) {
		return 0
	}
	days := (t.Unix() - time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Unix()) / int64(day/time.Second)
	rest := t.Sub(t.Truncate(day))
	return float64(days-1) + float64(rest)/float64(day) + 1 // in the order in which excelize adds, to the last bit
}

func (r *rowSpool) spill() {
	if r.file == nil {
		file, err := os.CreateTemp("", "taskrecon-rows-")
		if err != nil {
			r.err = errors.Join(r.err, err)
			return
		}
		os.Remove(file.Name()) // where the system permits it: a program that is killed leaves nothing behind
		r.file = file
	}
	n, err := r.file.Write(r.buf)
	r.size += int64(n)
	r.err = errors.Join(r.err, err)
	r.buf = r.buf[:0]
}

// bytes is how long the rows are.
func (r *rowSpool) bytes() int64 { return r.size + int64(len(r.buf)) }

// copyTo writes all rows to w.
func (r *rowSpool) copyTo(w io.Writer) error {
	if r.err != nil {
		return r.err
	}
	if r.file != nil {
		if _, err := r.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.Copy(w, io.LimitReader(r.file, r.size)); err != nil {
			return err
		}
	}
	_, err := w.Write(r.buf)
	return err
}

// close removes what was spilled.
func (r *rowSpool) close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	if gone := os.Remove(r.file.Name()); !errors.Is(gone, fs.ErrNotExist) { // it is removed while it is open, where that can be done
		err = errors.Join(err, gone)
	}
	return err
}

// splice writes a sheet's part, with rows before the end of its data.
type splice struct {
	part io.Writer
	rows *rowSpool
	held []byte // the end of what was given, which may be the beginning of the mark
	done bool
}

var endOfData = []byte("</sheetData>")

func (s *splice) Write(p []byte) (int, error) {
	if s.done {
		return s.part.Write(p)
	}
	s.held = append(s.held, p...)
	at := bytes.Index(s.held, endOfData)
	if at < 0 {
		ready := max(0, len(s.held)-len(endOfData)+1)
		_, err := s.part.Write(s.held[:ready])
		s.held = append(s.held[:0], s.held[ready:]...)
		return len(p), err
	}
	s.done = true
	if _, err := s.part.Write(s.held[:at]); err != nil {
		return 0, err
	}
	if err := s.rows.copyTo(s.part); err != nil {
		return 0, err
	}
	if _, err := s.part.Write(s.held[at:]); err != nil {
		return 0, err
	}
	return len(p), nil
}
