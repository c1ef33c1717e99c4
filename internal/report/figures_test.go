package report_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
	"taskrecon/internal/xlsx"
)

// TestFigures measures the writing of a report against excelize's stream writer left to its defaults, which writes the cells of Results and
// Changes alone, from the same ledger. TASKRECON_FIGURES says how many rows; scripts/bench asks for it.
func TestFigures(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("TASKRECON_FIGURES"))
	if n == 0 {
		t.Skip("TASKRECON_FIGURES names no number of rows")
	}
	dir := t.TempDir()
	for _, rows := range []int{n / 100, n / 10, n} {
		l := manyResults(t, rows, 0)
		var took, reference time.Duration
		high := peak(t, func() {
			took = timed(func() { must(t, render.Write(filepath.Join(dir, "ours.xlsx"), l, report.Options{Overwrite: true})) })
		})
		highReference := peak(t, func() { reference = timed(func() { writeDefaults(t, l, filepath.Join(dir, "defaults.xlsx")) }) })
		ours := rowsOf(t, filepath.Join(dir, "ours.xlsx"), report.ResultsSheet)
		if theirs := rowsOf(t, filepath.Join(dir, "defaults.xlsx"), "Results"); ours != theirs || ours != rows+1 {
			t.Errorf("%d rows against %d, want %d", ours, theirs, rows+1)
		}
		t.Logf("FIGURE | write a report of %d results as XLSX | %.2f s | %.2f s (Results and Changes by excelize StreamWriter, defaults) | %.2f | 0.80 | %d MiB against %d MiB |",
			rows, took.Seconds(), reference.Seconds(), took.Seconds()/reference.Seconds(), high>>20, highReference>>20)
	}
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// guid is an id that does not repeat itself.
func guid(n int) string {
	b := sha256.Sum256([]byte(strconv.Itoa(n)))
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func writeDefaults(t *testing.T, l *ledger.Reader, path string) {
	f := excelize.NewFile()
	defer f.Close()
	var streams []*excelize.StreamWriter
	for _, name := range []string{report.ResultsSheet, report.ChangesSheet} {
		_, err := f.NewSheet(name)
		must(t, err)
		w, err := f.NewStreamWriter(name)
		must(t, err)
		must(t, w.SetRow("A1", []any{"header"}))
		streams = append(streams, w)
	}
	run := report.New(l)
	at, edits := 1, 1
	must(t, run.Each(func(row report.Row) error {
		at++
		must(t, streams[0].SetRow(xlsx.Ref(1, at), run.Values(&row)))
		for i, e := range row.Edits {
			edits++
			after := ""
			if v := row.After(i); v != nil {
				after = v.String()
			}
			must(t, streams[1].SetRow(xlsx.Ref(1, edits), []any{row.Row, row.ID, row.DisplayName.String(), e.Property, e.Before.String(), e.Wanted.String(), after, row.Shown, ""}))
		}
		return nil
	}))
	must(t, streams[0].Flush())
	must(t, streams[1].Flush())
	must(t, f.SaveAs(path))
}

func rowsOf(t *testing.T, path, sheet string) int {
	f, err := excelize.OpenFile(path)
	must(t, err)
	defer f.Close()
	rows, err := f.Rows(sheet)
	must(t, err)
	n := 0
	for rows.Next() {
		n++
	}
	must(t, rows.Error())
	return n
}
