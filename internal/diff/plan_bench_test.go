package diff

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/task"
)

// planSizes are the sizes at which growth is shown; TASKRECON_SLOW adds the million.
func planSizes() []int {
	sizes := []int{1_000, 10_000, 100_000}
	if os.Getenv("TASKRECON_SLOW") != "" {
		sizes = append(sizes, 1_000_000)
	}
	return sizes
}

// bothSides makes n rows that set every writable property, and the n tasks of the tenant, in another order. Every
// hundredth row differs in its assignee; the settings of all of them are in another order than the tenant's, or
// with pairs are wished for one by one.
func bothSides(n int, pairs bool) ([]Row, []*task.Task) {
	tasks, rows := make([]*task.Task, n), make([]Row, n)
	sheet := &task.Columns{File: "tasks.csv"}
	columns := wishColumns(sheet, pairs)
	for i := range n {
		t := &task.Task{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Type: task.ODataType}
		for _, p := range task.All() {
			t.Set(p, task.Text(heldText(p, i)))
		}
		cells := make([]*task.Cell, len(columns))
		for at, c := range columns {
			text := wishedText(c.Property, i)
			if c.Pair != "" {
				text = pairText(c.Pair, i)
			}
			cells[at] = &task.Cell{Text: text, Value: task.Text(text), Asks: true}
		}
		row := Row{SameAs: -1, Desired: sheet.Row(i+2, cells)}
		row.Desired.ID = strings.Clone(t.ID)
		tasks[i], rows[(i*7+3)%n] = t, row
	}
	return rows, tasks
}

// wishColumns gives the sheet a column for each writable property, or for pairs in the place of the settings as a whole.
func wishColumns(sheet *task.Columns, pairs bool) []task.Assignment {
	var columns []task.Assignment
	for _, p := range task.All() {
		switch {
		case p == task.IntendedSettings && pairs:
			for _, name := range []string{"RecoveryKeyEscrow", "BitLocker", "MinimumPinLength"} {
				columns = append(columns, task.Assignment{Property: p, Pair: name})
			}
		case p.Writable:
			columns = append(columns, task.Assignment{Property: p})
		}
	}
	for at, c := range columns {
		sheet.Ask(at, c.Property, c.Pair)
	}
	return columns
}

func pairText(name string, i int) string {
	switch name {
	case "MinimumPinLength":
		return fmt.Sprint(i % 12)
	case "BitLocker":
		return "required"
	}
	return "enabled"
}

func heldText(p *task.Property, i int) string {
	switch p.Kind {
	case task.DateTime:
		return fmt.Sprintf("2026-%02d-28T17:00:00Z", i%12+1)
	case task.Enum:
		return strings.Clone(p.Members[i%len(p.Members)])
	case task.Int32:
		return fmt.Sprint(i % 900)
	case task.Settings:
		return fmt.Sprintf(`[{"name":"BitLocker","value":"required"},{"name":"MinimumPinLength","value":"%d"},{"name":"RecoveryKeyEscrow","value":"enabled"}]`, i%12)
	}
	return fmt.Sprintf("%s of task %d", p.Name, i)
}

func wishedText(p *task.Property, i int) string {
	switch {
	case p == task.AssignedTo && i%100 == 0:
		return "somebody else"
	case p == task.IntendedSettings:
		return fmt.Sprintf(`[{"name":"RecoveryKeyEscrow","value":"enabled"},{"name":"BitLocker","value":"required"},{"name":"MinimumPinLength","value":"%d"}]`, i%12)
	}
	return heldText(p, i)
}

// copied copies both sides through memory: what no plan can do without, since it has to look at all of it.
func copied(rows []Row, tasks []*task.Task) ([][]task.Assignment, []*task.Task) {
	wished := make([][]task.Assignment, len(rows))
	for i := range rows {
		wished[i] = make([]task.Assignment, 0, task.Count+2)
		for w := range rows[i].Desired.Assignments() {
			w.Value = cloned(w.Value)
			wished[i] = append(wished[i], w)
		}
	}
	tasks = slices.Clone(tasks)
	for i, t := range tasks {
		c := &task.Task{ID: strings.Clone(t.ID), Type: t.Type}
		for _, p := range task.All() {
			c.Set(p, cloned(t.Get(p)))
		}
		tasks[i] = c
	}
	return wished, tasks
}

func cloned(v task.Value) task.Value {
	if v.IsNull() {
		return v
	}
	return task.Text(strings.Clone(v.String()))
}

// BenchmarkPlan plans n rows against n tasks, 1 % of them differing. The reference is the copy of both sides.
func BenchmarkPlan(b *testing.B) {
	for _, n := range planSizes() {
		rows, tasks := bothSides(n, false)
		perTask(b, "reference", n, func() {
			r, t := copied(rows, tasks)
			runtime.KeepAlive(r)
			runtime.KeepAlive(t)
		})
		perTask(b, "plan", n, func() { planned(b, rows, tasks) })
		rows, tasks = bothSides(n, true)
		perTask(b, "pairs", n, func() { planned(b, rows, tasks) })
	}
}

func perTask(b *testing.B, name string, n int, do func()) {
	b.Run(fmt.Sprintf("%s/tasks=%d", name, n), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			do()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/task")
	})
}

// planned makes the plan, of which one change in a hundred is to be sent.
func planned(tb testing.TB, rows []Row, tasks []*task.Task) *Plan {
	plan := Make(rows, tasks)
	if got := len(plan.Pending()); got != len(rows)/100 {
		tb.Fatalf("%d changes to be sent; want %d", got, len(rows)/100)
	}
	return plan
}

// Bounds on the time of a plan once both sides are read.
const (
	mostOfAMillion = 5 * time.Second
	mostExponent   = 1.2 // of the time over the number of tasks; 1 is linear
)

// A million rows against a million tasks are planned in five seconds, in linear time; the best of several runs counts,
// since other work on the machine only ever adds. TASKRECON_SLOW asks for it.
func TestMillionIsPlannedFast(t *testing.T) {
	if os.Getenv("TASKRECON_SLOW") == "" {
		t.Skip("TASKRECON_SLOW is not set")
	}
	for _, pairs := range []bool{false, true} {
		var sizes, times []float64
		var last time.Duration
		for _, n := range planSizes() {
			last = planTime(t, n, pairs)
			sizes, times = append(sizes, math.Log(float64(n))), append(times, math.Log(last.Seconds()))
		}
		if last > mostOfAMillion {
			t.Errorf("a million takes %s; want at most %s", last, mostOfAMillion)
		}
		k := slope(sizes, times)
		t.Logf("FIGURE | plan, growth | %s for a million | | | %s, at most %.2f | exponent %.2f |", last.Round(10*time.Millisecond), mostOfAMillion, mostExponent, k)
		if k > mostExponent {
			t.Errorf("want at most %.2f", mostExponent)
		}
	}
}

// planTime is the least time that a plan of n rows against n tasks took.
func planTime(t *testing.T, n int, pairs bool) time.Duration {
	rows, tasks := bothSides(n, pairs)
	ours := time.Duration(math.MaxInt64)
	reference, held := ours, uint64(0)
	for range max(3, min(30, 300_000/n)) {
		reference = min(reference, timed(func() { copied(rows, tasks) }))
		before := heapInUse()
		var plan *Plan
		ours = min(ours, timed(func() { plan = planned(t, rows, tasks) }))
		held = heapInUse() - before
		runtime.KeepAlive(plan)
	}
	name := ""
	if pairs {
		name = ", settings wished pair by pair"
	}
	t.Logf("FIGURE | plan %d rows against as many tasks%s | %s | %s (copying both sides) | %.2f | | the plan holds %d bytes a row |",
		n, name, ours.Round(100*time.Microsecond), reference.Round(100*time.Microsecond), float64(ours)/float64(reference), held/uint64(n))
	return ours
}

func timed(do func()) time.Duration {
	runtime.GC()
	began := time.Now()
	do()
	return time.Since(began)
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// slope is that of the line nearest to the points by least squares.
func slope(x, y []float64) float64 {
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	n := float64(len(x))
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}
