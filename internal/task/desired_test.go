package task

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Assignments come in table order whatever the columns' order; a text may ask for another value than itself, or for nothing.
func TestRows(t *testing.T) {
	c := &Columns{File: "in.xlsx", Sheet: "Tasks"}
	c.Widen(5)
	c.Ask(1, Status, "")
	c.Ask(2, AssignedTo, "")
	c.Ask(3, DueDateTime, "")
	text := func(s string) *Cell { return &Cell{Text: s} }
	active := &Cell{"Active", Text("active"), true}
	dana := &Cell{"dana", Text("dana"), true}
	rows := []Desired{
		c.Row(2, []*Cell{text("a"), active, dana, text("someday"), text("mine")}),
		c.Row(3, []*Cell{text("b"), nil, dana}),
		c.Row(4, []*Cell{text("c"), active, {"<clear>", Null, true}, {"2026-01-02", Text("2026-01-02T00:00:00Z"), true}}),
		c.Row(5, nil),
	}
	c.Widen(6)
	for i, want := range []string{
		"a|Active|dana|someday|mine| assignedTo=dana(false) status=active(false)",
		"b||dana||| assignedTo=dana(false)",
		"c|Active|<clear>|2026-01-02|| dueDateTime=2026-01-02T00:00:00Z(false) assignedTo=(true) status=active(false)",
		"|||||",
	} {
		d := &rows[i]
		got := strings.Join(d.Cells(), "|")
		for w := range d.Assignments() {
			got += fmt.Sprintf(" %s=%s(%t)", w.Property.Name, w.Value, w.Value.IsNull())
		}
		if got != want {
			t.Errorf("row %d says %q, want %q", i, got, want)
		}
		if o := d.Origin(); o != (Origin{File: "in.xlsx", Sheet: "Tasks", Row: i + 2}) {
			t.Errorf("row %d comes from %+v", i, o)
		}
	}
	if rows[0].Blank(1); rows[0].Cell(1) != "" || rows[2].Cell(1) != "Active" {
		t.Error("a cell made blank is not, or others are with it")
	}
	if _, ok := rows[0].AssignmentIn(1); ok {
		t.Error("a blank cell asks for something")
	}
	if w, ok := rows[2].AssignmentIn(1); !ok || w.Value != Text("active") {
		t.Errorf("the cell asks for %+v, %t", w, ok)
	}
}

func TestDesiredOfItsOwn(t *testing.T) {
	wishes := []Assignment{{Status, Text("active"), ""}, {IntendedSettings, Null, "B"}, {IntendedSettings, Text("1"), "A"}}
	d := NewDesired(Origin{File: "f", Row: 7}, "x", []string{"x", ""}, wishes...)
	if got := d.Cells(); !slices.Equal(got, []string{"x", ""}) || d.Cell(2) != "" || d.Origin() != (Origin{File: "f", Row: 7}) {
		t.Errorf("%q at %+v", got, d.Origin())
	}
	got := slices.Collect(d.Assignments())
	slices.SortFunc(wishes, func(a, b Assignment) int { return a.Property.Index() - b.Property.Index() })
	if len(got) != 3 || got[0].Property.Index() > got[1].Property.Index() || got[1].Property.Index() > got[2].Property.Index() {
		t.Errorf("wishes %+v", got)
	}
	for _, w := range got {
		if !slices.Contains(wishes, w) {
			t.Errorf("unexpected wish %+v", w)
		}
	}
	var none Desired
	if len(slices.Collect(none.Assignments())) > 0 || none.Cells() != nil || none.Cell(0) != "" || none.Origin() != (Origin{}) {
		t.Error("the zero row says something")
	}
}
