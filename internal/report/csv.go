package report

import (
	"encoding/csv"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/ledger"
)

// byteOrderMark tells Excel that the file is UTF-8.
const byteOrderMark = "\uFEFF"

// writeCSV writes the columns and texts of the workbook's Results, for people who open it in a spreadsheet:
// a text that begins with = + - @, a tab or a carriage return gets a ' before it, since a spreadsheet would
// take it for a formula, and times read as the workbook shows them, in UTC. A program that needs the texts
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
	if err := r.Each(func(e ledger.Entry) error { return w.Write(record(r, e)) }); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func record(r *ledger.Reader, e ledger.Entry) []string {
	res := settled(e)
	code := ""
	if res.Status != 0 {
		code = strconv.Itoa(res.Status)
	}
	return []string{
		strconv.Itoa(e.Row), inert(e.ID), inert(e.DisplayName.String()), string(outcome(e, r.Planned())), inert(reason(e)),
		inert(properties(e.Edits)), strconv.Itoa(tried(e)), code, inert(res.Code), inert(res.RequestID),
		inert(res.ClientRequestID), shown(res.SentAt), shown(res.SettledAt),
		serverDate(res), inert(r.Header.RunID), inert(e.Caller.Actor), inert(e.Caller.AppID), inert(r.Header.Tenant),
	}
}

// inert is text that no spreadsheet takes for a formula.
func inert(text string) string {
	text = clean(text)
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// shown is a time as the workbook's tables show it.
func shown(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}
