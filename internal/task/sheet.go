package task

import (
	"iter"
	"slices"
)

// Sheet is what the rows of an input say, with each text of a column kept once: a row holds only which of
// them are its own, in four bytes a cell. One goroutine may fill it; what it holds may be read by any number.
type Sheet struct {
	file, name string
	columns    []column
	shown      int   // of the columns, those that the file has
	wishing    []int // columns that hold wishes, in table order, those of pairs as they stand
}

// column is the texts of one column.
type column struct {
	property *Property // that its cells set; nil where they ask for nothing
	pair     string
	plain    list[string] // texts that are the value wished for, where the column wishes for one
	other    list[saying]
}

// list grows without moving what it holds: of what has millions, a copy would be half of all memory.
type list[T any] struct {
	full [][]T // of longList each
	last []T
}

const longList = 4096

// add returns the index of what it adds.
func (l *list[T]) add(v T) int {
	if len(l.last) == longList {
		l.full, l.last = append(l.full, l.last), make([]T, 0, longList)
	}
	l.last = append(l.last, v)
	return len(l.full)*longList + len(l.last) - 1
}

func (l *list[T]) at(i int) *T {
	if n := i / longList; n < len(l.full) {
		return &l.full[n][i%longList]
	}
	return &l.last[i%longList]
}

// saying is a text that is not itself the value that it asks for.
type saying struct {
	text  string
	value Value
	wish  bool
}

// Ref names a text of one column. The zero Ref is a blank cell.
type Ref uint32

// ref is the Ref of the text at an index of column.plain, or of column.other.
func ref(index int, other bool) Ref {
	r := Ref(index+1) << 1
	if other {
		r |= 1
	}
	return r
}

// NewSheet makes a sheet without columns; file and name go into each row's Origin.
func NewSheet(file, name string) *Sheet { return &Sheet{file: file, name: name} }

// Widen makes room for so many columns, counted from 0. Those that there are stay as they are.
func (s *Sheet) Widen(columns int) {
	for len(s.columns) < columns {
		s.columns = append(s.columns, column{})
	}
	s.shown = max(s.shown, columns)
}

// Wishing makes a column one of wishes: for p, or for the pair of this name where pair is not "". No two may
// be for the same.
func (s *Sheet) Wishing(at int, p *Property, pair string) {
	s.Widen(at + 1)
	place := slices.IndexFunc(s.wishing, func(w int) bool { return s.columns[w].property.index > p.index })
	if place < 0 {
		place = len(s.wishing)
	}
	s.columns[at].property, s.columns[at].pair = p, pair
	s.wishing = slices.Insert(s.wishing, place, at)
}

// Keep adds a text to a column, wishing for v in a column of wishes.
func (s *Sheet) Keep(at int, text string, v Value) Ref {
	c := &s.columns[at]
	if c.property == nil || v == Text(text) {
		return ref(c.plain.add(text), false)
	}
	return ref(c.other.add(saying{text, v, true}), true)
}

// KeepSilent adds a text that asks for nothing, in whatever column.
func (s *Sheet) KeepSilent(at int, text string) Ref {
	return ref(s.columns[at].other.add(saying{text: text}), true)
}

// Text is a text of a column, "" for the zero Ref.
func (s *Sheet) Text(at int, r Ref) string { return s.columns[at].text(r) }

// Plain reports whether the text is itself what its cell says: not blank, and in a column of wishes the value wished for.
func (r Ref) Plain() bool { return r != 0 && r&1 == 0 }

// Row makes a row of cells, one for each of the first columns; further ones are blank. The row keeps cells.
func (s *Sheet) Row(row int, id string, cells []Ref) Desired {
	return Desired{ID: id, sheet: s, row: row, cells: cells}
}

func (c *column) text(r Ref) string {
	switch i := int(r>>1) - 1; {
	case r == 0:
		return ""
	case r&1 != 0:
		return c.other.at(i).text
	default:
		return *c.plain.at(i)
	}
}

// wish is what a cell of the column asks for, if it does.
func (c *column) wish(r Ref) (w Wish, ok bool) {
	w.Property, w.Pair = c.property, c.pair
	switch i := int(r>>1) - 1; {
	case r == 0 || c.property == nil:
		return w, false
	case r&1 != 0:
		w.Value, ok = c.other.at(i).value, c.other.at(i).wish
	default:
		w.Value, ok = Text(*c.plain.at(i)), true
	}
	return w, ok
}

// Desired is what one row of the input asks for: a task, and only the properties that the row sets. It is made by
// Sheet.Row or NewDesired; the zero Desired asks for nothing.
type Desired struct {
	ID   string
	Base *Base // what the sheet was made from, or nil; then the wishes are only what differs from it

	sheet *Sheet
	row   int
	cells []Ref
}

// NewDesired makes a row that has a sheet of its own. The wishes stand in no cell.
func NewDesired(from Origin, id string, cells []string, wishes ...Wish) Desired {
	s := NewSheet(from.File, from.Sheet)
	s.Widen(len(cells))
	refs := make([]Ref, 0, len(cells)+len(wishes))
	for i, text := range cells {
		refs = append(refs, s.Keep(i, text, Null))
	}
	for _, w := range wishes {
		s.Wishing(len(refs), w.Property, w.Pair)
		refs = append(refs, s.Keep(len(refs), w.Value.String(), w.Value))
	}
	s.shown = len(cells)
	return s.Row(from.Row, id, refs)
}

// Origin is the place of the row in the input.
func (d *Desired) Origin() Origin {
	if d.sheet == nil {
		return Origin{Row: d.row}
	}
	return Origin{File: d.sheet.file, Sheet: d.sheet.name, Row: d.row}
}

// Wishes yields what the row sets, in table order, each property or pair at most once; none of a read-only property.
func (d *Desired) Wishes() iter.Seq[Wish] {
	return func(yield func(Wish) bool) {
		if d.sheet == nil {
			return
		}
		for _, at := range d.sheet.wishing {
			if at >= len(d.cells) {
				continue
			}
			if w, ok := d.sheet.columns[at].wish(d.cells[at]); ok && !yield(w) {
				return
			}
		}
	}
}

// WishIn is what the cell in a column, counted from 0, asks for, if it does.
func (d *Desired) WishIn(at int) (w Wish, ok bool) {
	if at >= len(d.cells) {
		return w, false
	}
	return d.sheet.columns[at].wish(d.cells[at])
}

// Silence makes a cell of the row blank, so that it asks for nothing.
func (d *Desired) Silence(at int) { d.cells[at] = 0 }

// Cell is the text of the cell in a column, counted from 0, in a form that the input accepts again; "" where there
// is none, and where it is as in the base.
func (d *Desired) Cell(at int) string {
	if at >= len(d.cells) || at >= d.sheet.shown {
		return ""
	}
	return d.sheet.columns[at].text(d.cells[at])
}

// Cells is the text of each cell of the row, in the file's columns.
func (d *Desired) Cells() []string {
	if d.sheet == nil || d.sheet.shown == 0 {
		return nil
	}
	texts := make([]string, d.sheet.shown)
	for i := range texts {
		texts[i] = d.Cell(i)
	}
	return texts
}

// SameWishes reports whether two rows ask for the same: the same properties, with equal values.
func (d *Desired) SameWishes(o *Desired) bool {
	return slices.EqualFunc(slices.Collect(d.Wishes()), slices.Collect(o.Wishes()), Wish.same)
}
