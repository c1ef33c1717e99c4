package report_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
)

// TestViewsMemoryStaysFlat writes every form that is no workbook, the second time of four times the rows.
func TestViewsMemoryStaysFlat(t *testing.T) {
	slow(t)
	if racing {
		t.Skip("the race detector's own memory hides the report's, and it makes this slow")
	}
	const few, many = 10_000, 40_000
	small, large := manyResults(t, few, 0), manyResults(t, many, 0)
	for _, extension := range []string{".json", ".csv", ".html"} {
		dir := t.TempDir()
		a := peak(t, func() { must(t, render.Write(filepath.Join(dir, "a"+extension), small, report.Options{})) })
		b := peak(t, func() { must(t, render.Write(filepath.Join(dir, "b"+extension), large, report.Options{})) })
		t.Logf("%s: peak of live heap: %d rows %d KiB, %d rows %d KiB", extension, few, a>>10, many, b>>10)
		if b > a+4<<20 {
			t.Errorf("%s: the heap grows with the rows", extension)
		}
	}
}

// TestMillionInEveryView writes a million results; TASKRECON_SLOW asks for it.
func TestMillionInEveryView(t *testing.T) {
	slow(t)
	r := manyResults(t, 1_000_000, 0)
	for _, extension := range []string{".json", ".csv", ".html"} {
		path := filepath.Join(t.TempDir(), "report"+extension)
		began := time.Now()
		high := peak(t, func() { must(t, render.Write(path, r, report.Options{})) })
		took := time.Since(began).Round(time.Millisecond)
		info, err := os.Stat(path)
		must(t, err)
		t.Logf("%s: %v, peak of live heap %d MiB (with the ledger's index), %d MiB", extension, took, high>>20, info.Size()>>20)
		if high > 256<<20 {
			t.Errorf("%s: peak of live heap %d MiB", extension, high>>20)
		}
	}
}
