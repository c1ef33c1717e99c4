package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/text"
)

// ByteOrderMark, at the start of a CSV report, is how Excel knows that the file is UTF-8.
const ByteOrderMark = "\uFEFF"

// WriteCSV writes the columns and texts of the workbook's Results, for people who open it in a spreadsheet:
// a text that begins with = + - @, a tab or a carriage return gets a ' before it, since a spreadsheet would
// take it for a formula, and times read as in the workbook, in UTC and cut to the second. A program that needs the texts
// as they are reads the JSON report.
func WriteCSV(f io.Writer, past *ledger.Reader) error {
	if _, err := io.WriteString(f, ByteOrderMark); err != nil {
		return err
	}
	w := csv.NewWriter(f)
	if err := w.Write(Headers); err != nil {
		return err
	}
	r := New(past)
	record := make([]string, len(Headers))
	err := r.Each(func(row Row) error {
		for i, v := range r.Values(&row) {
			record[i] = field(v)
		}
		return w.Write(record)
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// field is a value as text, which no spreadsheet takes for a formula.
func field(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.UTC().Format(time.DateTime)
	case diff.Outcome:
		return string(v)
	}
	s, _ := Fit(v.(string))
	if text.Formula(s) {
		return "'" + s
	}
	return s
}
