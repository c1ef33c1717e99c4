package ingest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const (
	maxMerges = 1 << 17
	maxHides  = 1 << 14
)

// area is a range of cells, its edges within it.
type area struct{ left, top, right, bottom int }

func (a area) String() string {
	return fmt.Sprintf("%s%d:%s%d", columnName(a.left), a.top, columnName(a.right), a.bottom)
}

// layout is what a sheet shows otherwise than it holds: what it hides, and what it merges.
type layout struct {
	noHeight bool     // rows that say nothing of their height are not shown
	columns  [][2]int // hidden ones, first and last
	merges   []area
}

// read takes in an element outside the rows; stack is the elements that are open.
func (l *layout) read(start xml.StartElement, stack []xml.Name) error {
	switch {
	case len(stack) == 2 && start.Name.Local == "sheetFormatPr":
		l.noHeight = isTrue(start, "zeroHeight")
	case len(stack) != 3:
	case stack[1].Local == "cols" && start.Name.Local == "col":
		return l.readColumn(start)
	case stack[1].Local == "mergeCells" && start.Name.Local == "mergeCell":
		ref, _ := attr(start, "ref")
		a, err := parseArea(ref)
		if err != nil {
			return err
		}
		if l.merges = append(l.merges, a); len(l.merges) > maxMerges {
			return limitError(fmt.Sprintf("it has more than %d merged cells", maxMerges))
		}
	}
	return nil
}

func (l *layout) readColumn(start xml.StartElement) error {
	width, _ := attr(start, "width")
	if w, err := strconv.ParseFloat(width, 64); !isTrue(start, "hidden") && (err != nil || w > 0) {
		return nil
	}
	first, _ := attr(start, "min")
	last, _ := attr(start, "max")
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err1 != nil || err2 != nil || from < 1 || to < from || len(l.columns) == maxHides {
		return fmt.Errorf("it hides the columns %q to %q", clip(first), clip(last))
	}
	l.columns = append(l.columns, [2]int{from, to})
	return nil
}

// hides reports whether a row with these attributes is not to be seen.
func (l *layout) hides(row xml.StartElement) bool {
	height, sized := attr(row, "ht")
	hidden, said := attr(row, "hidden")
	return l.hidesRow(height, sized, hidden, said)
}

// hidesRow is hides for attributes by themselves; sized and said say whether they are there.
func (l *layout) hidesRow(height string, sized bool, hidden string, said bool) bool {
	if h, err := strconv.ParseFloat(height, 64); sized && err == nil && h <= 0 {
		return true
	}
	if !said && !sized {
		return l.noHeight
	}
	return truth(hidden)
}

func isTrue(t xml.StartElement, name string) bool {
	v, _ := attr(t, name)
	return truth(v)
}

func truth(v string) bool { return v == "1" || v == "true" || v == "on" }

func parseArea(ref string) (area, error) {
	from, to, two := strings.Cut(ref, ":")
	if !two {
		to = from
	}
	left, top, ok1 := parseRef(from)
	right, bottom, ok2 := parseRef(to)
	if !ok1 || !ok2 || top < 1 || bottom < top || right < left || bottom > maxRow {
		return area{}, fmt.Errorf("it merges the cells %q", clip(ref))
	}
	return area{left, top, right, bottom}, nil
}

// checkHiddenRows says what became of the rows with data that the sheet does not show.
func (b *builder) checkHiddenRows() error {
	if len(b.unseen) == 0 {
		return nil
	}
	names := make([]string, 0, 32)
	for _, row := range b.unseen[:min(len(b.unseen), 32)] {
		names = append(names, strconv.Itoa(row))
	}
	where := list(names[:min(len(names), 20)])
	if more := len(b.unseen) - 20; more > 0 {
		where += fmt.Sprintf(" and %d more", more)
	}
	what := fmt.Sprintf("%d hidden or filtered-out rows that hold data: %s", len(b.unseen), where)
	if len(b.unseen) == 1 {
		what = "a hidden or filtered-out row that holds data: " + where
	}
	switch b.hidden {
	case HiddenSkip:
		b.notice("left out, as --hidden skip says: " + what)
	case HiddenInclude:
		b.notice("read like the others, as --hidden include says: " + what)
	default:
		return fmt.Errorf("has in sheet %q %s; show all rows, or say --hidden skip to leave these out or --hidden include to read them", b.in.Sheet, what)
	}
	return nil
}

// noticeHiddenColumns names the columns of the task that the sheet does not show: they count all the same.
func (b *builder) noticeHiddenColumns() {
	var names []string
	for i, m := range b.header.columns {
		hidden := slices.ContainsFunc(b.layout.columns, func(c [2]int) bool { return c[0] <= i+1 && i+1 <= c[1] })
		if hidden && m.known() && b.used[i] {
			names = append(names, fmt.Sprintf("%s (%s)", columnName(i+1), m.name()))
		}
	}
	if len(names) > 0 {
		b.notice("these columns are hidden, and are read all the same: " + list(names))
	}
}

// checkMerges makes every row that a merged cell reaches in a column of the task a problem: whether the
// cell stands for one row or for all that it covers, only the user knows.
func (b *builder) checkMerges() error {
	visits := 0
	for _, a := range b.layout.merges {
		column := b.firstKnown(a)
		if column == 0 || a.left == a.right && a.top == a.bottom {
			continue
		}
		if a.top <= b.in.Header && b.in.Header <= a.bottom {
			b.headerProblem(b.in.Header, column, fmt.Sprintf("the header is merged over %s; unmerge it, so that each column has its own", a))
			b.in.mergedHeader = true
		}
		rows := b.in.Rows
		for i := sort.Search(len(rows), func(i int) bool { return rows[i].Desired.Origin().Row >= a.top }); i < len(rows) && rows[i].Desired.Origin().Row <= a.bottom; i++ {
			if visits++; visits > maxCells {
				return errors.New("has merged cells that cover each other")
			}
			b.markMerged(&rows[i], a, column)
		}
	}
	return nil
}

// firstKnown is the first column of the task in an area, or 0.
func (b *builder) firstKnown(a area) int {
	for i := a.left; i <= min(a.right, len(b.header.columns)); i++ {
		if b.header.columns[i-1].known() {
			return i
		}
	}
	return 0
}

func (b *builder) markMerged(row *Row, a area, column int) {
	at := row.Desired.Origin().Row
	message := fmt.Sprintf("the cell is one of the merged cells %s, of which only the first holds a value; unmerge them and give every row its own", a)
	for i := column; i <= min(a.right, len(b.in.Columns)); i++ {
		if text := row.Desired.Cell(i - 1); b.header.at(i-1).known() && !blank(text) && (at != a.top || i != a.left) {
			column, message = i, fmt.Sprintf("%q lies hidden under the merged cells %s; unmerge them and give every row its own value", clip(text), a)
			break
		}
	}
	p := b.problem(at, column, message)
	p.untold = true
	row.Problems = append(row.Problems, p)
}
