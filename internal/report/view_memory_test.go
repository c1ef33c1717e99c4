package report

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestViewsMemoryStaysFlat writes every form that is no workbook, the second time of four times the rows.
func TestViewsMemoryStaysFlat(t *testing.T) {
	if os.Getenv("TASKRECON_SLOW") == "" {
		t.Skip("TASKRECON_SLOW is not set")
	}
	if racing {
		t.Skip("the race detector's own memory hides the report's, and it makes this slow")
	}
	const few, many = 10_000, 40_000
	small, large := manyResults(t, few, 0), manyResults(t, many, 0)
	for _, extension := range []string{".json", ".csv", ".html"} {
		dir := t.TempDir()
		a := peak(t, func() { must(t, Write(filepath.Join(dir, "a"+extension), small, Options{})) })
		b := peak(t, func() { must(t, Write(filepath.Join(dir, "b"+extension), large, Options{})) })
		t.Logf("%s: peak of live heap: %d rows %d KiB, %d rows %d KiB", extension, few, a>>10, many, b>>10)
		if b > a+4<<20 {
			t.Errorf("%s: the heap grows with the rows", extension)
		}
	}
}

// TestMillionInEveryView writes a million results; TASKRECON_SLOW asks for it.
func TestMillionInEveryView(t *testing.T) {
	if os.Getenv("TASKRECON_SLOW") == "" {
		t.Skip("TASKRECON_SLOW is not set")
	}
	r := manyResults(t, 1_000_000, 0)
	for _, extension := range []string{".json", ".csv", ".html"} {
		path := filepath.Join(t.TempDir(), "report"+extension)
		began := time.Now()
		high := peak(t, func() { must(t, Write(path, r, Options{})) })
		took := time.Since(began).Round(time.Millisecond)
		info, err := os.Stat(path)
		must(t, err)
		t.Logf("%s: %v, peak of live heap %d MiB (with the ledger's index), %d MiB", extension, took, high>>20, info.Size()>>20)
		if high > 256<<20 {
			t.Errorf("%s: peak of live heap %d MiB", extension, high>>20)
		}
	}
}
