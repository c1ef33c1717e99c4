package task

import (
	"iter"
	"slices"
)

// Cell is what one cell of an input holds. Rows share cells that hold the same.
type Cell struct {
	Text  string // in a form that the input accepts again
	Value Value  // what the cell asks for
	Asks  bool   // it asks for Value
}

// Columns says what the columns of an input are for; its rows share it.
type Columns struct {
	File, Sheet string // where the rows come from

	wishes []Assignment // by column, without a value; of those that ask for nothing without a property
	shown  int          // columns that the input has
	order  []int        // columns that may ask for something, in table order, those of pairs in the order of the file
}

// Widen makes room for so many columns.
func (c *Columns) Widen(columns int) {
	for len(c.wishes) < columns {
		c.wishes = append(c.wishes, Assignment{})
	}
	c.shown = max(c.shown, columns)
}

// Ask makes a column, counted from 0, one that asks: for p, or for the pair of this name where pair is not "". No two may be
// for the same.
func (c *Columns) Ask(at int, p *Property, pair string) {
	c.Widen(at + 1)
	place := slices.IndexFunc(c.order, func(i int) bool { return c.wishes[i].Property.index > p.index })
	if place < 0 {
		place = len(c.order)
	}
	c.wishes[at] = Assignment{Property: p, Pair: pair}
	c.order = slices.Insert(c.order, place, at)
}

// Desired is what one row of the input asks for: a task, and only the properties that the row sets. It is made by
// Columns.Row or NewDesired; the zero Desired asks for nothing.
type Desired struct {
	ID   string
	Note string // that goes to the service with the status, where it goes by the action
	Base *Base  // what the sheet was made from, or nil; then the wishes are only what differs from it

	columns *Columns
	row     int
	cells   []*Cell
}

// Row makes a row, which keeps cells: one for each of the first columns, nil where it is blank.
func (c *Columns) Row(row int, cells []*Cell) Desired {
	return Desired{columns: c, row: row, cells: cells}
}

// NewDesired makes a row that has columns of its own. The wishes are in no cell of the input.
func NewDesired(from Origin, id string, texts []string, wishes ...Assignment) Desired {
	c := &Columns{File: from.File, Sheet: from.Sheet}
	var cells []*Cell
	for _, text := range texts {
		cells = append(cells, &Cell{Text: text})
	}
	for _, w := range wishes {
		c.Ask(len(cells), w.Property, w.Pair)
		cells = append(cells, &Cell{Text: w.Value.String(), Value: w.Value, Asks: true})
	}
	c.Widen(len(texts))
	c.shown = len(texts)
	d := c.Row(from.Row, cells)
	d.ID = id
	return d
}

// Origin is the place of the row in the input.
func (d *Desired) Origin() Origin {
	if d.columns == nil {
		return Origin{Row: d.row}
	}
	return Origin{File: d.columns.File, Sheet: d.columns.Sheet, Row: d.row}
}

// Assignments yields what the row sets, in table order, each property or pair at most once; none of a read-only property.
func (d *Desired) Assignments() iter.Seq[Assignment] {
	return func(yield func(Assignment) bool) {
		if d.columns == nil {
			return
		}
		for _, at := range d.columns.order {
			if w, ok := d.AssignmentIn(at); ok && !yield(w) {
				return
			}
		}
	}
}

// AssignmentIn is what the cell in a column, counted from 0, asks for, if it does.
func (d *Desired) AssignmentIn(at int) (w Assignment, ok bool) {
	if at >= len(d.cells) || d.cells[at] == nil || !d.cells[at].Asks {
		return w, false
	}
	w = d.columns.wishes[at]
	w.Value = d.cells[at].Value
	return w, true
}

// Blank makes a cell of the row blank, so that it asks for nothing.
func (d *Desired) Blank(at int) { d.cells[at] = nil }

// CellAt is the cell in a column, counted from 0; nil where it is blank, and where it is as in the base.
func (d *Desired) CellAt(at int) *Cell {
	if at >= len(d.cells) || at >= d.columns.shown {
		return nil
	}
	return d.cells[at]
}

// Cell is the text of the cell in a column, counted from 0, in a form that the input accepts again; "" where CellAt is nil.
func (d *Desired) Cell(at int) string {
	if c := d.CellAt(at); c != nil {
		return c.Text
	}
	return ""
}

// Cells is the text of each cell of the row, in the file's columns.
func (d *Desired) Cells() []string {
	if d.columns == nil || d.columns.shown == 0 {
		return nil
	}
	texts := make([]string, d.columns.shown)
	for i := range texts {
		texts[i] = d.Cell(i)
	}
	return texts
}

// SameAssignments reports whether two rows ask for the same: the same properties, with equal values, and the same note.
func (d *Desired) SameAssignments(o *Desired) bool {
	return d.Note == o.Note && slices.EqualFunc(slices.Collect(d.Assignments()), slices.Collect(o.Assignments()), Assignment.same)
}
