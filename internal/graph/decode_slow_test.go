package graph

import (
	"math"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	"taskrecon/internal/task"
)

// mostBeyondStrings is how many bytes a listed task may take beside the bytes of its texts.
const mostBeyondStrings = 400

// A listed task takes less than 400 bytes beyond its texts, of which one that many tasks share counts once.
// TASKRECON_SLOW makes it a million tasks.
func TestListedTasksAreSmall(t *testing.T) {
	n := 100_000
	if os.Getenv("TASKRECON_SLOW") != "" {
		n = 1_000_000
	}
	pages := newTenantPages(n)
	before := heapInUse()
	tasks := list(t, pages, onePass())
	taken := int64(heapInUse()) - int64(before)
	texts := textBytes(tasks)
	if len(tasks) != n || texts < int64(n)*100 {
		t.Fatalf("%d tasks with %d bytes of texts; want %d with at least 100 each", len(tasks), texts, n)
	}
	beyond := float64(taken-texts) / float64(n)
	t.Logf("FIGURE | memory of a task beyond its texts, of %d | %.0f bytes | | | under %d | %.0f bytes with them |", n, beyond, mostBeyondStrings, float64(taken)/float64(n))
	if beyond >= mostBeyondStrings {
		t.Errorf("a task takes %.0f bytes beyond its texts; want less than %d", beyond, mostBeyondStrings)
	}
	runtime.KeepAlive(pages)
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what the first found unused is swept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// textBytes is the length of all the texts that the tasks hold, each place in memory counted once.
func textBytes(tasks []*task.Task) int64 {
	var sum int64
	seen := make(map[*byte]struct{})
	count := func(s string) {
		at := unsafe.StringData(s)
		if _, again := seen[at]; s != "" && !again {
			seen[at] = struct{}{}
			sum += int64(len(s))
		}
	}
	for _, t := range tasks {
		count(t.ID)
		count(t.Type)
		for _, p := range task.All() {
			count(t.Get(p).String())
		}
	}
	return sum
}

// Bounds on the time that a list takes in memory.
const (
	mostOfReference = 0.5  // of the time that encoding/json takes to fill plain structs
	mostExponent    = 1.15 // of the time over the number of tasks; 1 is linear
)

// The list is read in half the reference's time or less, at every size, and in linear time. Each is the best of several
// runs in turn, since other work on the machine only ever adds. TASKRECON_SLOW asks for it.
func TestListIsReadFast(t *testing.T) {
	if os.Getenv("TASKRECON_SLOW") == "" {
		t.Skip("TASKRECON_SLOW is not set")
	}
	var sizes, times []float64
	for _, n := range listSizes() {
		rounds := max(3, min(30, 1_000_000/n))
		pages := newTenantPages(n)
		reference, ours := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
		for range rounds {
			reference = min(reference, timed(func() int { return len(plainly(t, pages)) }))
			ours = min(ours, timed(func() int { return len(list(t, pages, onePass())) }))
		}
		ratio := float64(ours) / float64(reference)
		t.Logf("FIGURE | decode a list of %d tasks | %s | %s (encoding/json into structs) | %.2f | %.2f | |",
			n, ours.Round(100*time.Microsecond), reference.Round(100*time.Microsecond), ratio, mostOfReference)
		if ratio > mostOfReference {
			t.Errorf("%d tasks take %.2f of the reference's time; want at most %.2f", n, ratio, mostOfReference)
		}
		sizes, times = append(sizes, float64(n)), append(times, ours.Seconds())
	}
	if k := exponent(sizes, times); k > mostExponent {
		t.Errorf("the time grows with the power %.2f of the tasks; want at most %.2f", k, mostExponent)
	} else {
		t.Logf("FIGURE | decode a list, growth | | | | at most %.2f | exponent %.2f |", mostExponent, k)
	}
}

func timed(do func() int) time.Duration {
	runtime.GC()
	began := time.Now()
	runtime.KeepAlive(do())
	return time.Since(began)
}

// exponent fits y = a*x^k by least squares over the logarithms, and returns k.
func exponent(x, y []float64) float64 {
	var sx, sy, sxx, sxy float64
	for i := range x {
		lx, ly := math.Log(x[i]), math.Log(y[i])
		sx, sy, sxx, sxy = sx+lx, sy+ly, sxx+lx*lx, sxy+lx*ly
	}
	n := float64(len(x))
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

func TestExponent(t *testing.T) {
	x := []float64{1e3, 1e4, 1e5, 1e6}
	for _, k := range []float64{0.5, 1, 2} {
		y := slices.Clone(x)
		for i := range y {
			y[i] = 3 * math.Pow(x[i], k)
		}
		if got := exponent(x, y); math.Abs(got-k) > 1e-9 {
			t.Errorf("the exponent of x^%g is fitted as %g", k, got)
		}
	}
}
