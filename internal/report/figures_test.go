package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// TestFigures measures the writing of Results against excelize's stream writer left to its defaults, the same cells of the same
// rows. TASKRECON_FIGURES says how many rows; scripts/bench asks for it.
func TestFigures(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("TASKRECON_FIGURES"))
	if n == 0 {
		t.Skip("TASKRECON_FIGURES names no number of rows")
	}
	dir := t.TempDir()
	for _, rows := range []int{n / 100, n / 10, n} {
		r, e := oneEntry(t)
		var took, reference time.Duration
		high := peak(t, func() { took = timed(func() { writeResults(t, r, e, rows, filepath.Join(dir, "ours.xlsx")) }) })
		highReference := peak(t, func() {
			reference = timed(func() { writeDefaults(t, r, e, rows, filepath.Join(dir, "defaults.xlsx")) })
		})
		ours := rowsOf(t, filepath.Join(dir, "ours.xlsx"), resultsSheet)
		if theirs := rowsOf(t, filepath.Join(dir, "defaults.xlsx"), "Sheet1"); ours != theirs || ours != rows+1 {
			t.Errorf("%d rows against %d, want %d", ours, theirs, rows+1)
		}
		t.Logf("FIGURE | write %d results x %d as XLSX | %.2f s | %.2f s (excelize StreamWriter, defaults) | %.2f | 0.60 | %d MiB against %d MiB |",
			rows, len(resultColumns), took.Seconds(), reference.Seconds(), took.Seconds()/reference.Seconds(), high>>20, highReference>>20)
	}
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// oneEntry is a ledger of one row that failed, and its entry.
func oneEntry(t *testing.T) (*ledger.Reader, ledger.Entry) {
	run := newRun("apply")
	run.sent("Enable BitLocker on laptops", diff.Result{Outcome: diff.Failed, Status: 403, Code: "Forbidden", Reason: "the service refused: not authorized"},
		edit(task.AssignedTo, "old@contoso.com", "dana@contoso.com"))
	r := run.write(t)
	var got ledger.Entry
	must(t, r.Each(func(e ledger.Entry) error { got = e; return nil }))
	return r, got
}

// writeResults writes the sheet n times the entry through the code that writes reports.
func writeResults(t *testing.T, r *ledger.Reader, e ledger.Entry, n int, path string) {
	b := newBook(limits{rows: sheetRows, bytes: sheetBytes})
	must(t, b.start(r))
	sheet, err := b.results(r, nil)
	must(t, err)
	for i := range n {
		e.Row = i + 2
		must(t, sheet.entry(e, e.Outcome, spot{}, spot{}))
	}
	must(t, sheet.finish())
	out, err := os.Create(path)
	must(t, err)
	must(t, pack(b.file, out, b.below()))
	must(t, out.Close())
	must(t, b.close())
}

func writeDefaults(t *testing.T, r *ledger.Reader, e ledger.Entry, n int, path string) {
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	must(t, err)
	header := make([]any, len(resultColumns))
	for i, c := range resultColumns {
		header[i] = c.header
	}
	must(t, w.SetRow("A1", header))
	res := e.Result
	for i := range n {
		must(t, w.SetRow(fmt.Sprintf("A%d", i+2), []any{
			i + 2, e.ID, e.DisplayName.String(), string(e.Outcome), e.Reason, properties(e.Edits), res.Attempts, res.Status, res.Code, res.RequestID,
			res.ClientRequestID, res.SentAt, res.SettledAt, serverDate(*res), r.Header.RunID, e.Caller.Actor, e.Caller.AppID, r.Header.Tenant,
		}))
	}
	must(t, w.Flush())
	must(t, f.SaveAs(path))
	must(t, f.Close())
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
