package xlsx

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	maxMerges = 1 << 17
	maxHides  = 1 << 14
	maxRow    = 1 << 20
	maxColumn = 1 << 14
)

// Area is a range of cells, its edges within it.
type Area struct{ Left, Top, Right, Bottom int }

// Has reports whether a cell lies in the area.
func (a Area) Has(column, row int) bool {
	return a.Left <= column && column <= a.Right && a.Top <= row && row <= a.Bottom
}

// Single reports whether the area is one cell.
func (a Area) Single() bool { return a.Left == a.Right && a.Top == a.Bottom }

func (a Area) String() string {
	return Ref(a.Left, a.Top) + ":" + Ref(a.Right, a.Bottom)
}

// Layout is what a sheet shows otherwise than it holds, its hidden rows aside.
type Layout struct {
	HiddenColumns [][2]int // first and last
	Merges        []Area

	noHeight bool // rows that say nothing of their height are not shown
}

// HidesColumn reports whether a column, counted from 1, is not shown.
func (l *Layout) HidesColumn(column int) bool {
	for _, c := range l.HiddenColumns {
		if c[0] <= column && column <= c[1] {
			return true
		}
	}
	return false
}

// read takes in an element of the sheet beside its rows.
func (l *Layout) read(x *elements, name string) error {
	switch name {
	case "sheetFormatPr":
		l.noHeight = x.isTrue("zeroHeight")
	case "cols":
		return x.each(2, func(name string) error {
			if name == "col" {
				return l.readColumn(x)
			}
			return nil
		})
	case "mergeCells":
		return x.each(2, func(name string) error {
			if name == "mergeCell" {
				return l.readMerge(x)
			}
			return nil
		})
	}
	return nil
}

func (l *Layout) readColumn(x *elements) error {
	width, _ := x.attr("width")
	if w, err := strconv.ParseFloat(width, 64); !x.isTrue("hidden") && (err != nil || w > 0) {
		return nil
	}
	first, _ := x.attr("min")
	last, _ := x.attr("max")
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err1 != nil || err2 != nil || from < 1 || to < from || len(l.HiddenColumns) == maxHides {
		return fmt.Errorf("it hides the columns %q to %q", clip(first), clip(last))
	}
	l.HiddenColumns = append(l.HiddenColumns, [2]int{from, to})
	return nil
}

func (l *Layout) readMerge(x *elements) error {
	ref, _ := x.attr("ref")
	area, ok := parseArea(ref)
	if !ok {
		return fmt.Errorf("it merges the cells %q", clip(ref))
	}
	if l.Merges = append(l.Merges, area); len(l.Merges) > maxMerges {
		return limitError(fmt.Sprintf("it has more than %d merged cells", maxMerges))
	}
	return nil
}

// parseArea reads "B2:D4", or "B2" for a single cell.
func parseArea(ref string) (Area, bool) {
	from, to, two := strings.Cut(ref, ":")
	if !two {
		to = from
	}
	left, top, ok1 := parseRef(from)
	right, bottom, ok2 := parseRef(to)
	return Area{left, top, right, bottom}, ok1 && ok2 && top <= bottom && left <= right
}

// hidesRow reports whether the row element whose start tag was read last is not shown: by hand, by a filter, by a folded outline,
// or by having no height.
func (l *Layout) hidesRow(x *elements) bool {
	height, sized := x.attr("ht")
	hidden, said := x.attr("hidden")
	if h, err := strconv.ParseFloat(height, 64); sized && err == nil && h <= 0 {
		return true
	}
	if !said && !sized {
		return l.noHeight
	}
	return truth(hidden)
}

// Ref is the reference of a cell, such as F14; both are counted from 1.
func Ref(column, row int) string { return ColumnName(column) + strconv.Itoa(row) }

// ColumnName is a column's letters; column 1 is A.
func ColumnName(column int) string {
	var letters []byte
	for ; column > 0; column = (column - 1) / 26 {
		letters = append([]byte{byte('A' + (column-1)%26)}, letters...)
	}
	return string(letters)
}

// parseRef reads a cell reference within the size that a sheet may have.
func parseRef(ref string) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4 && 'A' <= ref[i] && ref[i] <= 'Z'; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	if i == 0 || i == len(ref) || ref[i] == '+' || column > maxColumn {
		return 0, 0, false
	}
	row, err := strconv.Atoi(ref[i:])
	return column, row, err == nil && row >= 1 && row <= maxRow
}
