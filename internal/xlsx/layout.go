package xlsx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	maxMerges = 1 << 17
	maxHides  = 1 << 14
	maxRow    = 1 << 20
	maxColumn = 1 << 14

	// Rows and columns smaller than this show nothing, whether or not they say that they are hidden.
	leastHeight = 1.0 // points
	leastWidth  = 0.5 // characters
	maxWidth    = 255
)

// Width is how wide columns are, in characters.
type Width struct {
	First, Last int
	Chars       float64
}

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
	Widths        []Width  // of columns that are shown and say theirs
	Merges        []Area
	Filtered      bool // a filter is set, which hides rows and shows that it does

	noHeight bool     // rows that say nothing of their height are not shown
	noWidth  bool     // likewise the columns but those of wide
	wide     [][2]int // first and last
}

// HidesColumn reports whether a column, counted from 1, is not shown.
func (l *Layout) HidesColumn(column int) bool {
	has := func(c [2]int) bool { return c[0] <= column && column <= c[1] }
	return slices.ContainsFunc(l.HiddenColumns, has) || l.noWidth && !slices.ContainsFunc(l.wide, has)
}

// read takes in an element of the sheet beside its rows.
func (l *Layout) read(x *elements, name string) error {
	switch name {
	case "sheetFormatPr":
		l.noHeight = x.isTrue("zeroHeight") || x.below("defaultRowHeight", leastHeight)
		l.noWidth = x.below("defaultColWidth", leastWidth)
	case "cols":
		return x.each(2, func(name string) error {
			if name == "col" {
				return l.readColumn(x)
			}
			return nil
		})
	case "autoFilter":
		return x.each(2, func(name string) error {
			l.Filtered = l.Filtered || name == "filterColumn"
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
	first, _ := x.attr("min")
	last, _ := x.attr("max")
	from, err1 := strconv.Atoi(first)
	end, err2 := strconv.Atoi(last)
	valid := err1 == nil && err2 == nil && from >= 1 && end >= from
	to := &l.HiddenColumns
	if !x.isTrue("hidden") && !x.below("width", leastWidth) {
		width, sized := x.attr("width")
		chars, err := strconv.ParseFloat(width, 64)
		if valid && err == nil && chars <= maxWidth && len(l.Widths) < maxHides {
			l.Widths = append(l.Widths, Width{from, end, chars})
		}
		if !l.noWidth || !sized {
			return nil
		}
		to = &l.wide
	}
	if !valid || len(*to) == maxHides {
		return fmt.Errorf("it hides the columns %q to %q", clip(first), clip(last))
	}
	*to = append(*to, [2]int{from, end})
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
	_, sized := x.attr("ht")
	hidden, said := x.attr("hidden")
	if x.below("ht", leastHeight) {
		return true
	}
	if !said && !sized {
		return l.noHeight
	}
	return truth(hidden)
}

// below reports whether an attribute is a number less than that.
func (x *elements) below(name string, least float64) bool {
	value, _ := x.attr(name)
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err == nil && n < least
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
