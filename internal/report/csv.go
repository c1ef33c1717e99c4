package report

import (
	"encoding/csv"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// byteOrderMark tells Excel that the file is UTF-8.
const byteOrderMark = "\uFEFF"

// writeCSV writes the columns and texts of the workbook's Results, for people who open it in a spreadsheet:
// a text that begins with = + - @, a tab or a carriage return gets a ' before it, since a spreadsheet would
// take it for a formula, and times read as in the workbook, in UTC and cut to the second. A program that needs the texts
// as they are reads the JSON report.
func writeCSV(f *os.File, r *ledger.Reader, _ Options) error {
	if _, err := io.WriteString(f, byteOrderMark); err != nil {
		return err
	}
	w := csv.NewWriter(f)
	var headers []string
	for _, c := range resultColumns {
		headers = append(headers, c.header)
	}
	if err := w.Write(headers); err != nil {
		return err
	}
	record := make([]string, len(resultColumns))
	err := r.Each(func(e ledger.Entry) error {
		for i, v := range resultValues(&r.Header, e, outcome(e, r.Planned()), spot{}, spot{}) {
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

// field is a value that leads nowhere, as text.
func field(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return shown(v)
	case diff.Outcome:
		return string(v)
	}
	return inert(v.(string))
}

// inert is text that no spreadsheet takes for a formula.
func inert(text string) string {
	text = clean(text)
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// shown is a time as the workbook's tables show it, cut to the second.
func shown(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}
