package report_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
	"taskrecon/internal/report/workbook"
	"taskrecon/internal/task"
)

// TestMemoryStaysFlat writes reports whose sheets are all beyond the 16 MiB that a stream keeps before it
// spills, the second with twice the rows of the first.
func TestMemoryStaysFlat(t *testing.T) {
	slow(t)
	if racing {
		t.Skip("the race detector's own memory hides the report's, and it makes this slow")
	}
	const wide, few, many = 30_000, 600, 1_200
	small := peak(t, func() { writeMany(t, io.Discard, few, wide) })
	large := peak(t, func() { writeMany(t, io.Discard, many, wide) })
	t.Logf("peak of live heap: %d rows %d MiB, %d rows %d MiB", few, small>>20, many, large>>20)
	if large > small*3/2 {
		t.Errorf("the heap grows with the rows: %d MiB for %d, %d MiB for %d", small>>20, few, large>>20, many)
	}
}

// TestWholeReport opens a ledger and writes its report, of up to a million results; TASKRECON_SLOW asks for it.
func TestWholeReport(t *testing.T) {
	slow(t)
	const most = 256 << 20 // bytes alive at once, the ledger's index among them
	for rows := 1000; rows <= 1_000_000; rows *= 10 {
		ledgerPath := manyLedger(t, rows, 0)
		path := filepath.Join(t.TempDir(), "report.xlsx")
		var opened, took time.Duration
		high := peak(t, func() {
			began := time.Now()
			r, err := ledger.Open(ledgerPath)
			must(t, err)
			defer r.Close()
			opened = time.Since(began)
			must(t, render.Write(path, r, report.Options{}))
			took = time.Since(began)
		})
		t.Logf("FIGURE | a whole report of %d results: the ledger checked, every sheet written | %s, of it checking %s | | | | %d MiB |",
			rows, took.Round(time.Millisecond), opened.Round(time.Millisecond), high>>20)
		if high > most {
			t.Errorf("peak of live heap %d MiB", high>>20)
		}
	}
}

// BenchmarkReport is the cost of a row: of Results, of Changes, and for every tenth of Failures.
func BenchmarkReport(b *testing.B) {
	r := manyResults(b, b.N, 0)
	path := filepath.Join(b.TempDir(), "report.xlsx")
	b.ResetTimer()
	must(b, render.Write(path, r, report.Options{}))
}

func writeMany(t testing.TB, w io.Writer, n, wide int) {
	t.Helper()
	r := manyResults(t, n, wide)
	must(t, workbook.Write(w, r, report.Options{}))
}

// manyResults opens a ledger that manyLedger makes.
func manyResults(t testing.TB, n, wide int) *ledger.Reader {
	t.Helper()
	r, err := ledger.Open(manyLedger(t, n, wide))
	must(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// manyLedger makes a ledger of n results and returns its path: wide is the length of each result's reason, 0 of an everyday one.
func manyLedger(t testing.TB, n, wide int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	w, err := ledger.Create(path)
	must(t, err)
	changes := make([]diff.Change, n)
	current := &task.Task{ID: taskID(1), Type: task.ODataType}
	current.Set(task.DisplayName, task.Text("Enable BitLocker on laptops"))
	edits := []diff.Edit{edit(task.AssignedTo, "old@contoso.com", "dana@contoso.com")}
	sheet := &task.Columns{File: "tasks.csv"}
	sheet.Widen(3)
	cells := []*task.Cell{{Text: current.ID}, {Text: "dana@contoso.com"}, {Text: "CHG0001"}}
	for i := range changes {
		changes[i] = diff.Change{Index: i, SameAs: -1, Current: current, Edits: edits, Desired: sheet.Row(i+2, cells)}
	}
	h := newRun("apply").header
	h.Input.Rows = n
	must(t, w.Plan(h, changes))
	for i := range changes {
		res := diff.Result{
			Change: &changes[i], Outcome: diff.Applied, After: values("dana@contoso.com"), Attempts: 1, Status: 204,
			RequestID: guid(i / 20), ClientRequestID: guid(-i / 20),
			SentAt: start.Add(time.Duration(i) * time.Millisecond), SettledAt: start.Add(time.Duration(i+900) * time.Millisecond),
		}
		if i%10 == 0 || wide > 0 {
			res.Outcome, res.Status, res.Code, res.Reason = diff.Failed, 403, "Forbidden", "the service refused: not authorized"
			res.Reason += strings.Repeat(" x", wide/2)
		}
		must(t, w.Result(res))
	}
	must(t, w.End(ledger.End{At: start.Add(time.Hour)}))
	must(t, w.Close())
	return path
}

// slow skips a test that takes long, unless TASKRECON_SLOW asks for it.
func slow(t testing.TB) {
	t.Helper()
	if os.Getenv("TASKRECON_SLOW") == "" {
		t.Skip("TASKRECON_SLOW is not set")
	}
}

// peak is the most that the garbage collector found alive while f ran.
func peak(t testing.TB, f func()) uint64 {
	t.Helper()
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var high uint64
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			high = max(high, sample[0].Value.Uint64())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	f()
	close(done)
	watch.Wait()
	return high
}
