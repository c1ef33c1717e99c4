package ingest_test

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"taskrecon/internal/ingest"
)

// How fast a file of so many rows may be read, against a reference in the same run, before a machine's noise.
const (
	mostOfCSV  = 6.0  // of encoding/csv
	mostOfXLSX = 0.35 // of excelize
	noise      = 1.5
)

func needSlow(t *testing.T) {
	t.Helper()
	if os.Getenv(slowEnv) == "" {
		t.Skip(slowEnv + " is not set")
	}
}

// best is the shortest of a few times that f takes: what else the machine does only makes it longer.
func best(times int, f func()) time.Duration {
	least := time.Duration(math.MaxInt64)
	for range times {
		runtime.GC()
		start := time.Now()
		f()
		least = min(least, time.Since(start))
	}
	return least
}

// TestSpeed compares reading with the reference; TASKRECON_SLOW asks for it.
func TestSpeed(t *testing.T) {
	needSlow(t)
	for _, tt := range []struct {
		name      string
		against   string
		rows      int
		times     int // that the reference is read
		path      string
		reference func(testing.TB, string, int)
		most      float64
	}{
		{"CSV", "encoding/csv, ReuseRecord", 100_000, 3, benchCSV(t, 100_000), readCSVAlone, mostOfCSV},
		{"XLSX with inline texts", "excelize Rows, RawCellValue", 100_000, 2, benchXLSX(t, 100_000, false), readExcelizeAlone, mostOfXLSX},
		{"XLSX with shared strings", "excelize Rows, RawCellValue", 100_000, 2, benchXLSX(t, 100_000, true), readExcelizeAlone, mostOfXLSX},
	} {
		ours := best(3, func() { readOurs(t, tt.path, tt.rows) })
		reference := best(tt.times, func() { tt.reference(t, tt.path, tt.rows) })
		ratio := float64(ours) / float64(reference)
		t.Logf("FIGURE | read %s, %d rows x 12 | %v | %v (%s) | %.2f | %.2f | |", tt.name, tt.rows, ours.Round(time.Millisecond), reference.Round(time.Millisecond), tt.against, ratio, tt.most)
		if ratio > tt.most*noise {
			t.Errorf("%s takes %.2f of the reference's time, more than %.2f", tt.name, ratio, tt.most*noise)
		}
	}
}

// TestGrowth reads files of 1,000 to 1,000,000 rows; TASKRECON_SLOW asks for it. The exponent is the
// slope of the time over the rows, both as logarithms: 1 is linear.
func TestGrowth(t *testing.T) {
	needSlow(t)
	for name, file := range map[string]func(rows int) string{
		"CSV":                      func(rows int) string { return benchCSV(t, rows) },
		"XLSX with inline texts":   func(rows int) string { return benchXLSX(t, rows, false) },
		"XLSX with shared strings": func(rows int) string { return benchXLSX(t, rows, true) },
	} {
		var said []string
		var rows, times []float64
		for _, n := range benchSizes() {
			path := file(n)
			took := best(1+20_000/n, func() { readOurs(t, path, n) })
			high := peak(func() { readOurs(t, path, n) })
			said = append(said, fmt.Sprintf("%d rows %v, peak of live heap %d MiB", n, took.Round(time.Microsecond), high>>20))
			rows, times = append(rows, math.Log(float64(n))), append(times, math.Log(float64(took)))
		}
		exponent := slope(rows, times)
		t.Logf("FIGURE | read %s, growth | %s | | | linear | exponent %.2f |", name, strings.Join(said, "; "), exponent)
		if exponent > 1.2 {
			t.Errorf("%s grows with exponent %.2f", name, exponent)
		}
	}
}

// slope is that of the line nearest to the points.
func slope(x, y []float64) float64 {
	mean := func(v []float64) (sum float64) {
		for _, n := range v {
			sum += n / float64(len(v))
		}
		return sum
	}
	mx, my := mean(x), mean(y)
	var xy, xx float64
	for i := range x {
		xy, xx = xy+(x[i]-mx)*(y[i]-my), xx+(x[i]-mx)*(x[i]-mx)
	}
	return xy / xx
}

// peak is the most that the garbage collector found alive while f ran.
func peak(f func()) (high uint64) {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			metrics.Read(sample)
			high = max(high, sample[0].Value.Uint64())
			select {
			case <-done:
				tick.Stop()
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

// A file with many rows of few texts costs what its rows cost, not what its texts would cost one by one.
func TestRepeatedTextsAreKeptOnce(t *testing.T) {
	long := strings.Repeat("x", 200)
	read := func(rows int) uint64 {
		var text strings.Builder
		text.WriteString("id,description,Note\n")
		for i := range rows {
			fmt.Fprintf(&text, "t%d,%s%d,%s%d\n", i, long, i%20, long, i%30)
		}
		path := write(t, "in.csv", []byte(text.String()))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		in, err := ingest.Read(path, ingest.Options{})
		must(t, err)
		runtime.GC()
		runtime.ReadMemStats(&after)
		if len(in.Rows) != rows || in.Rows[rows-1].Desired.Cell(2) != fmt.Sprintf("%s%d", long, (rows-1)%30) {
			t.Fatalf("%d rows, the last %q", len(in.Rows), in.Rows[rows-1].Desired.Cells())
		}
		return (after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)) / uint64(rows)
	}
	sizes := []uint64{read(20_000), read(40_000)}
	if most := slices.Max(sizes); most > 250 {
		t.Errorf("a row takes %d bytes, its texts of %d bytes among them", sizes, 2*len(long))
	}
}
