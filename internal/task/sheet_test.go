package task

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Rows of one sheet: what is said once is shared, wishes come in table order whatever the columns' order, and a
// text may ask for another value than itself, or for nothing.
func TestSheet(t *testing.T) {
	s := NewSheet("in.xlsx", "Tasks")
	s.Widen(5)
	s.Wishing(1, Status, "")
	s.Wishing(2, AssignedTo, "")
	s.Wishing(3, DueDateTime, "")
	active := s.Keep(1, "Active", Text("active"))
	dana := s.Keep(2, "dana", Text("dana"))
	rows := []Desired{
		s.Row(2, "a", []Ref{s.Keep(0, "a", Null), active, dana, s.KeepSilent(3, "someday"), s.Keep(4, "mine", Null)}),
		s.Row(3, "b", []Ref{s.Keep(0, "b", Null), 0, dana}),
		s.Row(4, "c", []Ref{s.Keep(0, "c", Null), active, s.Keep(2, "<clear>", Null), s.Keep(3, "2026-01-02", Text("2026-01-02T00:00:00Z"))}),
		s.Row(5, "d", nil),
	}
	s.Widen(6)
	for i, want := range []string{
		"a|Active|dana|someday|mine| assignedTo=dana(false) status=active(false)",
		"b||dana||| assignedTo=dana(false)",
		"c|Active|<clear>|2026-01-02|| dueDateTime=2026-01-02T00:00:00Z(false) assignedTo=(true) status=active(false)",
		"|||||",
	} {
		d := &rows[i]
		got := strings.Join(d.Cells(), "|")
		for w := range d.Wishes() {
			got += fmt.Sprintf(" %s=%s(%t)", w.Property.Name, w.Value, w.Value.IsNull())
		}
		if got != want {
			t.Errorf("row %d says %q, want %q", i, got, want)
		}
		if o := d.Origin(); o != (Origin{File: "in.xlsx", Sheet: "Tasks", Row: i + 2}) {
			t.Errorf("row %d comes from %+v", i, o)
		}
	}
	if rows[0].Silence(1); rows[0].Cell(1) != "" || rows[2].Cell(1) != "Active" {
		t.Error("a cell made blank is not, or others are with it")
	}
	if _, ok := rows[0].WishIn(1); ok {
		t.Error("a blank cell asks for something")
	}
	if w, ok := rows[2].WishIn(1); !ok || w.Value != Text("active") {
		t.Errorf("the cell asks for %+v, %t", w, ok)
	}
}

func TestDesiredOfItsOwn(t *testing.T) {
	wishes := []Wish{{Status, Text("active"), ""}, {IntendedSettings, Null, "B"}, {IntendedSettings, Text("1"), "A"}}
	d := NewDesired(Origin{File: "f", Row: 7}, "x", []string{"x", ""}, wishes...)
	if got := d.Cells(); !slices.Equal(got, []string{"x", ""}) || d.Cell(2) != "" || d.Origin() != (Origin{File: "f", Row: 7}) {
		t.Errorf("%q at %+v", got, d.Origin())
	}
	got := slices.Collect(d.Wishes())
	slices.SortFunc(wishes, func(a, b Wish) int { return a.Property.Index() - b.Property.Index() })
	if len(got) != 3 || got[0].Property.Index() > got[1].Property.Index() || got[1].Property.Index() > got[2].Property.Index() {
		t.Errorf("wishes %+v", got)
	}
	for _, w := range got {
		if !slices.Contains(wishes, w) {
			t.Errorf("nobody wished for %+v", w)
		}
	}
	var none Desired
	if len(slices.Collect(none.Wishes())) > 0 || none.Cells() != nil || none.Cell(0) != "" || none.Origin() != (Origin{}) {
		t.Error("the zero row says something")
	}
}

// A list gives back what was added, wherever it lies.
func TestList(t *testing.T) {
	var l list[int]
	for i := range 3*longList + 7 {
		if at := l.add(-i); at != i {
			t.Fatalf("%d is at %d", i, at)
		}
	}
	for i := range 3*longList + 7 {
		if got := *l.at(i); got != -i {
			t.Fatalf("at %d is %d", i, got)
		}
	}
}
